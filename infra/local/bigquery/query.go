package bigquery

import (
	"cmp"
	"context"
	"net/http"
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
	MaxResults     int64                `json:"maxResults"`
	TimeoutMs      int64                `json:"timeoutMs"`
	Location       string               `json:"location"`
	JobTimeoutMs   int64                `json:"jobTimeoutMs,string"`
	Format         struct {
		UseInt64Timestamp bool `json:"useInt64Timestamp"`
	} `json:"formatOptions"`

	Kind            any `json:"kind"`
	Labels          any `json:"labels"`
	Priority        any `json:"priority"`
	UseQueryCache   any `json:"useQueryCache"`
	ParameterMode   any `json:"parameterMode"`
	RequestID       any `json:"requestId"`
	JobCreationMode any `json:"jobCreationMode"`
}

// defaultWait is how long a call waits for a query unless it says otherwise.
const defaultWait = 10 * time.Second

// query answers jobs.query: it runs a query and sends the first rows.
func (s *Server) query(r *http.Request) (any, error) {
	q := &queryRequest{MaxResults: pageRows}
	if err := decode(r, q); err != nil {
		return nil, err
	}
	j := &job{location: q.Location, query: q}
	if err := s.jobs.start(j, q.JobTimeoutMs); err != nil {
		return nil, err
	}
	return s.results(r, j, page{limit: q.MaxResults, timeoutMs: q.TimeoutMs, microsecond: q.Format.UseInt64Timestamp})
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
	return s.results(r, j, p)
}

// queryAnswer is what both calls send.
type queryAnswer struct {
	JobReference *bq.JobReference `json:"jobReference"`
	JobComplete  bool             `json:"jobComplete"`
	Schema       *bq.TableSchema  `json:"schema,omitempty"`
	Affected     *int64           `json:"numDmlAffectedRows,omitempty,string"`
	Bytes        int64            `json:"totalBytesProcessed,string"`
	pageAnswer
}

// results waits for a query, as long as is asked, and tells what it gave.
func (s *Server) results(r *http.Request, j *job, p page) (any, error) {
	s.jobs.hold(j, 1)
	defer s.jobs.hold(j, -1)
	answer := &queryAnswer{JobReference: s.reference(j), pageAnswer: pageAnswer{Kind: "bigquery#queryResponse"}}
	wait, stop := context.WithTimeout(r.Context(), cmp.Or(time.Duration(p.timeoutMs)*time.Millisecond, defaultWait))
	defer stop()
	select {
	case <-j.done:
	case <-wait.Done():
		return answer, nil
	}
	if j.err != nil {
		return nil, j.err
	}
	answer.JobComplete, answer.Schema = true, j.queried.Schema
	if googlesql.Kind(j.queried.StatementType).Changes() {
		answer.Affected = &j.queried.NumDmlAffectedRows
	}
	if j.result == "" {
		return answer, nil
	}
	const condition = "WHERE rowid >= %[1]d AND rowid < %[1]d + %[2]d"
	return answer, s.readRows(r.Context(), &answer.pageAnswer, j.result, condition, j.queried.Schema.Fields, j.total, p)
}

// insertJob answers jobs.insert, for queries and loads.
func (s *Server) insertJob(r *http.Request) (any, error) {
	var request struct {
		JobReference  bq.JobReference `json:"jobReference"`
		Configuration struct {
			Query        *queryRequest            `json:"query"`
			Load         *bq.JobConfigurationLoad `json:"load"`
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
	if (c.Query == nil) == (c.Load == nil) || c.Load != nil && c.DryRun {
		return nil, notImplemented("jobs but queries and loads, and dry runs of loads")
	}
	if c.Query != nil {
		c.Query.DryRun, c.Query.Location = c.DryRun, request.JobReference.Location
	}
	j := &job{id: request.JobReference.JobId, location: request.JobReference.Location, query: c.Query, load: c.Load}
	if err := s.jobs.start(j, c.JobTimeoutMs); err != nil {
		return nil, err
	}
	if c.DryRun {
		if <-j.done; j.err != nil {
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
