package bigquery

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// job is a query, or a load, that runs or has run. Its result waits in a temporary table
// of the job's own connection, which DuckDB spills to disk when memory is
// short, until it is read to the end and forgotten.
type job struct {
	id        string
	query     *queryRequest
	load      *bq.JobConfigurationLoad // instead of a query
	timeout   time.Duration            // for ever, if zero
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
	loaded   *bq.JobStatistics3

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

// A job is forgotten some time after it was last asked for; a little earlier,
// where there are many. A result that is read to its end is gone at once.
const (
	keepJob      = 10 * time.Minute
	keepManyJobs = time.Minute
	manyJobs     = 32
)

// jobs are the queries whose results may still be asked for.
type jobs struct {
	server *Server
	mu     sync.Mutex
	byID   map[string]*job
}

func newJobs(s *Server) *jobs { return &jobs{server: s, byID: map[string]*job{}} }

// start runs a job, of which the id and the query or the load are given, in the
// background.
func (js *jobs) start(j *job) error {
	j.id = cmp.Or(j.id, "job_"+rand.Text())
	js.mu.Lock()
	defer js.mu.Unlock()
	if js.byID[j.id] != nil {
		return duplicate("Job %s:%s.%s", js.server.options.Project, js.server.options.Location, j.id)
	}
	js.expire()
	js.byID[j.id] = j
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(j.timeout, math.MaxInt64))
	j.created, j.used, j.cancel, j.done = time.Now(), time.Now(), cancel, make(chan struct{})
	work := js.server.run
	if j.load != nil {
		work = js.server.load
	}
	go func() {
		defer close(j.done)
		if err := work(ctx, j); err != nil {
			j.err = asFailure(err)
			if ctx.Err() != nil {
				j.err = &failure{code: 400, reason: "stopped", message: "Job execution was cancelled: " + ctx.Err().Error()}
			}
		}
		j.ended = time.Now()
	}()
	return nil
}

// expire forgets the jobs for which nobody asks. Called with mu held.
func (js *jobs) expire() {
	keep := keepJob
	if len(js.byID) >= manyJobs {
		keep = keepManyJobs
	}
	for id, j := range js.byID {
		if j.finished() && time.Since(j.used) > keep {
			delete(js.byID, id)
			go j.free()
		}
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

func (s *Server) reference(j *job) *bq.JobReference {
	r := &bq.JobReference{ProjectId: s.options.Project, JobId: j.id, Location: s.options.Location}
	if j.query != nil {
		r.Location = cmp.Or(j.query.Location, r.Location)
	}
	return r
}

// jobResource is what jobs.get tells of a job.
func (s *Server) jobResource(j *job) *bq.Job {
	resource := &bq.Job{
		Kind:          "bigquery#job",
		Id:            fmt.Sprintf("%s:%s.%s", s.options.Project, s.options.Location, j.id),
		JobReference:  s.reference(j),
		Configuration: &bq.JobConfiguration{JobType: "LOAD", Load: j.load},
		Statistics:    &bq.JobStatistics{CreationTime: j.created.UnixMilli(), StartTime: j.created.UnixMilli()},
		Status:        &bq.JobStatus{State: "RUNNING"},
	}
	if j.query != nil {
		standard := false
		resource.Configuration = &bq.JobConfiguration{JobType: "QUERY", DryRun: j.query.DryRun, Query: &bq.JobConfigurationQuery{
			Query: j.query.Query, UseLegacySql: &standard,
		}}
	}
	if !j.finished() {
		return resource
	}
	resource.Status.State = "DONE"
	resource.Statistics.EndTime = j.ended.UnixMilli()
	resource.Statistics.Load = j.loaded
	if j.err != nil {
		resource.Status.ErrorResult = j.err.proto()
		resource.Status.Errors = []*bq.ErrorProto{j.err.proto()}
	}
	if j.query == nil {
		return resource
	}
	resource.Statistics.Query = &bq.JobStatistics2{StatementType: string(j.kind)}
	if j.err != nil {
		return resource
	}
	if j.kind.Changes() {
		resource.Statistics.Query.NumDmlAffectedRows = j.affected
		resource.Statistics.Query.ForceSendFields = []string{"NumDmlAffectedRows"}
	}
	resource.Statistics.Query.Schema = &bq.TableSchema{Fields: j.fields}
	return resource
}
