package record

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
	"nightwire.dev/shared/packet"
)

// kinds are the columns that Avro's types make.
var kinds = map[packet.Kind]string{
	packet.Boolean: "BOOLEAN", packet.Int: "INTEGER", packet.Long: "INTEGER", packet.Float: "FLOAT", packet.Double: "FLOAT",
	packet.Bytes: "BYTES", packet.Fixed: "BYTES", packet.String: "STRING", packet.Enum: "STRING", packet.Record: "RECORD",
}

// logicalKinds are the columns that Avro's logical types make.
var logicalKinds = map[string]string{"date": "DATE", "timestamp-micros": "TIMESTAMP"}

// maxDepth is the service's limit on nested records.
const maxDepth = 15

// Columns are the columns that a record of Avro makes. Unless logical types are
// wanted, a time is the integer that it is written as.
func Columns(record *packet.Type, logical bool) ([]*bq.TableFieldSchema, error) {
	return makeColumns(record, logical, 0)
}

func makeColumns(record *packet.Type, logical bool, depth int) (all columns, err error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("records are nested more than %d deep", maxDepth)
	}
	for _, f := range record.Fields {
		column, t, err := makeColumn(f, logical)
		if err == nil && t.Kind == packet.Record {
			column.Fields, err = makeColumns(t, logical, depth+1)
		}
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		all = append(all, column)
	}
	return all, nil
}

// makeColumn is the column that a field makes, and the type of its values: of
// the items, where it is an array.
func makeColumn(f packet.Field, logical bool) (*bq.TableFieldSchema, *packet.Type, error) {
	column := &bq.TableFieldSchema{Name: f.Name, Description: f.Doc, Mode: "REQUIRED"}
	t, optional := f.Type.Optional()
	if optional {
		column.Mode = "NULLABLE"
	}
	if t != nil && t.Kind == packet.Array {
		column.Mode = "REPEATED"
		t, _ = t.Elem.Optional()
	}
	if t == nil { // a union of null alone
		t = &packet.Type{}
	}
	column.Type = kinds[t.Kind]
	if t.Logical == "decimal" || logical && t.Logical != "" {
		column.Type = logicalKinds[t.Logical]
	}
	if column.Type == "" {
		return nil, nil, fmt.Errorf("no column is made of Avro's %s here", strings.TrimSpace(t.Kind.String()+" "+t.Logical))
	}
	return column, t, nil
}

// Avro reads the records of one schema of Avro: a table's rows, or records
// within them.
type Avro struct {
	columns columns
	members []avroMember // in the record's order
}

// avroMember is where one field of a record goes.
type avroMember struct {
	column int
	nested *Avro // of a record
}

// NewAvro compiles a writer's schema for a table. A column that the record lacks
// is NULL; anything else that does not fit is an error.
func NewAvro(record *packet.Type, table []*bq.TableFieldSchema, logical bool) (*Avro, error) {
	a := &Avro{columns: table}
	given := make([]bool, len(table))
	for _, f := range record.Fields {
		made, t, err := makeColumn(f, logical)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		i := a.columns.find(f.Name)
		if i < 0 {
			return nil, fmt.Errorf("cannot add fields (field: %s)", f.Name)
		}
		is := table[i]
		switch {
		case given[i]:
			return nil, fmt.Errorf("field %s is there twice, in capitals and without", f.Name)
		case made.Type != is.Type:
			return nil, fmt.Errorf("field %s has changed type from %s to %s", f.Name, is.Type, made.Type)
		case made.Mode != is.Mode && (made.Mode != "REQUIRED" || is.Mode != "NULLABLE"):
			return nil, fmt.Errorf("field %s has changed mode from %s to %s", f.Name, is.Mode, made.Mode)
		}
		m := avroMember{column: i}
		if t.Kind == packet.Record {
			if m.nested, err = NewAvro(t, is.Fields, logical); err != nil {
				return nil, fmt.Errorf("in %s: %w", f.Name, err)
			}
		}
		a.members, given[i] = append(a.members, m), true
	}
	return a, nil
}

// Row reads a record: its values in the order of the columns. An error names
// the field that cannot be stored.
func (a *Avro) Row(record packet.Value) ([]driver.Value, error) {
	row := make([]driver.Value, len(a.columns))
	next := 0
	for _, v := range record.Fields() {
		m := a.members[next]
		value, err := m.read(v, a.columns[m.column])
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", a.columns[m.column].Name, err)
		}
		row[m.column], next = value, next+1
	}
	return row, a.columns.complete(row)
}

func (m avroMember) read(v packet.Value, column *bq.TableFieldSchema) (any, error) {
	if column.Mode != "REPEATED" {
		return m.item(v, column)
	}
	var items []any
	for _, v := range v.Items() {
		item, err := m.item(v, column)
		if err != nil {
			return nil, err
		}
		if item == nil {
			return nil, errors.New("an array cannot hold null")
		}
		items = append(items, item)
	}
	return items, nil
}

func (m avroMember) item(v packet.Value, column *bq.TableFieldSchema) (any, error) {
	switch v.Kind() {
	case packet.Null:
		return nil, nil
	case packet.Record:
		row, err := m.nested.Row(v)
		if err != nil {
			return nil, err
		}
		return m.nested.columns.value(row), nil
	case packet.Int, packet.Long:
		return fromInteger[column.Type](uint64(v.Int()), nil)
	case packet.Float, packet.Double:
		return v.Float(), nil
	case packet.Boolean:
		return v.Bool(), nil
	default:
		return fromText[column.Type](0, v.Bytes())
	}
}
