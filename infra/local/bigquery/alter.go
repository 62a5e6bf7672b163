package bigquery

import (
	"fmt"
	"slices"
	"strings"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// alter writes the statements that make a table's columns those of its new
// version. A nested field is added by giving the whole column its new type:
// DuckDB 1.5.5 loses its heap when ADD COLUMN names a field inside a list. It may
// also never end when an array column is added with a default, so old rows have
// NULL there.
func (t *table) alter(old *table) (statements string) {
	if t.view() {
		return ""
	}
	var changes []string
	for _, was := range old.Schema.Fields {
		if named(t.Schema.Fields, was.Name) == nil {
			changes = append(changes, "DROP COLUMN "+googlesql.Quote(was.Name))
		}
	}
	for _, f := range t.Schema.Fields {
		was, column := named(old.Schema.Fields, f.Name), googlesql.Quote(f.Name)
		if was == nil {
			changes = append(changes, "ADD COLUMN "+column+" "+duckType(f))
			continue
		}
		if duckType(was) != duckType(f) {
			changes = append(changes, "ALTER COLUMN "+column+" SET DATA TYPE "+duckType(f))
		}
		if was.Mode == "REQUIRED" && f.Mode == "NULLABLE" {
			changes = append(changes, "ALTER COLUMN "+column+" DROP NOT NULL")
		}
	}
	for _, change := range changes {
		statements += "ALTER TABLE " + t.sql() + " " + change + ";"
	}
	return statements
}

// widen checks that a schema only adds to another, and gives the fields in the
// old order with the new ones last, which is where their columns stand.
func widen(table, path string, old, next []*field) ([]*field, error) {
	mismatch := func(name, format string, args ...any) error {
		return invalid("Provided Schema does not match Table %s. Field %s %s", table, path+name, fmt.Sprintf(format, args...))
	}
	var merged []*field
	for _, was := range old {
		f := named(next, was.Name)
		switch {
		case f == nil:
			return nil, mismatch(was.Name, "is missing in new schema")
		case f.Type != was.Type:
			return nil, mismatch(was.Name, "has changed type from %s to %s", was.Type, f.Type)
		case f.Mode != was.Mode && (was.Mode != "REQUIRED" || f.Mode != "NULLABLE"):
			return nil, mismatch(was.Name, "has changed mode from %s to %s", was.Mode, f.Mode)
		}
		var err error
		if f.Fields, err = widen(table, path+was.Name+".", was.Fields, f.Fields); err != nil {
			return nil, err
		}
		f.Name = was.Name
		merged = append(merged, f)
	}
	for _, f := range next {
		if named(old, f.Name) != nil {
			continue
		}
		if f.Mode == "REQUIRED" {
			return nil, mismatch(f.Name, "is required: cannot add required fields to an existing schema")
		}
		merged = append(merged, f)
	}
	return merged, nil
}

// coercions are the types that a column of each type may take.
var coercions = map[string][]string{"INTEGER": {"NUMERIC", "FLOAT"}, "NUMERIC": {"FLOAT"}}

// coerce gives a field the types of another, and says whether that can be. As
// with the service, what lies in an array may not change.
func coerce(f, to *field) bool {
	if f.Mode == "REPEATED" || to.Mode == "REPEATED" {
		return duckType(f) == duckType(to)
	}
	if f.Type != to.Type && !slices.Contains(coercions[f.Type], to.Type) || len(f.Fields) != len(to.Fields) {
		return false
	}
	for i, inner := range f.Fields {
		if !strings.EqualFold(inner.Name, to.Fields[i].Name) || !coerce(inner, to.Fields[i]) {
			return false
		}
	}
	f.Type = to.Type
	return true
}
