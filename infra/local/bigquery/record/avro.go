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

// The service's limits on a table's columns. A few types of Avro that contain each
// other make any number.
const (
	MaxDepth   = 15 // of nested records
	maxColumns = 10_000
)

// Columns are the columns that a record of Avro makes. Logical types do not count,
// as with the service unless it is told to: a time is the integer that it is
// written as.
func Columns(record *packet.Type) ([]*bq.TableFieldSchema, error) {
	return new(maker).columns(record, 0)
}

// maker counts the columns that it makes.
type maker struct{ made int }

func (m *maker) columns(record *packet.Type, depth int) (all columns, err error) {
	m.made += len(record.Fields)
	switch {
	case depth > MaxDepth:
		return nil, fmt.Errorf("records are nested more than %d deep", MaxDepth)
	case m.made > maxColumns:
		return nil, fmt.Errorf("there are more than %d columns, nested ones counted", maxColumns)
	}
	for _, f := range record.Fields {
		column, err := m.column(f, depth)
		if err == nil && all.find(f.Name, len(all)) >= 0 {
			err = errors.New("it is there twice, in capitals and without")
		}
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		all = append(all, column)
	}
	return all, nil
}

func (m *maker) column(f packet.Field, depth int) (column *bq.TableFieldSchema, err error) {
	column = &bq.TableFieldSchema{Name: f.Name, Description: f.Doc, Mode: "REQUIRED"}
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
	if t.Logical != "decimal" { // which alone counts always
		column.Type = kinds[t.Kind]
	}
	switch column.Type {
	case "":
		err = fmt.Errorf("no column is made of Avro's %s here", strings.TrimSpace(t.Kind.String()+" "+t.Logical))
	case "RECORD":
		column.Fields, err = m.columns(t, depth+1)
	}
	return column, err
}

// FromAvro reads a record of Avro into a table that has the [Columns] of its type,
// be it in another order: the values in the order of the table's columns. An error
// names the field that cannot be stored.
func FromAvro(record packet.Value, table []*bq.TableFieldSchema) ([]driver.Value, error) {
	row := make([]driver.Value, len(table))
	next := 0
	for f, v := range record.Fields() {
		i := columns(table).find(f.Name, next)
		if i < 0 {
			return nil, fmt.Errorf("field %s: there is no such column", f.Name)
		}
		value, err := fromAvro(v, table[i])
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		row[i], next = value, i+1
	}
	return row, columns(table).complete(row)
}

func fromAvro(v packet.Value, column *bq.TableFieldSchema) (any, error) {
	switch v.Kind() {
	case packet.Null:
		return nil, nil
	case packet.Array:
		var items []any
		for _, v := range v.Items() {
			item, err := fromAvro(v, column)
			if err == nil && item == nil {
				err = errors.New("an array cannot hold null")
			}
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return items, nil
	case packet.Record:
		row, err := FromAvro(v, column.Fields)
		return columns(column.Fields).value(row), err
	case packet.Int, packet.Long:
		return v.Int(), nil
	case packet.Float, packet.Double:
		return v.Float(), nil
	case packet.Boolean:
		return v.Bool(), nil
	case packet.String:
		return convert("STRING", 0, v.Bytes())
	default:
		return v.Bytes(), nil
	}
}
