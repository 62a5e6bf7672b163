// Package protorow turns the serialised rows of the Storage Write API into
// values for DuckDB's appender.
//
// A writer's descriptor and the table's fields are compiled once into a Plan;
// the plan then reads each row straight from its wire bytes. The local BigQuery
// server calls it for every append.
package protorow

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	bq "google.golang.org/api/bigquery/v2"
	"google.golang.org/protobuf/encoding/protowire"
)

// Plan reads messages of one descriptor, a table's rows or nested records, into
// the columns of one version of a table.
type Plan struct {
	columns []*bq.TableFieldSchema
	empty   []driver.Value // a row with every column NULL, or an empty array
	members []*member      // by field number; nil where the number is unused
}

// member reads one field of a message.
type member struct {
	column   int
	repeated bool
	wire     protowire.Type
	convert  convert // nil for a record
	nested   *Plan
}

// Row decodes one row into values in the order of the table's columns. An error
// names the field that cannot be stored.
func (p *Plan) Row(raw []byte) ([]driver.Value, error) {
	row := slices.Clone(p.empty)
	for len(raw) > 0 {
		number, wire, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return nil, fmt.Errorf("malformed row: %w", protowire.ParseError(n))
		}
		if int(number) >= len(p.members) || p.members[number] == nil {
			return nil, fmt.Errorf("field %d: the writer's schema has no field of this number", number)
		}
		m := p.members[number]
		raw = raw[n:]
		value, n, err := m.read(row[m.column], wire, raw)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", p.columns[m.column].Name, err)
		}
		row[m.column], raw = value, raw[n:]
	}
	for i, column := range p.columns {
		if row[i] == nil && column.Mode == "REQUIRED" {
			return nil, fmt.Errorf("field %s: the value of a required field is missing", column.Name)
		}
	}
	return row, nil
}

// read takes one occurrence of a field, to which repeated ones add.
func (m *member) read(before any, wire protowire.Type, raw []byte) (value any, n int, err error) {
	items, _ := before.([]any)
	if wire == protowire.BytesType && m.wire != wire && m.repeated {
		packed, n := protowire.ConsumeBytes(raw)
		for len(packed) > 0 && n > 0 {
			item, size, err := m.item(packed)
			if err != nil {
				return nil, 0, err
			}
			items, packed = append(items, item), packed[size:]
		}
		return items, n, malformed(n)
	}
	if wire != m.wire {
		return nil, 0, errors.New("the value's wire type does not fit the writer's schema")
	}
	value, n, err = m.item(raw)
	if !m.repeated {
		return value, n, err
	}
	items = append(items, value)
	return items, n, err
}

// item reads one value, and says how many bytes it took.
func (m *member) item(raw []byte) (value any, n int, err error) {
	var bits uint64
	var b []byte
	switch m.wire {
	case protowire.VarintType:
		bits, n = protowire.ConsumeVarint(raw)
	case protowire.Fixed64Type:
		bits, n = protowire.ConsumeFixed64(raw)
	case protowire.Fixed32Type:
		var v uint32
		v, n = protowire.ConsumeFixed32(raw)
		bits = uint64(v)
	default:
		b, n = protowire.ConsumeBytes(raw)
	}
	if err := malformed(n); err != nil {
		return nil, 0, err
	}
	if m.nested == nil {
		value, err = m.convert(bits, b)
		return value, n, err
	}
	row, err := m.nested.Row(b)
	if err != nil {
		return nil, 0, err
	}
	fields := make(map[string]any, len(row))
	for i, column := range m.nested.columns {
		fields[column.Name] = row[i]
	}
	return fields, n, nil
}

func malformed(n int) error {
	if n < 0 {
		return fmt.Errorf("malformed value: %w", protowire.ParseError(n))
	}
	return nil
}
