package bigquery

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// queryRequest is a query as jobs.query sends it; jobs.insert's configuration
// has the same members where both have one. What is of any type changes nothing
// here.
type queryRequest struct {
	Query          string               `json:"query"`
	UseLegacySQL   *bool                `json:"useLegacySql"`
	DefaultDataset *bq.DatasetReference `json:"defaultDataset"`
	Parameters     []queryParameter     `json:"queryParameters"`
	DryRun         bool                 `json:"dryRun"`
	MaxResults     *int64               `json:"maxResults"`
	TimeoutMs      int64                `json:"timeoutMs"`
	Location       string               `json:"location"`
	JobTimeoutMs   int64                `json:"jobTimeoutMs,string"`
	Format         struct {
		UseInt64Timestamp bool `json:"useInt64Timestamp"`
	} `json:"formatOptions"`

	CreateSession bool            `json:"createSession"`    // refused
	Destination   json.RawMessage `json:"destinationTable"` // refused

	Kind            any `json:"kind"`
	Labels          any `json:"labels"`
	Priority        any `json:"priority"`
	UseQueryCache   any `json:"useQueryCache"`
	ParameterMode   any `json:"parameterMode"`
	RequestID       any `json:"requestId"`
	JobCreationMode any `json:"jobCreationMode"`
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
	j := &job{query: request, timeout: time.Duration(request.JobTimeoutMs) * time.Millisecond}
	if err := s.jobs.start(j); err != nil {
		return nil, err
	}
	p := page{limit: pageRows, timeFormat: timeFormat{request.Format.UseInt64Timestamp}}
	if request.MaxResults != nil {
		p.limit = *request.MaxResults
	}
	answer, err := s.results(r, j, p, request.TimeoutMs)
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
	if j.query == nil {
		return nil, invalid("Job %s is no query: it has no results", j.id)
	}
	p, err := readPage(r)
	if err != nil {
		return nil, err
	}
	timeout, _ := strconv.ParseInt(r.URL.Query().Get("timeoutMs"), 10, 64)
	return s.results(r, j, p, timeout)
}

// queryAnswer is what both calls send.
type queryAnswer struct {
	Kind         string           `json:"kind"`
	JobReference *bq.JobReference `json:"jobReference"`
	JobComplete  bool             `json:"jobComplete"`
	Schema       *bq.TableSchema  `json:"schema,omitempty"`
	Affected     *int64           `json:"numDmlAffectedRows,omitempty,string"`
	Bytes        int64            `json:"totalBytesProcessed,string"`
	CacheHit     bool             `json:"cacheHit"`
	pageAnswer
}

func (s *Server) results(r *http.Request, j *job, p page, timeoutMs int64) (any, error) {
	answer := &queryAnswer{Kind: "bigquery#queryResponse", JobReference: s.reference(j)}
	timer := time.NewTimer(cmp.Or(time.Duration(timeoutMs)*time.Millisecond, defaultWait))
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
	const condition = "WHERE rowid >= %[1]d AND rowid < %[1]d + %[2]d"
	var err error
	answer.pageAnswer, err = s.readRows(r.Context(), j.result, condition, j.fields, j.total, p)
	return answer, err
}

// insertJob answers jobs.insert, for queries and loads.
func (s *Server) insertJob(r *http.Request) (any, error) {
	var request struct {
		JobReference  bq.JobReference `json:"jobReference"`
		Configuration struct {
			Query        *queryRequest            `json:"query"`
			Load         *bq.JobConfigurationLoad `json:"load"`
			Copy         any                      `json:"copy"`
			Extract      any                      `json:"extract"`
			DryRun       bool                     `json:"dryRun"`
			JobType      string                   `json:"jobType"`
			JobTimeoutMs int64                    `json:"jobTimeoutMs,string"`
			Labels       any                      `json:"labels"`
		} `json:"configuration"`
		Kind string `json:"kind"`
	}
	if err := decode(r, &request); err != nil {
		return nil, err
	}
	c := request.Configuration
	var err error
	switch {
	case c.Load != nil && c.DryRun:
		err = notImplemented("a dry run of a load job")
	case c.Load != nil:
		err = s.checkLoad(c.Load)
	case c.Query != nil:
		c.Query.DryRun, c.Query.Location = c.DryRun, request.JobReference.Location
		err = c.Query.check()
	default:
		err = notImplemented("copy and extract jobs")
	}
	if err != nil {
		return nil, err
	}
	j := &job{
		id: request.JobReference.JobId, query: c.Query, load: c.Load,
		timeout: time.Duration(c.JobTimeoutMs) * time.Millisecond,
	}
	if err := s.jobs.start(j); err != nil {
		return nil, err
	}
	if c.DryRun {
		defer s.jobs.forget(j)
		<-j.done
		if j.err != nil {
			return nil, j.err
		}
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
