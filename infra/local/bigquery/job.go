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
	id       string
	location string // where it is to run, if it says so
	query    *queryRequest
	load     *bq.JobConfigurationLoad // instead of a query
	created  time.Time
	used     time.Time // guarded by jobs.mu
	cancel   context.CancelFunc
	done     chan struct{}

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

// keepJob is how long a job is kept after it was last asked for.
const keepJob = 5 * time.Minute

// jobs are those whose results may still be asked for.
type jobs struct {
	*Server
	mu   sync.Mutex
	byID map[string]*job
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
	j.created, j.used, j.cancel, j.done = time.Now(), time.Now(), cancel, make(chan struct{})
	if err := js.add(j); err != nil {
		cancel()
		return err
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

// add takes up a job, and forgets those for which nobody asks. Of a dry run
// nothing is kept.
func (js *jobs) add(j *job) error {
	js.mu.Lock()
	defer js.mu.Unlock()
	if js.byID[j.id] != nil {
		return duplicate("Job %s", js.fullID(j.id))
	}
	for id, old := range js.byID {
		if old.finished() && time.Since(old.used) > keepJob {
			delete(js.byID, id)
			go js.dropResult(old)
		}
	}
	if j.query == nil || !j.query.DryRun {
		js.byID[j.id] = j
	}
	return nil
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
