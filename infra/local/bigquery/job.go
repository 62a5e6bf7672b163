package bigquery

import (
	"cmp"
	"context"
	"crypto/rand"
	"math"
	"net/http"
	"sync"
	"time"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// job is a query, or a load, that runs or has run.
type job struct {
	id      string
	query   *queryRequest
	load    *bq.JobConfigurationLoad // instead of a query
	timeout time.Duration            // for ever, if zero
	created time.Time
	used    time.Time // guarded by jobs.mu
	cancel  context.CancelFunc
	done    chan struct{}

	// What follows is set before done is closed.
	ended    time.Time
	kind     googlesql.Kind
	err      *failure
	fields   []*field
	result   string // the table of the query's rows, if it gives any
	total    int64  // rows of the result
	affected int64  // rows that the statement changed
	loaded   *bq.JobStatistics3
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

// A job is forgotten some time after it was last asked for; a little earlier,
// where there are many.
const (
	keepJob      = 10 * time.Minute
	keepManyJobs = time.Minute
	manyJobs     = 32
)

// jobs are those whose results may still be asked for.
type jobs struct {
	*Server
	mu   sync.Mutex
	byID map[string]*job
}

func newJobs(s *Server) *jobs { return &jobs{Server: s, byID: map[string]*job{}} }

// start runs a job, of which the id and the query or the load are given, in the
// background.
func (js *jobs) start(j *job) error {
	j.id = cmp.Or(j.id, "job_"+rand.Text())
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(j.timeout, math.MaxInt64))
	j.created, j.used, j.cancel, j.done = time.Now(), time.Now(), cancel, make(chan struct{})
	js.mu.Lock()
	defer js.mu.Unlock()
	if js.byID[j.id] != nil {
		cancel()
		return duplicate("Job %s", js.fullID(j.id))
	}
	js.expire()
	js.byID[j.id] = j
	work := js.run
	if j.load != nil {
		work = js.Server.load
	}
	go func() {
		defer cancel()
		defer close(j.done)
		if err := work(ctx, j); err != nil {
			j.err = asFailure(err)
			if ctx.Err() != nil {
				j.err = &failure{http.StatusBadRequest, "stopped", "Job execution was cancelled: " + ctx.Err().Error()}
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
			go js.dropResult(j)
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
	return nil, notFound("Job %s", js.fullID(id))
}

// forget ends a job and knows nothing more of it.
func (js *jobs) forget(j *job) {
	js.mu.Lock()
	delete(js.byID, j.id)
	js.mu.Unlock()
	j.cancel()
	<-j.done
	js.dropResult(j)
}

// close ends all jobs.
func (js *jobs) close() {
	js.mu.Lock()
	defer js.mu.Unlock()
	for _, j := range js.byID {
		j.cancel()
		<-j.done
	}
}

// fullID is a job's id as messages and resources have it.
func (s *Server) fullID(id string) string {
	return s.options.Project + ":" + s.options.Location + "." + id
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
	if j.query != nil {
		resource.Statistics.Query = &bq.JobStatistics2{
			StatementType: string(j.kind), Schema: &bq.TableSchema{Fields: j.fields}, NumDmlAffectedRows: j.affected,
		}
		if j.kind.Changes() {
			resource.Statistics.Query.ForceSendFields = []string{"NumDmlAffectedRows"}
		}
	}
	return resource
}
