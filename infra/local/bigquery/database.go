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
)

// queryer is a connection, or the pool of them.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// database is DuckDB: any number of readers, and one writer at a time.
type database struct {
	*sql.DB
	writing sync.Mutex
}

// Every connection reads the clock in UTC, and sorts NULL where GoogleSQL does.
var sessionSettings = []string{
	"SET TimeZone = 'UTC'",
	"SET default_null_order = 'nulls_first_on_asc_last_on_desc'",
	"SET checkpoint_threshold = '16MB'",
	"SET enable_external_access = false",
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
	connector, err := duckdb.NewConnector(name+"?"+settings.Encode(), func(e driver.ExecerContext) error {
		for _, q := range sessionSettings {
			if _, err := e.ExecContext(context.Background(), q, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", name, err)
	}
	return &database{DB: sql.OpenDB(connector)}, nil
}

func (d *database) close() error { return d.DB.Close() }

// change runs f in a transaction, alone among the writers. The function that
// f returns runs once the transaction is on disk, still before other writers.
func (d *database) change(ctx context.Context, f func(*sql.Tx) (committed func(), err error)) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	tx, err := d.BeginTx(ctx, nil)
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
