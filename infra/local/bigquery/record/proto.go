package record

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Proto reads the messages of one descriptor: a table's rows, or records within
// them.
type Proto struct {
	columns columns
	members map[protowire.Number]*member
}

// member reads one field of a message.
type member struct {
	column   int
	kind     string // the column's type
	repeated bool
	wire     protowire.Type
	nested   *Proto // of a record
}

type message = descriptorpb.DescriptorProto

// NewProto compiles a writer's descriptor for a table. It fails where the
// descriptor has a field that the table lacks, or whose type cannot become the
// column's.
func NewProto(descriptor *message, table []*bq.TableFieldSchema) (*Proto, error) {
	return compile(descriptor, descriptor, table)
}

// find finds the message of a name, whatever packages stand before it or are left
// out, among those that a descriptor defines within itself.
func find(name string, d *message, scope string) *message {
	scope += "." + d.GetName()
	for _, nested := range d.GetNestedType() { // which may have the name of this one
		if found := find(name, nested, scope); found != nil {
			return found
		}
	}
	if strings.HasSuffix("."+name, scope) || strings.HasSuffix(scope, "."+name) {
		return d
	}
	return nil
}

// compile compiles a message among those of the writer's descriptor.
func compile(writer, d *message, table columns) (p *Proto, err error) {
	p = &Proto{columns: table, members: map[protowire.Number]*member{}}
	for likely, f := range d.GetField() {
		i := table.find(f.GetName(), likely)
		if i < 0 {
			return nil, fmt.Errorf("input schema has more fields than BigQuery schema, extra fields: '%s'", f.GetName())
		}
		column, sent := table[i], types[f.GetType()]
		m := &member{column: i, kind: column.Type, wire: sent.wire}
		m.repeated = f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED
		switch {
		case m.repeated != (column.Mode == "REPEATED"):
			return nil, fmt.Errorf("field %s is repeated in the writer's schema or in the table's, but not in both", column.Name)
		case !slices.Contains(sent.columns, column.Type):
			kind := strings.ToLower(strings.TrimPrefix(f.GetType().String(), "TYPE_"))
			return nil, fmt.Errorf("field %s of type %s cannot become the column's type %s here", column.Name, kind, column.Type)
		case column.Type == "RECORD":
			nested := find(strings.TrimPrefix(f.GetTypeName(), "."), writer, "")
			if nested == nil {
				return nil, fmt.Errorf("type %s is not in the writer's schema", f.GetTypeName())
			}
			if m.nested, err = compile(writer, nested, column.Fields); err != nil {
				return nil, err
			}
		}
		p.members[protowire.Number(f.GetNumber())] = m
	}
	return p, nil
}

// Row reads a message: its values in the order of the columns. An error names
// the field that cannot be stored.
func (p *Proto) Row(message []byte) ([]driver.Value, error) {
	row := make([]driver.Value, len(p.columns))
	for len(message) > 0 {
		number, wire, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, fmt.Errorf("read row: %w", protowire.ParseError(n))
		}
		m := p.members[number]
		if m == nil {
			return nil, fmt.Errorf("field %d: the writer's schema has no field of this number", number)
		}
		message = message[n:]
		value, n, err := m.read(row[m.column], wire, message)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", p.columns[m.column].Name, err)
		}
		row[m.column], message = value, message[n:]
	}
	return row, p.columns.complete(row)
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
		return items, n, protowire.ParseError(n)
	}
	if wire != m.wire {
		return nil, 0, errors.New("the value's wire type does not fit the writer's schema")
	}
	value, n, err = m.item(raw)
	if !m.repeated {
		return value, n, err
	}
	return append(items, value), n, err
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
	default:
		b, n = protowire.ConsumeBytes(raw)
	}
	if err := protowire.ParseError(n); err != nil {
		return nil, 0, err
	}
	if m.nested == nil {
		value, err = convert(m.kind, bits, b)
		return value, n, err
	}
	row, err := m.nested.Row(b)
	return m.nested.columns.value(row), n, err
}
