package bigquery

import (
	"context"
	"database/sql"
	"strings"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// alter changes a table to fit its patched resource.
func (s *Server) alter(ctx context.Context, tx *sql.Tx, old, next *table) error {
	if next.view() {
		return s.describeView(ctx, next.Table)
	}
	if next.Schema == nil {
		return invalid("Table %s must have a schema", next.Id)
	}
	if err := normalise(next.Schema.Fields); err != nil {
		return err
	}
	merged, err := widen(next.Id, "", old.Schema.Fields, next.Schema.Fields)
	if err != nil {
		return err
	}
	next.Schema.Fields = merged
	for i, f := range merged {
		for _, change := range columnChanges(old.Schema.Fields, i, f) {
			if _, err := tx.ExecContext(ctx, "ALTER TABLE "+next.sql()+" "+change); err != nil {
				return err
			}
		}
	}
	return nil
}

// columnChanges are the ALTER clauses that column i needs. A nested field is
// added by giving the whole column its new type: DuckDB 1.5.5 loses its heap
// when ADD COLUMN names a field inside a list.
func columnChanges(old []*field, i int, f *field) []string {
	name := googlesql.Quote(f.Name)
	if i >= len(old) {
		return []string{"ADD COLUMN " + name + " " + duckType(f)}
	}
	var changes []string
	if duckType(old[i]) != duckType(f) {
		changes = append(changes, "ALTER COLUMN "+name+" SET DATA TYPE "+duckType(f))
	}
	if old[i].Mode == "REQUIRED" && f.Mode == "NULLABLE" {
		changes = append(changes, "ALTER COLUMN "+name+" DROP NOT NULL")
	}
	return changes
}

// widen checks that a schema only adds to another, and gives the fields in the
// old order with the new ones last, which is where their columns stand.
func widen(table, path string, old, next []*field) ([]*field, error) {
	given := map[string]*field{}
	for _, f := range next {
		given[strings.ToLower(f.Name)] = f
	}
	var merged []*field
	for _, was := range old {
		f := given[strings.ToLower(was.Name)]
		delete(given, strings.ToLower(was.Name))
		switch {
		case f == nil:
			return nil, invalid("Provided Schema does not match Table %s. Field %s is missing in new schema", table, path+was.Name)
		case f.Type != was.Type:
			return nil, invalid("Provided Schema does not match Table %s. Field %s has changed type from %s to %s", table, path+was.Name, was.Type, f.Type)
		case f.Mode != was.Mode && (was.Mode != "REQUIRED" || f.Mode != "NULLABLE"):
			return nil, invalid("Provided Schema does not match Table %s. Field %s has changed mode from %s to %s", table, path+was.Name, was.Mode, f.Mode)
		}
		var err error
		if f.Fields, err = widen(table, path+was.Name+".", was.Fields, f.Fields); err != nil {
			return nil, err
		}
		f.Name = was.Name
		merged = append(merged, f)
	}
	for _, f := range next {
		if given[strings.ToLower(f.Name)] == nil {
			continue
		}
		if f.Mode == "REQUIRED" {
			return nil, invalid("Provided Schema does not match Table %s. Cannot add required fields to an existing schema. (field: %s)", table, path+f.Name)
		}
		merged = append(merged, f)
	}
	return merged, nil
}
