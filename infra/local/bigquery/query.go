package bigquery

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

type datasetReference struct {
	ProjectID string `json:"projectId"`
	DatasetID string `json:"datasetId"`
}

// queryRequest is a query as jobs.query sends it; jobs.insert's configuration
// has the same members where both have one.
type queryRequest struct {
	Query          string            `json:"query"`
	UseLegacySQL   *bool             `json:"useLegacySql"`
	DefaultDataset *datasetReference `json:"defaultDataset"`
	Parameters     []queryParameter  `json:"queryParameters"`
	DryRun         bool              `json:"dryRun"`
	MaxResults     *int64            `json:"maxResults"`
	TimeoutMs      int64             `json:"timeoutMs"`
	CreateSession  bool              `json:"createSession"`
	Destination    json.RawMessage   `json:"destinationTable"`
	Format         struct {
		UseInt64Timestamp bool `json:"useInt64Timestamp"`
	} `json:"formatOptions"`
}

func (q *queryRequest) check() error {
	switch {
	case q.UseLegacySQL == nil || *q.UseLegacySQL:
		return notImplemented("legacy SQL: set useLegacySql to false")
	case q.CreateSession:
		return notImplemented("sessions")
	case q.Destination != nil:
		return notImplemented("a destination table: use CREATE TABLE ... AS")
	case q.Query == "":
		return invalid("Required parameter is missing: query")
	}
	return nil
}

// defaultWait is how long a call waits for a query unless it says otherwise.
const defaultWait = 10 * time.Second

// query answers jobs.query: it runs a query and sends the first rows.
func (s *Server) query(r *http.Request) (any, error) {
	request := &queryRequest{}
	if err := decode(r, request); err != nil {
		return nil, err
	}
	if err := request.check(); err != nil {
		return nil, err
	}
	j, err := s.jobs.start("", request)
	if err != nil {
		return nil, err
	}
	page := page{limit: -1, microsecond: request.Format.UseInt64Timestamp}
	if request.MaxResults != nil {
		page.limit = *request.MaxResults
	}
	answer, err := s.results(r, j, page, time.Duration(request.TimeoutMs)*time.Millisecond)
	if err != nil || request.DryRun {
		s.jobs.forget(j)
	}
	return answer, err
}

// queryResults answers jobs.getQueryResults: it waits for a query and sends a
// page of its rows.
func (s *Server) queryResults(r *http.Request) (any, error) {
	j, err := s.jobs.find(r.PathValue("job"))
	if err != nil {
		return nil, err
	}
	p, err := readPage(r)
	if err != nil {
		return nil, err
	}
	timeout, _ := strconv.ParseInt(r.URL.Query().Get("timeoutMs"), 10, 64)
	return s.results(r, j, p, time.Duration(timeout)*time.Millisecond)
}

// queryAnswer is what both calls send. Its rows are ready JSON.
type queryAnswer struct {
	Kind         string            `json:"kind"`
	JobReference *bq.JobReference  `json:"jobReference"`
	JobComplete  bool              `json:"jobComplete"`
	Schema       *bq.TableSchema   `json:"schema,omitempty"`
	TotalRows    *int64            `json:"totalRows,omitempty,string"`
	PageToken    string            `json:"pageToken,omitempty"`
	Rows         []json.RawMessage `json:"rows,omitempty"`
	Affected     *int64            `json:"numDmlAffectedRows,omitempty,string"`
	Bytes        int64             `json:"totalBytesProcessed,string"`
	CacheHit     bool              `json:"cacheHit"`
}

func (s *Server) results(r *http.Request, j *job, p page, wait time.Duration) (any, error) {
	if wait <= 0 {
		wait = defaultWait
	}
	answer := &queryAnswer{Kind: "bigquery#queryResponse", JobReference: s.reference(j)}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-j.done:
	case <-timer.C:
		return answer, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if j.err != nil {
		return nil, j.err
	}
	answer.JobComplete = true
	if j.kind.Changes() {
		answer.Affected = &j.affected
	}
	if j.kind != googlesql.Query {
		return answer, nil
	}
	answer.Schema, answer.TotalRows = &bq.TableSchema{Fields: j.fields}, &j.total
	if j.query.DryRun {
		return answer, nil
	}
	var err error
	answer.Rows, answer.PageToken, err = s.readResult(r.Context(), j, p)
	return answer, err
}

func (s *Server) reference(j *job) *bq.JobReference {
	return &bq.JobReference{ProjectId: s.options.Project, JobId: j.id, Location: s.options.Location}
}

// insertJob answers jobs.insert, for queries.
func (s *Server) insertJob(r *http.Request) (any, error) {
	var request struct {
		JobReference  *bq.JobReference `json:"jobReference"`
		Configuration struct {
			Query   *queryRequest   `json:"query"`
			Load    json.RawMessage `json:"load"`
			Copy    json.RawMessage `json:"copy"`
			Extract json.RawMessage `json:"extract"`
			DryRun  bool            `json:"dryRun"`
		} `json:"configuration"`
	}
	if err := decode(r, &request); err != nil {
		return nil, err
	}
	c := request.Configuration
	if c.Load != nil || c.Copy != nil || c.Extract != nil || c.Query == nil {
		return nil, notImplemented("load, copy and extract jobs")
	}
	c.Query.DryRun = c.DryRun
	if err := c.Query.check(); err != nil {
		return nil, err
	}
	var id string
	if request.JobReference != nil {
		id = request.JobReference.JobId
	}
	j, err := s.jobs.start(id, c.Query)
	if err != nil {
		return nil, err
	}
	if !c.DryRun {
		return s.jobResource(j), nil
	}
	defer s.jobs.forget(j)
	<-j.done
	if j.err != nil {
		return nil, j.err
	}
	return s.jobResource(j), nil
}

func (s *Server) getJob(r *http.Request) (any, error) {
	j, err := s.jobs.find(r.PathValue("job"))
	if err != nil {
		return nil, err
	}
	return s.jobResource(j), nil
}

func (s *Server) cancelJob(r *http.Request) (any, error) {
	j, err := s.jobs.find(r.PathValue("job"))
	if err != nil {
		return nil, err
	}
	j.cancel()
	return &bq.JobCancelResponse{Kind: "bigquery#jobCancelResponse", Job: s.jobResource(j)}, nil
}

func (s *Server) jobResource(j *job) *bq.Job {
	standard := false
	resource := &bq.Job{
		Kind:         "bigquery#job",
		Id:           fmt.Sprintf("%s:%s.%s", s.options.Project, s.options.Location, j.id),
		JobReference: s.reference(j),
		Configuration: &bq.JobConfiguration{JobType: "QUERY", DryRun: j.query.DryRun, Query: &bq.JobConfigurationQuery{
			Query: j.query.Query, UseLegacySql: &standard,
		}},
		Statistics: &bq.JobStatistics{CreationTime: j.created.UnixMilli(), StartTime: j.created.UnixMilli()},
		Status:     &bq.JobStatus{State: "RUNNING"},
	}
	if !j.finished() {
		return resource
	}
	resource.Status.State = "DONE"
	resource.Statistics.EndTime = j.ended.UnixMilli()
	resource.Statistics.Query = &bq.JobStatistics2{StatementType: j.kind.String()}
	if j.err != nil {
		resource.Status.ErrorResult = j.err.proto()
		resource.Status.Errors = []*bq.ErrorProto{j.err.proto()}
		return resource
	}
	if j.kind.Changes() {
		resource.Statistics.Query.NumDmlAffectedRows = j.affected
		resource.Statistics.Query.ForceSendFields = []string{"NumDmlAffectedRows"}
	}
	resource.Statistics.Query.Schema = &bq.TableSchema{Fields: j.fields}
	return resource
}
