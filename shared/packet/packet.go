// Package packet turns the bytes of an alert packet into a record that can be
// read in place, and back. It is the only importer of an Avro library.
//
// What enters is what a survey put on Kafka: an Avro object container file
// (ZTF) or the Confluent wire format (Rubin). What leaves is a Packet: the
// writer's schema, the record as a Value, and a file that every Avro reader
// accepts. The functions archive and rows call it, and so does whoever reads
// an archived file.
//
// A ZTF packet of 70 kB carries 22 kB of schema in its header; parsing that
// for each alert would cost more than all the rest. Schemas are therefore
// parsed once and found again by their bytes. The record is checked once, in
// one pass that allocates nothing, and is never unpacked: a Value is a type
// and the place where its bytes begin, so whoever wants three numbers of an
// alert never pays for its stamps.
//
// Reference: Apache Avro 1.11.1 specification, sections "Binary Encoding" and
// "Object Container Files"; Confluent Schema Registry, "Wire format".
package packet

import (
	"context"
	"crypto/sha256"
	"fmt"
)

// Encoding says how a survey wraps the Avro record of an alert.
type Encoding string

// The encodings of a raw message, as its attribute "encoding" names them.
const (
	OCF       Encoding = "ocf"       // object container file, the schema inside
	Confluent Encoding = "confluent" // schema id, then the bare record
)

// Packet is one decoded alert packet. Its record and file share memory with
// the bytes that were decoded.
type Packet struct {
	Encoding Encoding
	Schema   *Schema
	Record   Value

	file []byte
}

// File is the packet as an Avro object container that every Avro reader can
// load: the bytes as sent where the survey sent such a file, the same record
// behind a valid header where it did not.
func (p *Packet) File() []byte { return p.file }

// Decoder decodes packets. The zero value decodes object containers; Confluent
// packets need a Registry. It is safe for concurrent use, and one decoder
// should serve a whole process, since it holds the parsed schemas.
type Decoder struct {
	Registry *Registry

	schemas schemaCache
}

// Decode reads one packet, whose encoding its first byte tells. An error is a
// *Fault if these bytes will never decode; any other error (the registry is
// out of reach) may pass.
func (d *Decoder) Decode(ctx context.Context, b []byte) (*Packet, error) {
	switch {
	case len(b) == 0:
		return nil, faultf(0, "the packet is empty")
	case b[0] == magic[0]:
		return d.decodeContainer(b)
	case b[0] == 0:
		return d.decodeConfluent(ctx, b)
	default:
		return nil, faultf(0, "first byte is %#02x: neither an object container (\"Obj\\x01\") nor Confluent wire format (0x00)", b[0])
	}
}

func (d *Decoder) decodeContainer(b []byte) (*Packet, error) {
	c, err := openContainer(b)
	if err != nil {
		return nil, err
	}
	schema, err := d.schemas.parse(c.schema)
	if err != nil {
		return nil, err
	}
	record, err := schema.Record(c.record)
	if err != nil {
		return nil, err
	}
	p := &Packet{Encoding: OCF, Schema: schema, Record: record, file: b}
	if schema.Mended {
		p.file = c.withSchema(schema.Text)
	}
	return p, nil
}

func (d *Decoder) decodeConfluent(ctx context.Context, b []byte) (*Packet, error) {
	id, body, err := splitConfluent(b)
	if err != nil {
		return nil, err
	}
	if d.Registry == nil {
		return nil, faultf(1, "schema id %d: no schema registry is configured", id)
	}
	text, err := d.Registry.Schema(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("schema id %d: %w", id, err)
	}
	schema, err := d.schemas.parse(text)
	if err != nil {
		return nil, err
	}
	record, err := schema.Record(body)
	if err != nil {
		return nil, err
	}
	return &Packet{Encoding: Confluent, Schema: schema, Record: record, file: Container(schema, body)}, nil
}

// syncMarker is the sync marker of a container that we make: it follows from
// the record, so that the same record always makes the same file.
func syncMarker(record []byte) [16]byte {
	sum := sha256.Sum256(record)
	return [16]byte(sum[:16])
}
