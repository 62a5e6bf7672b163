package bigquery

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// run executes a job's statement.
func (s *Server) run(ctx context.Context, j *job) error {
	statement, scope, err := s.rewrite(j.query)
	if err != nil {
		return err
	}
	j.kind = statement.Kind
	if j.query.DryRun {
		return s.analyse(ctx, j, statement)
	}
	if statement.Kind == googlesql.Query {
		return s.runQuery(ctx, j, statement.SQL)
	}
	dataset, rest, err := scope.split(statement.Target)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return invalidQuery("INFORMATION_SCHEMA cannot be changed")
	}
	if statement.Kind.Changes() {
		return s.runChange(ctx, j, statement, dataset, rest[0])
	}
	if statement.Kind == googlesql.AlterColumn {
		return s.retype(ctx, statement, dataset, rest[0])
	}
	return s.runDefinition(ctx, statement, dataset, rest[0])
}

// analyse checks a statement without running it.
func (s *Server) analyse(ctx context.Context, j *job, statement googlesql.Statement) error {
	if statement.Kind != googlesql.Query && statement.Kind != googlesql.CreateTable && statement.Kind != googlesql.CreateView {
		return notImplemented("a dry run of %s", statement.Kind)
	}
	var err error
	j.fields, err = s.describe(ctx, statement.SQL)
	return err
}

// runQuery spools the result of a query into a temporary table.
func (s *Server) runQuery(ctx context.Context, j *job, query string) error {
	fields, err := s.describe(ctx, query)
	if err != nil {
		return err
	}
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fmt.Sprintf("c%d", i)
	}
	j.fields = fields
	if j.result, err = s.db.Conn(ctx); err != nil {
		return err
	}
	_, err = j.result.ExecContext(ctx, fmt.Sprintf("CREATE TEMP TABLE result AS SELECT %s FROM (%s) AS q(%s)",
		(&rowWriter{fields: fields}).columns(names), query, strings.Join(names, ", ")))
	if err != nil {
		return err
	}
	return j.result.QueryRowContext(ctx, "SELECT count(*) FROM temp.result").Scan(&j.total)
}

// runChange runs INSERT, UPDATE, DELETE, MERGE or TRUNCATE.
func (s *Server) runChange(ctx context.Context, j *job, statement googlesql.Statement, dataset, name string) error {
	return s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		t, err := s.catalogue.table(dataset, name)
		if err != nil {
			return nil, err
		}
		if t.view() {
			return nil, invalidQuery("View %s cannot be changed by a query", t.Id)
		}
		if statement.Twice != "" {
			var rows int
			if err := tx.QueryRowContext(ctx, statement.Twice).Scan(&rows); !errors.Is(err, sql.ErrNoRows) {
				return nil, cmp.Or(err, invalidQuery("UPDATE/MERGE must match at most one source row for each target row"))
			}
		}
		result, err := tx.ExecContext(ctx, statement.SQL)
		if err != nil {
			return nil, err
		}
		j.affected, err = result.RowsAffected()
		return nil, err
	})
}

// runDefinition runs CREATE and DROP.
func (s *Server) runDefinition(ctx context.Context, statement googlesql.Statement, dataset, name string) error {
	old, err := s.catalogue.table(dataset, name)
	exists := err == nil
	switch statement.Kind {
	case googlesql.DropTable, googlesql.DropView:
		if !exists && statement.IfExists {
			return nil
		}
		if exists && old.view() != (statement.Kind == googlesql.DropView) {
			return invalidQuery("%s is not of the kind that %s removes", old.Id, statement.Kind)
		}
		return s.removeTable(ctx, dataset, name)
	}
	if exists && statement.IfExists {
		return nil
	}
	resource := &bq.Table{TableReference: &bq.TableReference{DatasetId: dataset, TableId: name}}
	query := statement.SQL
	if statement.Kind == googlesql.CreateView {
		resource.View, query = &bq.ViewDefinition{Query: statement.Source}, ""
	} else {
		fields, err := s.describe(ctx, statement.SQL)
		if err != nil {
			return err
		}
		for _, f := range fields {
			if slices.Contains(statement.Required, f.Name) {
				f.Mode = "REQUIRED"
			}
		}
		resource.Schema = &bq.TableSchema{Fields: fields}
	}
	_, err = s.createTable(ctx, resource, query, statement.OrReplace)
	return err
}
