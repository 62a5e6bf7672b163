package bigquery

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/duckdb/duckdb-go/v2"
	bq "google.golang.org/api/bigquery/v2"
)

// checkLoad sets a load job's defaults, and refuses whatever it asks for beyond
// what is read here.
func (s *Server) checkLoad(l *bq.JobConfigurationLoad) error {
	l.SourceFormat = cmp.Or(l.SourceFormat, "CSV")
	l.WriteDisposition = cmp.Or(l.WriteDisposition, "WRITE_APPEND")
	l.CreateDisposition = cmp.Or(l.CreateDisposition, "CREATE_IF_NEEDED")
	rest := *l
	rest.SourceUris, rest.DestinationTable, rest.UseAvroLogicalTypes = nil, nil, false
	known := func(value *string, values ...string) {
		if slices.Contains(values, *value) {
			*value = ""
		}
	}
	known(&rest.SourceFormat, "AVRO")
	known(&rest.WriteDisposition, "WRITE_APPEND", "WRITE_TRUNCATE", "WRITE_EMPTY")
	known(&rest.CreateDisposition, "CREATE_IF_NEEDED", "CREATE_NEVER")
	unknown, err := json.Marshal(rest)
	switch {
	case err != nil:
		return err
	case string(unknown) != "{}":
		return notImplemented("load jobs with %s", unknown)
	case s.options.Storage == "":
		return notImplemented("load jobs where it was told of no Cloud Storage")
	case l.DestinationTable == nil || len(l.SourceUris) == 0:
		return invalid("Required parameter is missing: destinationTable or sourceUris")
	}
	return s.checkProject(l.DestinationTable.ProjectId)
}

// load runs a load job in one transaction, while others read and write. If the
// table itself changes meanwhile, nothing is loaded.
func (s *Server) load(ctx context.Context, j *job) error {
	to := *j.load.DestinationTable
	old, err := s.catalogue.table(to.DatasetId, to.TableId)
	if _, gone := s.catalogue.dataset(to.DatasetId); gone != nil || err != nil && j.load.CreateDisposition == "CREATE_NEVER" {
		return err
	}
	if old != nil && old.view() {
		return invalid("Cannot load into %s: it is a view", old.Id)
	}
	l, err := s.newLoading(ctx, j.load)
	if err != nil {
		return err
	}
	defer l.client.Close()
	into := old
	if old == nil || j.load.WriteDisposition == "WRITE_TRUNCATE" {
		resource := bq.Table{TableReference: &to}
		if old != nil {
			resource = *old.Table
			resource.TableReference = &to // which others read of the old one
		}
		if resource.Schema, err = l.schema(ctx); err != nil {
			return err
		}
		if err := s.complete(ctx, &resource); err != nil {
			return err
		}
		into = &table{&resource}
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil) // which a job's end must not end between two rows
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if into != old {
		if err := into.create(ctx, tx); err != nil {
			return err
		}
	} else if err := s.checkEmpty(ctx, j.load, old); err != nil {
		return err
	}
	err = conn.Raw(func(raw any) error {
		appender, err := duckdb.NewAppenderFromConn(raw.(driver.Conn), to.DatasetId, to.TableId)
		if err != nil {
			return err
		}
		if err := l.read(ctx, into, appender); err != nil {
			_ = appender.Clear()
			_ = appender.Close()
			return err
		}
		return appender.Close()
	})
	s.db.writing.Lock()
	defer s.db.writing.Unlock()
	if now, _ := s.catalogue.table(to.DatasetId, to.TableId); now != old {
		return fail(http.StatusConflict, "conflict", "The table %s changed while files were loaded into it", into.Id)
	}
	if err != nil {
		return err
	}
	if err := s.checkEmpty(ctx, j.load, old); err != nil { // rows may have come meanwhile
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.catalogue.putTable(into)
	j.loaded = &l.statistics
	return nil
}

// checkEmpty refuses a table that has rows, if the job wants one that has none.
func (s *Server) checkEmpty(ctx context.Context, job *bq.JobConfigurationLoad, old *table) error {
	if old == nil || job.WriteDisposition != "WRITE_EMPTY" {
		return nil
	}
	var filled bool
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) > 0 FROM "+old.sql()).Scan(&filled); err != nil {
		return err
	}
	if filled {
		return duplicate("Table %s", old.Id)
	}
	return nil
}
