// Package avrorow turns Avro files into tables: a writer's schema into columns,
// and its records into values for DuckDB's appender.
//
// A schema gives the columns of a new table; with the columns of a table it is
// compiled once into a Plan, which then reads each record in place. The local
// BigQuery server calls it for load jobs. Types become columns as in BigQuery's
// documentation, "Loading Avro data from Cloud Storage", section "Avro
// conversions"; what has no plain column there is refused by name.
package avrorow

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	bq "google.golang.org/api/bigquery/v2"
	"nightwire.dev/shared/packet"
)

// Plan reads the records of one schema into the columns of one table.
type Plan struct {
	columns []*bq.TableFieldSchema
	empty   []driver.Value // a row with every column NULL, or an empty array
	members []member       // of the record, in its order
}

// member reads one field of a record.
type member struct {
	column int
	at     func(int64) time.Time // what an integer counts, if a time
	nested *Plan                 // of a record
}

// Compile makes the plan that reads records into the columns of a table. A
// column that the record lacks is NULL; anything else that does not fit is an
// error.
func Compile(record *packet.Type, table []*bq.TableFieldSchema, logical bool) (*Plan, error) {
	p := &Plan{columns: table, empty: make([]driver.Value, len(table))}
	given := make([]bool, len(table))
	for _, f := range record.Fields {
		made, t, err := columnOf(f, logical)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		i := slices.IndexFunc(table, func(c *bq.TableFieldSchema) bool { return strings.EqualFold(c.Name, f.Name) })
		if i < 0 {
			return nil, fmt.Errorf("cannot add fields (field: %s)", f.Name)
		}
		if given[i] {
			return nil, fmt.Errorf("field %s is there twice, in capitals and without", f.Name)
		}
		if was := table[i].Type; made.Type != was {
			return nil, fmt.Errorf("field %s has changed type from %s to %s", f.Name, was, made.Type)
		}
		if was := table[i].Mode; made.Mode != was && (made.Mode != "REQUIRED" || was != "NULLABLE") {
			return nil, fmt.Errorf("field %s has changed mode from %s to %s", f.Name, was, made.Mode)
		}
		m := member{column: i}
		if logical {
			m.at = times[t.Logical].at
		}
		if t.Kind == packet.Record {
			if m.nested, err = Compile(t, table[i].Fields, logical); err != nil {
				return nil, fmt.Errorf("in %s: %w", f.Name, err)
			}
		}
		p.members, given[i] = append(p.members, m), true
	}
	for i, column := range table {
		if column.Mode == "REPEATED" {
			p.empty[i] = []any(nil)
		}
		if column.Mode == "REQUIRED" && !given[i] {
			return nil, fmt.Errorf("field %s is missing in new schema", column.Name)
		}
	}
	return p, nil
}

// Row reads a record: its values in the order of the columns.
func (p *Plan) Row(record packet.Value) ([]driver.Value, error) {
	row := slices.Clone(p.empty)
	next := 0
	for _, v := range record.Fields() {
		m := &p.members[next]
		value, err := m.read(v, p.columns[m.column])
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", p.columns[m.column].Name, err)
		}
		row[m.column], next = value, next+1
	}
	return row, nil
}

func (m *member) read(v packet.Value, column *bq.TableFieldSchema) (any, error) {
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

func (m *member) item(v packet.Value, column *bq.TableFieldSchema) (any, error) {
	switch v.Kind() {
	case packet.Null:
		return nil, nil
	case packet.Record:
		row, err := m.nested.Row(v)
		fields := make(map[string]any, len(row))
		for i, value := range row {
			fields[column.Fields[i].Name] = value
		}
		return fields, err
	case packet.Int, packet.Long:
		if m.at == nil {
			return v.Int(), nil
		}
		t := m.at(v.Int()).UTC()
		if t.Year() < 1 || t.Year() > 9999 || column.Type == "TIME" && (t.Year() != 1970 || t.YearDay() != 1) {
			return nil, fmt.Errorf("%d is out of the range of %s", v.Int(), column.Type)
		}
		return t, nil
	case packet.Float, packet.Double:
		return v.Float(), nil
	case packet.Boolean:
		return v.Bool(), nil
	case packet.String:
		if !utf8.Valid(v.Bytes()) {
			return nil, errors.New("the string is not valid UTF-8")
		}
	}
	return v.Bytes(), nil
}

// Size is how many bytes values have as BigQuery counts them.
func Size[V any](values []V) (bytes int64) {
	for _, v := range values {
		switch v := any(v).(type) {
		case nil:
		case bool:
			bytes++
		case []byte:
			bytes += 2 + int64(len(v))
		case []any:
			bytes += Size(v)
		case map[string]any:
			bytes += Size(slices.Collect(maps.Values(v)))
		default:
			bytes += 8
		}
	}
	return bytes
}
