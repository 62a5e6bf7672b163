package packet

import (
	"encoding/binary"
)

var magic = []byte("Obj\x01")

// container is an object container file taken apart, without copies.
type container struct {
	schema []byte // as sent
	codec  string
	sync   [16]byte
	blocks []byte // all after the header
	record []byte // decompressed
}

// openContainer takes a file apart. An alert packet holds one record; a file
// with another number is a fault.
func openContainer(b []byte) (*container, error) {
	c := &container{codec: "null"}
	at, err := c.readHeader(b)
	if err != nil {
		return nil, err
	}
	c.blocks = b[at:]
	records := int64(0)
	for at < len(b) {
		count, data, end, err := c.readBlock(b, at)
		if err != nil {
			return nil, err
		}
		if count == 1 && records == 0 {
			if c.record, err = decompress(c.codec, data); err != nil {
				return nil, faultf(at, "block with codec %.20q: %v", c.codec, err)
			}
		}
		records, at = records+count, end
	}
	if records != 1 {
		return nil, faultf(len(b), "the container holds %d records, an alert packet one", records)
	}
	return c, nil
}

// headerType is the file's metadata: a map of bytes.
var headerType = &Type{Kind: Map, Elem: &Type{Kind: Bytes}}

func (c *container) readHeader(b []byte) (int, error) {
	if len(b) < len(magic) || string(b[:len(magic)]) != string(magic) {
		return 0, faultf(0, "an object container begins with \"Obj\\x01\", this with %.4q", b)
	}
	end, err := headerType.scan(b, len(magic), 0)
	if err != nil {
		return 0, inField(err, "header")
	}
	for key, value := range (Value{Type: headerType, data: b[len(magic):]}).Entries() {
		switch key {
		case "avro.schema":
			c.schema = value.Bytes()
		case "avro.codec":
			c.codec = value.Text()
		}
	}
	if c.schema == nil {
		return 0, faultf(end, "the header has no avro.schema")
	}
	if copy(c.sync[:], b[end:]) < len(c.sync) {
		return 0, faultf(len(b), "the file ends within its header")
	}
	return end + len(c.sync), nil
}

func (c *container) readBlock(b []byte, at int) (count int64, data []byte, end int, err error) {
	count, next, err := scanLong(b, at)
	if err != nil {
		return 0, nil, 0, err
	}
	if count < 0 {
		return 0, nil, 0, faultf(at, "block of %d records", count)
	}
	size, next, err := scanLong(b, next)
	if err != nil {
		return 0, nil, 0, err
	}
	if size < 0 || size > int64(len(b)-next-len(c.sync)) {
		return 0, nil, 0, faultf(at, "block of %d bytes announced in the %d that are left: the file is truncated", size, len(b)-next)
	}
	end = next + int(size)
	if [16]byte(b[end:end+16]) != c.sync {
		return 0, nil, 0, faultf(end, "the sync marker after the block is not the header's")
	}
	return count, b[next:end], end + len(c.sync), nil
}

// withSchema is the same file behind a header with another schema text.
func (c *container) withSchema(text []byte) []byte {
	return append(appendHeader(nil, text, c.codec, c.sync), c.blocks...)
}

// Container makes an object container, without compression, of one encoded
// record.
func Container(s *Schema, record []byte) []byte {
	sync := syncMarker(record)
	b := appendHeader(make([]byte, 0, len(s.Text)+len(record)+128), s.Text, "null", sync)
	b = binary.AppendVarint(b, 1)
	b = appendBytes(b, record)
	return append(b, sync[:]...)
}

func appendHeader(b, schema []byte, codec string, sync [16]byte) []byte {
	b = append(b, magic...)
	b = binary.AppendVarint(b, 2)
	b = appendBytes(b, []byte("avro.codec"))
	b = appendBytes(b, []byte(codec))
	b = appendBytes(b, []byte("avro.schema"))
	b = appendBytes(b, schema)
	b = append(b, 0)
	return append(b, sync[:]...)
}

func appendBytes(b, content []byte) []byte {
	b = binary.AppendVarint(b, int64(len(content)))
	return append(b, content...)
}
