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
	alter := func(what ...string) { statements += "ALTER TABLE " + t.sql() + " " + strings.Join(what, " ") + ";" }
	for _, was := range old.Schema.Fields {
		if named(t.Schema.Fields, was.Name) == nil {
			alter("DROP COLUMN", googlesql.Quote(was.Name))
		}
	}
	for _, f := range t.Schema.Fields {
		was, column := named(old.Schema.Fields, f.Name), googlesql.Quote(f.Name)
		if was == nil {
			alter("ADD COLUMN", column, duckType(f))
			continue
		}
		if duckType(was) != duckType(f) {
			alter("ALTER COLUMN", column, "SET DATA TYPE", duckType(f))
		}
		if was.Mode == "REQUIRED" && f.Mode == "NULLABLE" {
			alter("ALTER COLUMN", column, "DROP NOT NULL")
		}
	}
	return statements
}

// side is one of two schemas that are compared, and what messages call it.
type side struct {
	name   string
	fields []*field
}

// widen checks that what has the narrow fields can be stored under the wide ones:
// they all are there, with their types, and no other is required. What is required
// may become nullable. One of the two are a table's. It gives the wide fields in
// the order of the narrow ones, which is that of the table's columns, and the
// others last.
func widen(table, path string, narrow, wide side) (merged []*field, err error) {
	mismatch := func(f *field, format string, args ...any) error {
		difference := fmt.Sprintf(format, args...)
		return invalid("Provided Schema does not match Table %s. Field %s is %s", table, path+f.Name, difference)
	}
	for _, was := range narrow.fields {
		is := named(wide.fields, was.Name)
		switch {
		case is == nil:
			return nil, mismatch(was, "missing in %s", wide.name)
		case is.Type != was.Type || is.Mode != was.Mode && (was.Mode != "REQUIRED" || is.Mode != "NULLABLE"):
			return nil, mismatch(was, "%s %s in %s, %s %s in %s", was.Mode, was.Type, narrow.name, is.Mode, is.Type, wide.name)
		}
		f := *is
		f.Name = was.Name
		f.Fields, err = widen(table, path+was.Name+".", side{narrow.name, was.Fields}, side{wide.name, is.Fields})
		if err != nil {
			return nil, err
		}
		merged = append(merged, &f)
	}
	for _, f := range wide.fields {
		switch {
		case named(narrow.fields, f.Name) != nil:
		case f.Mode == "REQUIRED":
			return nil, mismatch(f, "required in %s, and missing in %s", wide.name, narrow.name)
		default:
			merged = append(merged, f)
		}
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
