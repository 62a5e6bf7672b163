// Package protorow turns the serialised rows of the Storage Write API into
// values for DuckDB's appender.
//
// A writer's descriptor and the table's fields are compiled once into a Plan;
// the plan then reads each row straight from its wire bytes. A row that does
// not fit gives a *RowError. The local BigQuery server calls it for every
// append.
package protorow

import (
	"database/sql/driver"
	"fmt"
	"maps"

	bq "google.golang.org/api/bigquery/v2"
	"google.golang.org/protobuf/encoding/protowire"
)

// RowError says why a row cannot be stored.
type RowError struct {
	Field  string
	Reason string
}

func (e *RowError) Error() string {
	return fmt.Sprintf("field %s: %s", e.Field, e.Reason)
}

// Plan reads rows of one descriptor for one version of a table.
type Plan struct {
	root record
}

// record reads one message: the table's row, or a nested record.
type record struct {
	columns  []*bq.TableFieldSchema
	byNumber []*member      // by field number; nil where the number is unused
	template map[string]any // a nested record with every field NULL or empty
	required []int          // columns that must be present
}

// member reads one field of a message.
type member struct {
	column   int
	name     string
	repeated bool
	nested   *record // nil for a scalar
	wire     protowire.Type
	convert  convert
}

// Row decodes one row into values in the order of the table's columns.
func (p *Plan) Row(raw []byte) ([]driver.Value, error) {
	row := make([]driver.Value, len(p.root.columns))
	for i, c := range p.root.columns {
		if c.Mode == "REPEATED" {
			row[i] = []any(nil)
		}
	}
	err := p.root.each(raw, func(m *member, wire protowire.Type, bits uint64, b []byte) error {
		old, _ := row[m.column].([]any)
		v, err := m.read(old, wire, bits, b)
		row[m.column] = v
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, i := range p.root.required {
		if row[i] == nil {
			return nil, &RowError{p.root.columns[i].Name, "the value of a required field is missing"}
		}
	}
	return row, nil
}

// message decodes a nested record.
func (r *record) message(raw []byte) (map[string]any, error) {
	value := maps.Clone(r.template)
	err := r.each(raw, func(m *member, wire protowire.Type, bits uint64, b []byte) error {
		old, _ := value[m.name].([]any)
		v, err := m.read(old, wire, bits, b)
		value[m.name] = v
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, i := range r.required {
		if value[r.columns[i].Name] == nil {
			return nil, &RowError{r.columns[i].Name, "the value of a required field is missing"}
		}
	}
	return value, nil
}

// each cuts a message into its fields.
func (r *record) each(raw []byte, f func(m *member, wire protowire.Type, bits uint64, b []byte) error) error {
	for len(raw) > 0 {
		number, wire, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return &RowError{"", "malformed row: " + protowire.ParseError(n).Error()}
		}
		raw = raw[n:]
		if int(number) >= len(r.byNumber) || r.byNumber[number] == nil {
			return &RowError{fmt.Sprint(number), "the writer's schema has no field of this number"}
		}
		bits, b, n := consume(wire, raw)
		if n < 0 {
			return &RowError{r.byNumber[number].name, "malformed value: " + protowire.ParseError(n).Error()}
		}
		raw = raw[n:]
		if err := f(r.byNumber[number], wire, bits, b); err != nil {
			return err
		}
	}
	return nil
}

// consume reads one value: a number as its bits, the rest as bytes.
func consume(wire protowire.Type, raw []byte) (bits uint64, b []byte, n int) {
	switch wire {
	case protowire.VarintType:
		bits, n = protowire.ConsumeVarint(raw)
	case protowire.Fixed64Type:
		bits, n = protowire.ConsumeFixed64(raw)
	case protowire.Fixed32Type:
		var v uint32
		v, n = protowire.ConsumeFixed32(raw)
		bits = uint64(v)
	case protowire.BytesType:
		b, n = protowire.ConsumeBytes(raw)
	default:
		n = protowire.ConsumeFieldValue(1, wire, raw)
	}
	return bits, b, n
}

// read converts one value; a repeated field's value joins those before it.
func (m *member) read(before []any, wire protowire.Type, bits uint64, b []byte) (any, error) {
	if wire == protowire.BytesType && m.wire != protowire.BytesType && m.repeated {
		return m.packed(before, b)
	}
	if wire != m.wire {
		return nil, &RowError{m.name, "the value's wire type does not fit the writer's schema"}
	}
	v, err := m.value(bits, b)
	if err != nil || !m.repeated {
		return v, err
	}
	return append(before, v), nil
}

func (m *member) value(bits uint64, b []byte) (any, error) {
	if m.nested != nil {
		v, err := m.nested.message(b)
		if err != nil {
			return nil, err
		}
		return v, nil
	}
	v, err := m.convert(bits, b)
	if err != nil {
		return nil, &RowError{m.name, err.Error()}
	}
	return v, nil
}

func (m *member) packed(values []any, b []byte) (any, error) {
	for len(b) > 0 {
		bits, _, n := consume(m.wire, b)
		if n < 0 {
			return nil, &RowError{m.name, "malformed packed values: " + protowire.ParseError(n).Error()}
		}
		v, err := m.value(bits, nil)
		if err != nil {
			return nil, err
		}
		values, b = append(values, v), b[n:]
	}
	return values, nil
}
