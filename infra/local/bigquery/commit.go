package bigquery

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"time"

	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"github.com/duckdb/duckdb-go/v2"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"nightwire.dev/infra/local/bigquery/record"
)

// rows is one append request on its way to the database.
type rows struct {
	from    *writer
	encoded [][]byte
	done    chan error // receives one answer

	// What the committer found, for who receives that.
	table   *table
	bad     []*storagepb.RowError
	refused error
}

// A transaction costs some 10 ms of CPU before its first row, so transactions
// keep a distance, in which rows gather. A writer that comes after a rest is
// served at once.
const (
	distance   = 200 * time.Millisecond
	groupRows  = 1000 // end the gathering early
	groupBytes = 16 << 20
)

// committer writes appends to the database. Appends to one table that arrive
// before the next transactions share one.
type committer struct {
	server *Server
	queue  chan *rows
	closed sync.WaitGroup
}

func newCommitter(s *Server) *committer {
	c := &committer{server: s, queue: make(chan *rows, 256)}
	c.closed.Go(c.run)
	return c
}

// close ends the committer after what is queued. No append may follow.
func (c *committer) close() {
	close(c.queue)
	c.closed.Wait()
}

func (c *committer) run() {
	var last time.Time
	for first := range c.queue {
		groups := c.gather(first, last.Add(distance))
		last = time.Now()
		for _, group := range groups {
			c.commit(group)
		}
	}
}

// gather takes what comes until the next transactions are due, by stream.
func (c *committer) gather(first *rows, due time.Time) map[string][]*rows {
	groups := map[string][]*rows{}
	end := time.After(time.Until(due))
	r, more := first, true
	for count, size := 0, 0; more; {
		groups[r.from.stream] = append(groups[r.from.stream], r)
		count += len(r.encoded)
		for _, row := range r.encoded {
			size += len(row)
		}
		if count >= groupRows || size >= groupBytes {
			break
		}
		select {
		case r, more = <-c.queue:
		case <-end:
			more = false
		}
	}
	return groups
}

// commit stores the requests for one table in one transaction and answers them.
// If it fails, each request has its own: what fails for one hurts no other.
func (c *committer) commit(group []*rows) {
	err := c.store(group)
	for i, r := range group {
		switch {
		case err == nil:
			r.done <- r.refused
		case len(group) == 1:
			r.done <- err
		default:
			c.commit(group[i : i+1])
		}
	}
}

// store appends the rows of those requests that can be stored. DuckDB flushes an
// appender in a transaction of its own, without a second thread that waits for
// the first, as it would for COMMIT.
func (c *committer) store(group []*rows) error {
	return c.server.db.alone(func() error {
		t, err := c.server.stream(group[0].from.stream)
		if err != nil {
			return err
		}
		fill := func(to *duckdb.Appender) error {
			for _, r := range group {
				var values [][]driver.Value
				values, r.refused = r.decode(t)
				for _, row := range values {
					if err := to.AppendRow(row...); err != nil {
						return err
					}
				}
			}
			return nil
		}
		err = c.server.db.connected(context.Background(), func(conn *sql.Conn) error {
			return appendTo(conn, t.dataset(), t.id(), fill)
		})
		if err != nil { // which is not the rows' fault: they were read
			return grpcstatus.Errorf(codes.Internal, "append to %s: %v", t.Id, err)
		}
		return nil
	})
}

// appendTo appends to a table what fill gives the appender, or, if that fails,
// nothing that was not flushed.
func appendTo(conn *sql.Conn, dataset, table string, fill func(*duckdb.Appender) error) error {
	return conn.Raw(func(raw any) error {
		to, err := duckdb.NewAppenderFromConn(raw.(driver.Conn), dataset, table)
		if err != nil {
			return err
		}
		if err = fill(to); err == nil {
			err = to.Flush() // Close alone would store the rows before those that failed
		}
		if err != nil {
			return errors.Join(err, to.Clear(), to.Close())
		}
		return to.Close()
	})
}

// maxRows bounds a request: with more rows than that, and those that gathered
// before, DuckDB would not wait with its transaction for the last.
const maxRows = 200_000

// decode reads the rows of a request for its table as it is now. It gives all
// or none.
func (r *rows) decode(t *table) ([][]driver.Value, error) {
	r.table, r.bad = t, nil
	if len(r.encoded) == 0 || len(r.encoded) > maxRows {
		return nil, grpcstatus.Errorf(codes.InvalidArgument, "the request has %d rows, and must have 1 to %d", len(r.encoded), maxRows)
	}
	if r.from.table != t {
		plan, err := record.NewProto(r.from.descriptor, t.Schema.Fields)
		if err != nil {
			return nil, grpcstatus.Error(codes.InvalidArgument, err.Error())
		}
		r.from.table, r.from.plan = t, plan
	}
	values := make([][]driver.Value, len(r.encoded))
	for i, encoded := range r.encoded {
		var err error
		if values[i], err = r.from.plan.Row(encoded); err != nil {
			r.bad = append(r.bad, &storagepb.RowError{Index: int64(i), Code: storagepb.RowError_FIELDS_ERROR, Message: err.Error()})
		}
	}
	if len(r.bad) > 0 {
		return nil, grpcstatus.Error(codes.InvalidArgument, "Errors found while processing rows. Please refer to the row_errors field for details.")
	}
	return values, nil
}
