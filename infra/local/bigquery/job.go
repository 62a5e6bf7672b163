package bigquery

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	bq "google.golang.org/api/bigquery/v2"
)

// job is a query, or a load, that runs or has run.
type job struct {
	id       string
	location string // where it is to run, if it says so
	query    *queryRequest
	load     *bq.JobConfigurationLoad // instead of a query
	created  time.Time
	cancel   context.CancelFunc
	done     chan struct{}

	// Guarded by jobs.mu.
	used    time.Time
	readers int // calls that wait for the result or read it, and the job itself while it runs
	columns int // that the result takes, once there is one

	// What follows is set before done is closed.
	ended   time.Time
	err     *failure
	result  string // the table of the query's rows, if it gives any
	total   int64  // rows of the result
	queried *bq.JobStatistics2
	loaded  *bq.JobStatistics3
}

// A job is kept for some time after it was last asked for, unless later results
// need the room: a column costs DuckDB some 25 kB that never go to disk, be there
// but one row.
const (
	keepJob     = 5 * time.Minute
	keepColumns = 2000
)

// jobs are those whose results may still be asked for.
type jobs struct {
	*Server
	running sync.WaitGroup
	mu      sync.Mutex
	byID    map[string]*job
}

func newJobs(s *Server) *jobs { return &jobs{Server: s, byID: map[string]*job{}} }

// start runs a job, of which the id and the query or the load are given, in the
// background, as long as the timeout lets it if there is one.
func (js *jobs) start(j *job, timeoutMs int64) (err error) {
	work := js.run
	switch {
	case j.load != nil:
		work, err = js.load, js.checkLoad(j.load)
	case j.query.UseLegacySQL == nil || *j.query.UseLegacySQL:
		err = notImplemented("legacy SQL: set useLegacySql to false")
	}
	if err != nil {
		return err
	}
	timeout := cmp.Or(time.Duration(timeoutMs)*time.Millisecond, math.MaxInt64)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	j.id = cmp.Or(j.id, "job_"+rand.Text())
	j.created, j.used, j.cancel, j.done, j.readers = time.Now(), time.Now(), cancel, make(chan struct{}), 1
	if err := js.add(j); err != nil {
		cancel()
		return err
	}
	js.running.Go(func() {
		defer cancel()
		if err := work(ctx, j); err != nil {
			j.err = asFailure(err)
			if ctx.Err() != nil {
				j.err = &failure{http.StatusBadRequest, "stopped", "Job execution was cancelled: " + ctx.Err().Error()}
			}
		}
		js.end(j)
	})
	return nil
}

// add takes up a job. Of a dry run nothing is kept.
func (js *jobs) add(j *job) error {
	js.mu.Lock()
	defer js.mu.Unlock()
	if js.byID[j.id] != nil {
		return duplicate("Job %s", js.fullID(j.id))
	}
	if j.query == nil || !j.query.DryRun {
		js.byID[j.id] = j
	}
	return nil
}

// end tells that a job is done, and forgets those for which nobody asks.
func (js *jobs) end(j *job) {
	js.mu.Lock()
	j.ended, j.used, j.readers = time.Now(), time.Now(), j.readers-1
	if j.result != "" {
		j.columns = leaves(j.queried.Schema.Fields)
	}
	close(j.done)
	var forgotten []string // results
	later := 0             // columns of the results that were asked for later
	latest := func(a, b *job) int { return b.used.Compare(a.used) }
	for _, old := range slices.SortedFunc(maps.Values(js.byID), latest) {
		crowded := old.columns > 0 && later > 0 && later+old.columns > keepColumns
		if old.readers == 0 && (crowded || time.Since(old.used) > keepJob) {
			delete(js.byID, old.id)
			forgotten = append(forgotten, old.result)
		}
		later += old.columns
	}
	js.mu.Unlock()
	for _, result := range forgotten {
		if result == "" {
			continue
		}
		if _, err := js.db.ExecContext(context.Background(), "DROP TABLE IF EXISTS "+result); err != nil {
			js.log.Warn("result not dropped", "table", result, "error", err)
		}
	}
}

// leaves counts the columns that fields are stored in.
func leaves(fields []*field) (n int) {
	for _, f := range fields {
		n += max(1, leaves(f.Fields))
	}
	return n
}

// hold counts the readers of a job's result, which is kept for them.
func (js *jobs) hold(j *job, readers int) {
	js.mu.Lock()
	defer js.mu.Unlock()
	j.readers += readers
	j.used = time.Now()
}

func (js *jobs) find(id string) (*job, error) {
	js.mu.Lock()
	defer js.mu.Unlock()
	if j := js.byID[id]; j != nil {
		j.used = time.Now()
		return j, nil
	}
	return nil, notFound("Job %s", js.fullID(id))
}

// close ends all jobs.
func (js *jobs) close() {
	js.mu.Lock()
	for _, j := range js.byID {
		j.cancel()
	}
	js.mu.Unlock()
	js.running.Wait()
}

// fullID is a job's id as messages and resources have it.
func (s *Server) fullID(id string) string {
	return s.options.Project + ":" + s.options.Location + "." + id
}

func (s *Server) reference(j *job) *bq.JobReference {
	return &bq.JobReference{ProjectId: s.options.Project, JobId: j.id, Location: cmp.Or(j.location, s.options.Location)}
}

// jobResource is what jobs.get tells of a job.
func (s *Server) jobResource(j *job) *bq.Job {
	resource := &bq.Job{
		Kind:          "bigquery#job",
		Id:            s.fullID(j.id),
		JobReference:  s.reference(j),
		Configuration: &bq.JobConfiguration{JobType: "LOAD", Load: j.load},
		Statistics:    &bq.JobStatistics{CreationTime: j.created.UnixMilli(), StartTime: j.created.UnixMilli()},
		Status:        &bq.JobStatus{State: "RUNNING"},
	}
	if j.query != nil {
		query := &bq.JobConfigurationQuery{Query: j.query.Query, UseLegacySql: new(bool)}
		resource.Configuration = &bq.JobConfiguration{JobType: "QUERY", DryRun: j.query.DryRun, Query: query}
	}
	select {
	case <-j.done:
	default:
		return resource
	}
	resource.Status.State = "DONE"
	resource.Statistics.EndTime = j.ended.UnixMilli()
	resource.Statistics.Query, resource.Statistics.Load = j.queried, j.loaded
	if j.err != nil {
		resource.Status.ErrorResult = j.err.proto()
		resource.Status.Errors = []*bq.ErrorProto{j.err.proto()}
	}
	return resource
}
