package bigquery

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// rows is one append request, decoded, on its way to the database.
type rows struct {
	table  *table // that the rows were decoded for
	values [][]driver.Value
	done   chan error // receives one answer
}

// errStale says that the table changed after the rows were decoded.
var errStale = errors.New("the table has changed")

// A transaction costs some 12 ms of CPU before its first row, so transactions
// keep a distance, in which rows gather: a longer one while more keep coming. A
// writer that comes after a rest is served at once.
const (
	groupRows = 1000 // that one transaction takes
	distance  = 150 * time.Millisecond
	longest   = 250 * time.Millisecond
	pause     = 25 * time.Millisecond // after which no more are to be expected
)

// committer writes appends to the database. Appends that arrive while a
// transaction commits share the next one.
type committer struct {
	server    *Server
	queue     chan *rows
	closed    sync.WaitGroup
	conn      *sql.Conn
	last      time.Time                   // when the last transaction began
	appenders map[*table]*duckdb.Appender // kept for the next transaction
}

func newCommitter(ctx context.Context, s *Server) (*committer, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	c := &committer{server: s, conn: conn, queue: make(chan *rows, 256), appenders: map[*table]*duckdb.Appender{}}
	c.closed.Go(c.run)
	return c, nil
}

// close ends the committer after what is queued. No append may follow.
func (c *committer) close() {
	close(c.queue)
	c.closed.Wait()
}

func (c *committer) run() {
	for first := range c.queue {
		group := c.gather(first)
		err := c.commit(group...)
		for _, r := range group {
			if err != nil && len(group) > 1 { // a bad request hurts no other
				r.done <- c.commit(r)
			} else {
				r.done <- err
			}
		}
	}
	c.dropAppenders(every)
	_ = c.conn.Close()
}

// gather takes what comes until the next transaction may begin.
func (c *committer) gather(first *rows) []*rows {
	group := []*rows{first}
	wait := time.NewTimer(time.Until(c.last.Add(distance)))
	defer wait.Stop()
gathering:
	for total := len(first.values); total < groupRows; {
		select {
		case r, more := <-c.queue:
			if !more {
				break gathering
			}
			group, total = append(group, r), total+len(r.values)
			wait.Reset(max(time.Until(c.last.Add(distance)), min(time.Until(c.last.Add(longest)), pause)))
		case <-wait.C:
			break gathering
		}
	}
	c.last = time.Now()
	return group
}

// commit stores a group in one transaction.
func (c *committer) commit(group ...*rows) error {
	c.server.db.writing.Lock()
	defer c.server.db.writing.Unlock()
	ctx := context.Background()
	if _, err := c.conn.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	err := c.append(group)
	if err != nil {
		_, rollback := c.conn.ExecContext(ctx, "ROLLBACK")
		err = errors.Join(err, rollback)
	} else {
		_, err = c.conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		c.dropAppenders(every)
	}
	return err
}

func (c *committer) append(group []*rows) error {
	appenders, err := c.open(group)
	if err != nil {
		return err
	}
	for _, r := range group {
		for _, row := range r.values {
			if err := appenders[r.table].AppendRow(row...); err != nil {
				return fmt.Errorf("append to %s: %w", r.table.Id, err)
			}
		}
	}
	for _, a := range appenders {
		if err := a.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// open gives an appender for each table of a group, unless a table has changed.
func (c *committer) open(group []*rows) (map[*table]*duckdb.Appender, error) {
	opened := map[*table]*duckdb.Appender{}
	fresh := false
	for _, r := range group {
		if now, _ := c.server.catalogue.table(r.table.dataset(), r.table.id()); now != r.table {
			return nil, errStale
		}
		opened[r.table] = c.appenders[r.table]
		fresh = fresh || opened[r.table] == nil
	}
	if !fresh {
		return opened, nil
	}
	// One that nobody needs now may hold 10 MB, or be for a table as it was.
	c.dropAppenders(func(t *table) bool { return opened[t] == nil })
	return opened, c.conn.Raw(func(conn any) (err error) {
		for t, a := range opened {
			if a != nil {
				continue
			}
			if a, err = duckdb.NewAppenderFromConn(conn.(driver.Conn), t.dataset(), t.id()); err != nil {
				return err
			}
			opened[t], c.appenders[t] = a, a
		}
		return nil
	})
}

// dropAppenders forgets appenders, and the rows that they still hold.
func (c *committer) dropAppenders(which func(*table) bool) {
	for t, a := range c.appenders {
		if !which(t) {
			continue
		}
		if err := errors.Join(a.Clear(), a.Close()); err != nil {
			c.server.log.Debug("appender dropped", "error", err)
		}
		delete(c.appenders, t)
	}
}

func every(*table) bool { return true }
