package bigquery

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"sync"
	"time"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// job is a query that runs or has run. Its result waits in a temporary table
// of the job's own connection, which DuckDB spills to disk when memory is
// short, until it is read to the end and forgotten.
type job struct {
	id        string
	query     *queryRequest
	created   time.Time
	cancel    context.CancelFunc
	done      chan struct{}
	onceFreed sync.Once

	// What follows is set before done is closed.
	ended    time.Time
	kind     googlesql.Kind
	err      *failure
	fields   []*field
	total    int64 // rows of the result
	affected int64 // rows that the statement changed

	reading sync.Mutex
	result  *sql.Conn // nil where there is no result, or it is freed
	used    time.Time // guarded by jobs.mu
}

// finished says whether the job is done.
func (j *job) finished() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

// free gives the result's connection back.
func (j *job) free() {
	j.cancel()
	<-j.done
	j.onceFreed.Do(func() {
		j.reading.Lock()
		defer j.reading.Unlock()
		if j.result == nil {
			return
		}
		_, err := j.result.ExecContext(context.Background(), "DROP TABLE IF EXISTS temp.result")
		_ = errors.Join(err, j.result.Close())
		j.result = nil
	})
}

const (
	keepResult = 10 * time.Minute // since it was last read
	maxResults = 32               // kept at once
)

// jobs are the queries whose results may still be asked for.
type jobs struct {
	server *Server
	mu     sync.Mutex
	byID   map[string]*job
}

func newJobs(s *Server) *jobs { return &jobs{server: s, byID: map[string]*job{}} }

// start runs a query in the background.
func (js *jobs) start(id string, query *queryRequest) (*job, error) {
	if id == "" {
		id = "job_" + rand.Text()
	}
	ctx, cancel := context.WithCancel(context.Background())
	j := &job{id: id, query: query, created: time.Now(), used: time.Now(), cancel: cancel, done: make(chan struct{})}
	js.mu.Lock()
	defer js.mu.Unlock()
	if js.byID[id] != nil {
		cancel()
		return nil, duplicate("Job %s:%s.%s", js.server.options.Project, js.server.options.Location, id)
	}
	js.expire()
	js.byID[id] = j
	go func() {
		defer close(j.done)
		if err := js.server.run(ctx, j); err != nil {
			j.err = asFailure(err)
			if ctx.Err() != nil {
				j.err = &failure{code: 400, reason: "stopped", message: "Job execution was cancelled"}
			}
		}
		j.ended = time.Now()
	}()
	return j, nil
}

// expire forgets results that nobody reads, oldest first. Called with mu held.
func (js *jobs) expire() {
	for {
		var oldest *job
		for _, j := range js.byID {
			if j.finished() && (oldest == nil || j.used.Before(oldest.used)) {
				oldest = j
			}
		}
		if oldest == nil || len(js.byID) < maxResults && time.Since(oldest.used) < keepResult {
			return
		}
		delete(js.byID, oldest.id)
		go oldest.free()
	}
}

func (js *jobs) find(id string) (*job, error) {
	js.mu.Lock()
	defer js.mu.Unlock()
	if j := js.byID[id]; j != nil {
		j.used = time.Now()
		return j, nil
	}
	return nil, notFound("Job %s:%s.%s", js.server.options.Project, js.server.options.Location, id)
}

func (js *jobs) forget(j *job) {
	js.mu.Lock()
	delete(js.byID, j.id)
	js.mu.Unlock()
	j.free()
}

func (js *jobs) close() {
	js.mu.Lock()
	held := js.byID
	js.byID = map[string]*job{}
	js.mu.Unlock()
	for _, j := range held {
		j.free()
	}
}
