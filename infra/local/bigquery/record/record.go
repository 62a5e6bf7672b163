// Package record turns records, as writers encode them, into rows for DuckDB's
// appender.
//
// A writer's schema of protocol buffers is compiled once with the columns of one
// version of a table; what comes of it reads each message straight from its bytes.
// A value of Avro knows its own schema, from which columns can be made. The local
// BigQuery server calls this for appends and for load jobs.
//
// Types become columns as in BigQuery's documentation: "Supported data types" of
// the Storage Write API, and "Avro conversions" of "Loading Avro data from Cloud
// Storage". What has no plain column there, and what no client of BigQuery makes
// by itself, is refused by name.
package record

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// columns are those of a table, or of a record within it.
type columns []*bq.TableFieldSchema

// find is the place of a column, which is looked for at the likely one first, or
// -1. The case of its name does not count.
func (c columns) find(name string, likely int) int {
	if likely < len(c) && c[likely].Name == name {
		return likely
	}
	return slices.IndexFunc(c, func(column *bq.TableFieldSchema) bool { return strings.EqualFold(column.Name, name) })
}

// complete makes an array that did not come an empty one, since no array is
// NULL, and refuses a row that lacks what must be there.
func (c columns) complete(row []driver.Value) error {
	for i, column := range c {
		switch {
		case row[i] != nil:
		case column.Mode == "REPEATED":
			row[i] = []any(nil)
		case column.Mode == "REQUIRED":
			return fmt.Errorf("field %s: the value of a required field is missing", column.Name)
		}
	}
	return nil
}

// value is a row as the value of a column, which is what a record within a
// record is.
func (c columns) value(row []driver.Value) map[string]any {
	fields := make(map[string]any, len(row))
	for i, value := range row {
		fields[c[i].Name] = value
	}
	return fields
}
