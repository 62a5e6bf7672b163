package bigquery

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/duckdb/duckdb-go/v2"
	"nightwire.dev/infra/local/bigquery/googlesql"
)

// database is DuckDB: any number of readers, and one writer at a time.
type database struct {
	*sql.DB
	writing sync.Mutex
}

// catalogName is what DuckDB calls our file. No dataset can have the name.
const catalogName = "nightwire-file"

// rowGroup is the number of rows that DuckDB keeps together; it wants a
// multiple of 2,048. A checkpoint writes the last, open group anew and holds it
// in memory: with DuckDB's own 122,880 rows of 10 kB that costs ever more
// through a night.
const rowGroup = 2048

// checkpointAt is the size of the write-ahead log that calls for a checkpoint:
// some thousand alerts, which a restart after a crash reads again.
const checkpointAt = "64MB"

// startSettings are for the first connection, which opens the file, and makes
// GoogleSQL's functions beside it.
const startSettings = `SET threads = %d;
SET memory_limit = %s;
SET temp_directory = %s;
SET checkpoint_threshold = '%s';
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
ATTACH IF NOT EXISTS %s AS "` + catalogName + `" (ROW_GROUP_SIZE %d);
CREATE SCHEMA memory.googlesql;
USE memory.googlesql;
SET enable_external_access = false;
%s`

// Every connection finds our tables, and GoogleSQL's functions before DuckDB's;
// reads the clock in UTC; and sorts NULL where GoogleSQL does.
const sessionSettings = `SET search_path = '"` + catalogName + `".main,memory.googlesql';
SET TimeZone = 'UTC';
SET default_null_order = 'nulls_first_on_asc_last_on_desc';`

func openDatabase(o Options) (*database, error) {
	name, text := filepath.Join(o.Dir, "bigquery.duckdb"), googlesql.Literal
	start := fmt.Sprintf(startSettings, o.Threads, text(o.MemoryLimit), text(filepath.Join(o.Dir, "spill")), checkpointAt,
		text(name), rowGroup, googlesql.Functions)
	var attach sync.Once
	connector, err := duckdb.NewConnector("", func(e driver.ExecerContext) (err error) {
		attach.Do(func() { _, err = e.ExecContext(context.Background(), start, nil) })
		if err == nil {
			_, err = e.ExecContext(context.Background(), sessionSettings, nil)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", name, err)
	}
	return &database{DB: sql.OpenDB(connector)}, nil
}

// change runs f in a transaction, alone among the writers. The function that
// f returns runs once the transaction is on disk, still before other writers.
func (d *database) change(ctx context.Context, f func(*sql.Tx) (committed func(), err error)) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	// Were it ctx, its end would roll back beside us, and after the next writer began.
	tx, err := d.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	return finish(tx, f)
}

// finish runs f in a transaction, and commits it if f gives no error. Otherwise
// whoever began it rolls it back.
func finish(tx *sql.Tx, f func(*sql.Tx) (committed func(), err error)) error {
	committed, err := f(tx)
	if err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if committed != nil {
		committed()
	}
	return nil
}
