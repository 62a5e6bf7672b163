package bigquery

import (
	"context"
	"slices"
	"strings"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// define runs a statement that makes, changes or removes a dataset, a table or
// a view, as the REST API's calls do.
func (s *Server) define(ctx context.Context, c *scope, statement googlesql.Statement) error {
	path, excused := statement.Target, "notFound"
	if statement.Kind == googlesql.CreateSchema || statement.Kind == googlesql.DropSchema {
		path = append(path, "") // a dataset is found where its tables are
	}
	dataset, name, err := c.target(path)
	if err != nil {
		return err
	}
	switch statement.Kind {
	case googlesql.CreateSchema:
		d := &bq.Dataset{}
		if err = convert(statement.Resource, d); err == nil {
			d.DatasetReference = &bq.DatasetReference{DatasetId: dataset}
			excused, err = "duplicate", s.createDataset(ctx, d)
		}
	case googlesql.DropSchema:
		err = s.removeDataset(ctx, dataset, statement.Cascade)
	case googlesql.DropTable, googlesql.DropView:
		err = s.removeTable(ctx, dataset, name, strings.TrimPrefix(string(statement.Kind), "DROP_"))
	case googlesql.AlterTable:
		_, err = s.changeTable(ctx, dataset, name, func(t *table) error {
			return s.changeColumns(ctx, t, statement.Changes)
		})
	default:
		excused, err = "duplicate", s.createBySQL(ctx, statement, dataset, name)
	}
	if err != nil && statement.IfExists && asFailure(err).reason == excused {
		return nil
	}
	return err
}

// createBySQL makes the table or the view that a statement describes.
func (s *Server) createBySQL(ctx context.Context, statement googlesql.Statement, dataset, name string) error {
	resource := &bq.Table{}
	if err := convert(statement.Resource, resource); err != nil {
		return err
	}
	resource.TableReference = &bq.TableReference{DatasetId: dataset, TableId: name}
	if resource.View != nil {
		return s.createTable(ctx, resource, "", statement.OrReplace)
	}
	fields, err := describe(ctx, s.db, statement.SQL)
	if err != nil {
		return err
	}
	for _, f := range fields {
		if slices.Contains(statement.Required, f.Name) {
			f.Mode = "REQUIRED"
		}
	}
	resource.Schema = &bq.TableSchema{Fields: fields}
	return s.createTable(ctx, resource, statement.SQL, statement.OrReplace)
}

// changeColumns changes a table's columns as ALTER TABLE says.
func (s *Server) changeColumns(ctx context.Context, t *table, changes []googlesql.Change) error {
	if t.view() {
		return invalidQuery("%s is a view: its columns are those of its query", t.Id)
	}
	for _, change := range changes {
		var described []*field
		if change.SQL != "" {
			var err error
			if described, err = describe(ctx, s.db, change.SQL); err != nil {
				return err
			}
		}
		column := named(t.Schema.Fields, change.Column)
		switch {
		case change.IfExists && change.Add == (column != nil): // it is so already
		case change.Add && column != nil:
			return invalidQuery("Column already exists: %s", change.Column)
		case change.Add:
			t.Schema.Fields = append(t.Schema.Fields, described...)
		case column == nil:
			return invalidQuery("Column not found: %s", change.Column)
		case change.SQL == "":
			t.Schema.Fields = slices.DeleteFunc(t.Schema.Fields, func(f *field) bool { return f == column })
		case !coerce(column, described[0]):
			return invalidQuery("The existing type of column %s is not assignable to the new type", change.Column)
		}
	}
	return nil
}
