package bigquery

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/duckdb/duckdb-go/v2"
	"nightwire.dev/infra/local/bigquery/googlesql"
)

// database is DuckDB: any number of readers, and one writer at a time.
type database struct {
	*sql.DB
	writing sync.Mutex
	broken  chan error // receives why the file must be opened anew, by another process

	logger *slog.Logger
	log    string // the write-ahead log's file
	memory int    // DuckDB's, in MB
	raised bool   // for a checkpoint, and not taken back yet
}

// catalogName is what DuckDB calls our file. No dataset can have the name.
const catalogName = "nightwire-file"

// rowGroup is the number of rows that DuckDB keeps together; it wants a
// multiple of 2,048. A checkpoint writes the last, open group anew and holds it
// in memory: with DuckDB's own 122,880 rows of 10 kB that costs ever more
// through a night.
const rowGroup = 2048

// A write-ahead log of checkpointAt bytes calls for a checkpoint: some thousand
// alerts, which a restart after a crash reads again. It has memory of its own.
const (
	checkpointAt     = 64 << 20
	checkpointMemory = 256 // MB
)

// startSettings are for the first connection, which opens the file, and makes
// GoogleSQL's functions beside it.
const startSettings = `SET threads = %d;
SET memory_limit = '%dMB';
SET temp_directory = %s;
SET checkpoint_threshold = '1TB';
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
	start := fmt.Sprintf(startSettings, o.Threads, o.MemoryMB, text(filepath.Join(o.Dir, "spill")),
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
	return &database{
		DB: sql.OpenDB(connector), broken: make(chan error, 1),
		logger: o.Logger, log: name + ".wal", memory: o.MemoryMB,
	}, nil
}

// within runs f in a transaction, which is rolled back unless f commits it.
func (d *database) within(ctx context.Context, f func(*sql.Conn, *sql.Tx) error) error {
	return d.connected(ctx, func(conn *sql.Conn) error {
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		err = f(conn, tx)
		if rolled := tx.Rollback(); rolled != nil && !errors.Is(rolled, sql.ErrTxDone) {
			err = errors.Join(err, rolled)
		}
		return err
	})
}

// connected runs f with a connection, which is not used again if f fails: where
// memory is short a transaction cannot even be rolled back, and it would stay.
func (d *database) connected(ctx context.Context, f func(*sql.Conn) error) error {
	conn, err := d.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err = f(conn); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return d.checked(err)
}

// What is in DuckDB's errors, of which an appender's have no type: that it has given
// up the file or everything, and that it had no memory.
var (
	invalidated = regexp.MustCompile(`(?i)database( ".*")? has been invalidated`)
	outOfMemory = regexp.MustCompile(`(?i)out of memory|failed to pin block|(failed to|could not) allocate`)
)

// checked passes an error on, and notes whether nothing will go well after it.
func (d *database) checked(err error) error {
	if err != nil && invalidated.MatchString(err.Error()) {
		select {
		case d.broken <- err:
		default: // it is known
		}
	}
	return err
}

// change runs f in a transaction, alone among the writers. The function that
// f returns runs once the transaction is on disk, still before other writers.
func (d *database) change(ctx context.Context, f func(*sql.Tx) (committed func(), err error)) error {
	return d.alone(func() error {
		// Were it ctx, its end would roll back beside us, and after the next writer began.
		return d.within(context.WithoutCancel(ctx), func(_ *sql.Conn, tx *sql.Tx) error { return finish(tx, f) })
	})
}

// alone has no other writer beside write.
func (d *database) alone(write func() error) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	err := write()
	if failed := d.checked(d.checkpoint(err)); failed != nil {
		d.logger.Warn("checkpoint failed", "error", failed)
	}
	return err
}

// finish runs f in a transaction, and commits it if f gives no error.
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

// checkpoint writes to the tables what the log holds, once that is much, or its
// rows hold the memory that a write would have needed. DuckDB would do so by
// itself, but it has one limit of memory for everything, and if queries have all
// of it in that moment, the database is broken.
func (d *database) checkpoint(written error) (err error) {
	log, missing := os.Stat(d.log)
	short := written != nil && outOfMemory.MatchString(written.Error())
	if missing == nil && (short || log.Size() >= checkpointAt) {
		if err := d.limit(d.memory + checkpointMemory); err != nil {
			return err
		}
		d.raised = true
		_, err = d.Exec(`CHECKPOINT "` + catalogName + `"`)
	}
	if d.raised {
		d.raised = d.limit(d.memory) != nil // as long as queries do not give so much back
	}
	return err
}

func (d *database) limit(megabytes int) error {
	_, err := d.Exec(fmt.Sprintf("SET memory_limit = '%dMB'", megabytes))
	return err
}
