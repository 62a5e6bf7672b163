package bigquery

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// run executes a job's statement.
func (s *Server) run(ctx context.Context, j *job) error {
	statement, err := s.rewrite(j.query.Query, j.query.DefaultDataset, j.query.Parameters)
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
	sc := &scope{server: s, dataset: j.query.DefaultDataset}
	dataset, rest, err := sc.split(statement.Target)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return invalidQuery("INFORMATION_SCHEMA cannot be changed")
	}
	if statement.Kind.Changes() {
		return s.runChange(ctx, j, dataset, rest[0], statement.SQL)
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

// runQuery spools the result of a query into a temporary table. Columns that
// hold JSON are kept as text there: the driver would read their numbers as
// floating point, and a candid would lose digits.
func (s *Server) runQuery(ctx context.Context, j *job, query string) error {
	fields, err := s.describe(ctx, query)
	if err != nil {
		return err
	}
	names := make([]string, len(fields))
	values := make([]string, len(fields))
	for i, f := range fields {
		names[i] = fmt.Sprintf("c%d", i)
		values[i] = names[i]
		if holdsJSON(f) {
			values[i] = fmt.Sprintf("CAST(c%d AS %s) AS c%d", i, duckType(asText(f)), i)
		}
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	create := fmt.Sprintf("CREATE TEMP TABLE result AS SELECT %s FROM (%s) AS q(%s)",
		strings.Join(values, ", "), query, strings.Join(names, ", "))
	var count int64
	_, err = conn.ExecContext(ctx, create)
	if err == nil {
		err = conn.QueryRowContext(ctx, "SELECT count(*) FROM temp.result").Scan(&count)
	}
	j.result = conn
	if err != nil {
		return err
	}
	j.fields, j.total = fields, count
	return nil
}

func holdsJSON(f *field) bool {
	if f.Type == "JSON" {
		return true
	}
	for _, child := range f.Fields {
		if holdsJSON(child) {
			return true
		}
	}
	return false
}

// asText is the field with every JSON in it as a string.
func asText(f *field) *field {
	copied := &field{Name: f.Name, Type: f.Type, Mode: f.Mode}
	if f.Type == "JSON" {
		copied.Type = "STRING"
	}
	for _, child := range f.Fields {
		copied.Fields = append(copied.Fields, asText(child))
	}
	return copied
}

// runChange runs INSERT, UPDATE, DELETE, MERGE or TRUNCATE.
func (s *Server) runChange(ctx context.Context, j *job, dataset, name, statement string) error {
	return s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		t, err := s.catalogue.table(dataset, name)
		if err != nil {
			return nil, err
		}
		if t.view() {
			return nil, invalidQuery("View %s cannot be changed by a query", t.Id)
		}
		result, err := tx.ExecContext(ctx, statement)
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
		resource.Schema = &bq.TableSchema{Fields: fields}
	}
	_, err = s.createTable(ctx, resource, query, statement.OrReplace)
	return err
}
