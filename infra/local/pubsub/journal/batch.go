package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// headerBytes is the length of a record's header: its length and its sum.
const headerBytes = 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Batch is records made ready to be appended together. The zero value is an
// empty batch. It is built outside the journal's lock, and may be reused.
type Batch struct {
	data []byte
	ends []uint32
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() { b.data, b.ends = b.data[:0], b.ends[:0] }

// Cap is the number of bytes that the batch holds on to.
func (b *Batch) Cap() int { return cap(b.data) }

// Add adds one record: encode appends its bytes to the slice that it is given.
func (b *Batch) Add(encode func([]byte) ([]byte, error)) error {
	start := len(b.data)
	data, err := encode(append(b.data, make([]byte, headerBytes)...))
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	header, payload := data[start:start+headerBytes], data[start+headerBytes:]
	binary.BigEndian.PutUint32(header, uint32(len(payload)))
	binary.BigEndian.PutUint32(header[4:], sum(header[:4], payload))
	b.data, b.ends = data, append(b.ends, uint32(len(data)))
	return nil
}

// open returns the payload of a record if its length and sum are right.
func open(record []byte) ([]byte, bool) {
	if len(record) < headerBytes {
		return nil, false
	}
	header, payload := record[:headerBytes], record[headerBytes:]
	if binary.BigEndian.Uint32(header) != uint32(len(payload)) {
		return nil, false
	}
	return payload, binary.BigEndian.Uint32(header[4:]) == sum(header[:4], payload)
}

func sum(length, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(length, castagnoli), castagnoli, payload)
}
