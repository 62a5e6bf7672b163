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
	table  *table // the version that the rows were decoded for
	values [][]driver.Value
	done   chan error // receives one answer
}

// errStale says that the table changed after the rows were decoded.
var errStale = errors.New("the table has changed")

// A transaction costs some 12 ms of CPU before its first row, so transactions
// keep a distance, in which rows gather. A writer that comes after a rest is
// served at once.
const (
	groupRows = 1000 // that one transaction takes
	distance  = 150 * time.Millisecond
)

// committer writes appends to the database. Appends that arrive while a
// transaction commits share the next one: a commit costs a disk flush, however
// many rows it holds.
type committer struct {
	server    *Server
	queue     chan *rows
	closed    sync.WaitGroup
	conn      *sql.Conn
	last      time.Time            // when the last transaction began
	appenders map[string]*appender // by the table's SQL name
}

// appender is DuckDB's appender for one version of a table.
type appender struct {
	*duckdb.Appender
	version int64
}

func newCommitter(s *Server) *committer {
	c := &committer{server: s, queue: make(chan *rows, 256), appenders: map[string]*appender{}}
	c.closed.Add(1)
	go c.run()
	return c
}

// close ends the committer after what is queued. No append may follow.
func (c *committer) close() {
	close(c.queue)
	c.closed.Wait()
}

func (c *committer) run() {
	defer c.closed.Done()
	for first := range c.queue {
		group := c.gather(first)
		if err := c.commit(group); err == nil {
			answer(group, nil)
		} else if len(group) == 1 {
			answer(group, err)
		} else {
			c.separately(group)
		}
	}
	c.dropAppenders()
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

// gather takes what comes until the next transaction may begin.
func (c *committer) gather(first *rows) []*rows {
	group := []*rows{first}
	wait := time.NewTimer(time.Until(c.last.Add(distance)))
	defer wait.Stop()
	for total := len(first.values); total < groupRows; {
		select {
		case r, more := <-c.queue:
			if !more {
				return group
			}
			group, total = append(group, r), total+len(r.values)
			continue
		case <-wait.C:
		}
		break
	}
	c.last = time.Now()
	return group
}

// separately commits each request alone, so that a bad one hurts no other.
func (c *committer) separately(group []*rows) {
	for _, r := range group {
		r.done <- c.commit([]*rows{r})
	}
}

func answer(group []*rows, err error) {
	for _, r := range group {
		r.done <- err
	}
}

// commit stores a group in one transaction.
func (c *committer) commit(group []*rows) (err error) {
	c.server.db.writing.Lock()
	defer c.server.db.writing.Unlock()
	ctx := context.Background()
	if c.conn == nil {
		if c.conn, err = c.server.db.Conn(ctx); err != nil {
			return err
		}
	}
	if _, err := c.conn.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	if err := c.append(group); err != nil {
		_, rollback := c.conn.ExecContext(ctx, "ROLLBACK")
		c.dropAppenders()
		return errors.Join(err, rollback)
	}
	if _, err = c.conn.ExecContext(ctx, "COMMIT"); err != nil {
		c.dropAppenders()
	}
	return err
}

func (c *committer) append(group []*rows) error {
	touched := map[*appender]bool{}
	for _, r := range group {
		a, err := c.appender(r.table)
		if err != nil {
			return err
		}
		touched[a] = true
		for _, row := range r.values {
			if err := a.AppendRow(row...); err != nil {
				return fmt.Errorf("append to %s: %w", r.table.Id, err)
			}
		}
	}
	for a := range touched {
		if err := a.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// appender gives the appender for a table, unless the table has changed.
func (c *committer) appender(t *table) (*appender, error) {
	current, err := c.server.catalogue.table(t.dataset(), t.id())
	if err != nil {
		return nil, err
	}
	if current.version != t.version || current.CreationTime != t.CreationTime {
		return nil, errStale
	}
	if a := c.appenders[t.sql()]; a != nil && a.version == t.version {
		return a, nil
	}
	c.dropAppenders()
	var made *duckdb.Appender
	err = c.conn.Raw(func(raw any) (err error) {
		conn, ok := raw.(driver.Conn)
		if !ok {
			return fmt.Errorf("open appender: the connection is a %T", raw)
		}
		made, err = duckdb.NewAppenderFromConn(conn, t.dataset(), t.id())
		return err
	})
	if err != nil {
		return nil, err
	}
	a := &appender{made, t.version}
	c.appenders[t.sql()] = a
	return a, nil
}

// dropAppenders forgets every appender, and the rows that they still hold.
func (c *committer) dropAppenders() {
	for _, a := range c.appenders {
		if err := errors.Join(a.Clear(), a.Close()); err != nil {
			c.server.log.Debug("appender dropped", "error", err)
		}
	}
	clear(c.appenders)
}
