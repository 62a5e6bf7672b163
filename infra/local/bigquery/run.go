package bigquery

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// run executes a job's statement.
func (s *Server) run(ctx context.Context, j *job) error {
	j.queried = &bq.JobStatistics2{} // also of what cannot be read
	literals, err := parameterLiterals(j.query.Parameters)
	if err != nil {
		return err
	}
	c := &scope{server: s, dataset: j.query.DefaultDataset, location: j.query.Location, parameters: literals}
	statement, err := googlesql.Rewrite(j.query.Query, c)
	if err != nil {
		return err
	}
	j.queried.StatementType = string(statement.Kind)
	switch {
	case statement.Kind == googlesql.Query:
		return s.runQuery(ctx, j, statement.SQL)
	case j.query.DryRun:
		return notImplemented("a dry run of %s", statement.Kind)
	case statement.Kind.Changes():
		return s.runChange(ctx, j, c, statement)
	}
	return s.define(ctx, c, statement)
}

// runQuery keeps the result of a query in a table in memory, whose rows go to disk
// when that is short. A dry run tells its columns only.
func (s *Server) runQuery(ctx context.Context, j *job, query string) error {
	return s.db.within(ctx, func(_ *sql.Conn, tx *sql.Tx) error {
		fields, err := describe(ctx, tx, query)
		if err != nil {
			return err
		}
		j.queried.Schema = &bq.TableSchema{Fields: fields}
		if j.query.DryRun {
			return nil
		}
		result := "memory.main." + googlesql.Quote(rand.Text())
		if _, err := tx.ExecContext(ctx, "CREATE TABLE "+result+" ("+columnList(fields, nil)+")"); err != nil {
			return err
		}
		filled, err := tx.ExecContext(ctx, "INSERT INTO "+result+" "+query)
		if err != nil {
			return err
		}
		if j.total, err = filled.RowsAffected(); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		j.result = result
		return nil
	})
}

// runChange runs INSERT, UPDATE, DELETE, MERGE or TRUNCATE.
func (s *Server) runChange(ctx context.Context, j *job, c *scope, statement googlesql.Statement) error {
	dataset, name, err := c.target(statement.Target)
	if err != nil {
		return err
	}
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
		j.queried.ForceSendFields = []string{"NumDmlAffectedRows"}
		j.queried.NumDmlAffectedRows, err = result.RowsAffected()
		return nil, err
	})
}
