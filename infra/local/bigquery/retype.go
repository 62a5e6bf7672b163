package bigquery

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// retype runs ALTER COLUMN SET DATA TYPE. As with the service, a column or a
// field within a record may take a type that its own coerces to; what lies in
// an array may not change.
func (s *Server) retype(ctx context.Context, statement googlesql.Statement, dataset, name string) error {
	described, err := s.describe(ctx, statement.SQL)
	if err != nil {
		return err
	}
	return s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		old, err := s.catalogue.table(dataset, name)
		if err != nil {
			return nil, err
		}
		if old.view() {
			return nil, invalidQuery("%s is a view: its columns have no type of their own", old.Id)
		}
		next, err := old.patched(nil)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(next.Schema.Fields, func(f *field) bool { return strings.EqualFold(f.Name, statement.Column) })
		if i < 0 {
			return nil, invalidQuery("ALTER TABLE ALTER COLUMN failed: Column not found: %s", statement.Column)
		}
		column := next.Schema.Fields[i]
		if !coerce(column, described[0]) {
			return nil, invalidQuery("ALTER TABLE ALTER COLUMN SET DATA TYPE requires that the existing column type is assignable to the new type: column %s", column.Name)
		}
		change := "ALTER TABLE " + next.sql() + " ALTER COLUMN " + googlesql.Quote(column.Name) + " SET DATA TYPE " + duckType(column)
		if _, err := tx.ExecContext(ctx, change); err != nil {
			return nil, err
		}
		return func() { s.catalogue.putTable(next) }, saveTable(ctx, tx, next)
	})
}

// coercions are the types that a column of each type may take.
var coercions = map[string][]string{"INTEGER": {"NUMERIC", "FLOAT"}, "NUMERIC": {"FLOAT"}}

// coerce gives a field the types of another, and says whether that can be.
func coerce(f, to *field) bool {
	if (f.Mode == "REPEATED") != (to.Mode == "REPEATED") {
		return false
	}
	if f.Mode == "REPEATED" {
		return duckType(f) == duckType(to)
	}
	if f.Type != to.Type && !slices.Contains(coercions[f.Type], to.Type) {
		return false
	}
	if len(f.Fields) != len(to.Fields) {
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
