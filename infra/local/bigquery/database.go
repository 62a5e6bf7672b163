package bigquery

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
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

// startSettings are for the first connection, which opens the file.
func startSettings(file string) []string {
	return []string{
		fmt.Sprintf("ATTACH IF NOT EXISTS %s AS %s (ROW_GROUP_SIZE %d)",
			googlesql.Literal(file), googlesql.Quote(catalogName), rowGroup),
		"CREATE SCHEMA memory.googlesql",
		"USE memory.googlesql",
		googlesql.Functions,
		"SET checkpoint_threshold = " + googlesql.Literal(checkpointAt),
		"SET enable_external_access = false",
	}
}

// Every connection finds our tables, and GoogleSQL's functions before DuckDB's;
// reads the clock in UTC; and sorts NULL where GoogleSQL does.
var sessionSettings = []string{
	"SET search_path = " + googlesql.Literal(googlesql.Quote(catalogName)+".main,memory.googlesql"),
	"SET TimeZone = 'UTC'",
	"SET default_null_order = 'nulls_first_on_asc_last_on_desc'",
}

func openDatabase(o Options) (*database, error) {
	settings := url.Values{
		"threads":                      {strconv.Itoa(o.Threads)},
		"memory_limit":                 {o.MemoryLimit},
		"temp_directory":               {filepath.Join(o.Dir, "spill")},
		"autoinstall_known_extensions": {"false"},
		"autoload_known_extensions":    {"false"},
	}
	name := filepath.Join(o.Dir, "bigquery.duckdb")
	var attach sync.Once
	connector, err := duckdb.NewConnector("?"+settings.Encode(), func(e driver.ExecerContext) (err error) {
		attach.Do(func() { err = execute(e, startSettings(name)) })
		if err != nil {
			return err
		}
		return execute(e, sessionSettings)
	})
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", name, err)
	}
	return &database{DB: sql.OpenDB(connector)}, nil
}

func execute(e driver.ExecerContext, statements []string) error {
	for _, q := range statements {
		if _, err := e.ExecContext(context.Background(), q, nil); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}

func (d *database) close() error { return d.DB.Close() }

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
	committed, err := f(tx)
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if committed != nil {
		committed()
	}
	return nil
}
