package bigquery

import (
	"cmp"
	"context"
	"database/sql"
	"net/http"
	"slices"

	"github.com/duckdb/duckdb-go/v2"
	bq "google.golang.org/api/bigquery/v2"
)

// loadable are the formats and the dispositions of what a load job does.
var loadable = []string{"AVRO", "WRITE_APPEND", "WRITE_TRUNCATE", "CREATE_IF_NEEDED"}

// checkLoad sets a load job's defaults, and refuses whatever it asks for beyond
// what is read here.
func (s *Server) checkLoad(l *bq.JobConfigurationLoad) error {
	l.SourceFormat = cmp.Or(l.SourceFormat, "CSV")
	l.WriteDisposition = cmp.Or(l.WriteDisposition, "WRITE_APPEND")
	l.CreateDisposition = cmp.Or(l.CreateDisposition, "CREATE_IF_NEEDED")
	for _, wanted := range []string{l.SourceFormat, l.WriteDisposition, l.CreateDisposition} {
		if !slices.Contains(loadable, wanted) {
			return notImplemented("load jobs with %s", wanted)
		}
	}
	err := only(l, "sourceUris", "destinationTable", "sourceFormat", "writeDisposition", "createDisposition")
	switch {
	case err != nil:
		return err
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
	to := j.load.DestinationTable
	old, err := s.catalogue.namesake(to)
	switch {
	case err != nil:
		return err
	case old != nil && old.view():
		return invalid("Cannot load into %s: it is a view", old.Id)
	}
	f, err := s.findFiles(ctx, j.load)
	if err != nil {
		return err
	}
	defer f.client.Close()
	// A job's end must not end the transaction between two rows.
	err = s.db.within(context.WithoutCancel(ctx), func(conn *sql.Conn, tx *sql.Tx) (err error) {
		into, name := old, to.TableId
		if old == nil || j.load.WriteDisposition == "WRITE_TRUNCATE" {
			if into, err = s.replacement(ctx, old, to, f); err != nil {
				return err
			}
			name += " " + j.id // which no table has: nobody is held up while it is filled
			_, err = tx.ExecContext(ctx, into.create(name))
		}
		if err == nil {
			err = appendTo(conn, to.DatasetId, name, func(rows *duckdb.Appender) error { return f.fill(ctx, into, rows) })
		}
		return s.db.alone(func() error {
			return finish(tx, func(tx *sql.Tx) (func(), error) {
				if now, err := s.catalogue.namesake(to); err != nil || now != old {
					return nil, fail(http.StatusConflict, "conflict", "The table %s changed while files were loaded into it", into.Id)
				}
				if err != nil {
					return nil, err
				}
				if into == old {
					return nil, nil
				}
				return s.catalogue.put(ctx, tx, into.takePlace(name), into.name(), into)
			})
		})
	})
	if err == nil {
		j.loaded = &f.statistics
	}
	return err
}

// replacement is the table that files make, anew or in the place of an old one. Its
// schema is that of the file whose name comes last, as with the service.
func (s *Server) replacement(ctx context.Context, old *table, to *bq.TableReference, f *files) (*table, error) {
	t := &table{&bq.Table{}}
	if old != nil {
		*t.Table = *old.Table
	}
	if _, err := f.open(ctx, f.found[len(f.found)-1]); err != nil {
		return nil, err
	}
	t.TableReference, t.Schema = to, &bq.TableSchema{Fields: f.columns}
	return t, s.complete(ctx, t.Table, old)
}
