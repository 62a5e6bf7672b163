package packet

import "iter"

// Records reads an object container of any number of records, in blocks of any
// codec that is known: the writer's schema, and the records one after the other.
// Where the file is broken, an error ends them. Who loads Avro files into a
// table calls it.
func (d *Decoder) Records(file []byte) (*Schema, iter.Seq2[Value, error], error) {
	c := &container{codec: "null"}
	start, err := c.readHeader(file)
	if err != nil {
		return nil, nil, err
	}
	schema, err := d.schemas.parse(c.schema)
	if err != nil {
		return nil, nil, err
	}
	return schema, func(yield func(Value, error) bool) {
		for at := start; at < len(file); {
			count, data, end, err := c.readBlock(file, at)
			if err != nil {
				yield(Value{}, err)
				return
			}
			if data, err = decompress(c.codec, data); err != nil {
				yield(Value{}, faultf(at, "block with codec %.20q: %v", c.codec, err))
				return
			}
			for range count {
				size, err := schema.Root.scan(data, 0, 0)
				if err == nil && size == 0 {
					err = faultf(at, "a record that takes no bytes")
				}
				if !yield(Value{Type: schema.Root, data: data}, err) || err != nil {
					return
				}
				data = data[size:]
			}
			if len(data) > 0 {
				yield(Value{}, faultf(at, "%d bytes are left after the block's records: the schema does not describe this data", len(data)))
				return
			}
			at = end
		}
	}, nil
}
