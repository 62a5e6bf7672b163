package bigquery

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxBody bounds a request's body; the service's own limit on a query is 1 MB.
const maxBody = 10 << 20

// handler answers a call with a value to be sent as JSON, or an error.
type handler func(r *http.Request) (any, error)

// routes is the REST surface, with and without the production prefix: each
// method's path, what answers it, and the URL's parameters that it knows.
func (s *Server) routes() http.Handler {
	const dataset = "/projects/{project}/datasets/{dataset}"
	const rows = "maxResults pageToken startIndex formatOptions.useInt64Timestamp"
	mux := http.NewServeMux()
	for _, route := range []struct {
		pattern    string
		answer     handler
		parameters string
	}{
		{"POST /projects/{project}/datasets", s.insertDataset, ""},
		{"GET /projects/{project}/datasets", s.listDatasets, "all"},
		{"GET " + dataset, s.getDataset, ""},
		{"DELETE " + dataset, s.deleteDataset, "deleteContents"},
		{"POST " + dataset + "/tables", s.insertTable, ""},
		{"GET " + dataset + "/tables", s.listTables, ""},
		{"GET " + dataset + "/tables/{table}", s.getTable, ""},
		{"PATCH " + dataset + "/tables/{table}", s.patchTable, ""},
		{"DELETE " + dataset + "/tables/{table}", s.deleteTable, ""},
		{"GET " + dataset + "/tables/{table}/data", s.listTableData, rows},
		{"POST /projects/{project}/queries", s.query, ""},
		{"GET /projects/{project}/queries/{job}", s.queryResults, rows + " location timeoutMs"},
		{"POST /projects/{project}/jobs", s.insertJob, ""},
		{"GET /projects/{project}/jobs/{job}", s.getJob, "location"},
		{"POST /projects/{project}/jobs/{job}/cancel", s.cancelJob, "location"},
		{"/", func(r *http.Request) (any, error) { return nil, notImplemented("%s %s", r.Method, r.URL.Path) }, ""},
	} {
		// The last three are of the answer's form; fields, that some of it will do.
		mux.Handle(route.pattern, s.answer(route.answer, strings.Fields(route.parameters+" alt prettyPrint fields")))
	}
	mux.Handle("/bigquery/v2/", http.StripPrefix("/bigquery/v2", mux))
	return http.MaxBytesHandler(mux, maxBody)
}

func (s *Server) answer(h handler, parameters []string) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !s.calls.TryRLock() {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		defer s.calls.RUnlock()
		code := http.StatusOK
		value, err := s.call(h, parameters, r)
		if err != nil {
			f := asFailure(err)
			code, value = f.code, f.body()
			if code >= http.StatusInternalServerError {
				s.log.ErrorContext(r.Context(), "call failed", "method", r.Method, "path", r.URL.Path, "error", err)
			}
		}
		if value == nil {
			rw.WriteHeader(http.StatusNoContent)
			return
		}
		rw.Header().Set("Content-Type", "application/json; charset=UTF-8")
		rw.WriteHeader(code)
		if err := json.NewEncoder(rw).Encode(value); err != nil {
			s.log.WarnContext(r.Context(), "answer cut short", "path", r.URL.Path, "error", err)
		}
	})
}

// call refuses another project, and parameters that would change nothing.
func (s *Server) call(h handler, parameters []string, r *http.Request) (any, error) {
	if err := s.checkProject(r.PathValue("project")); err != nil {
		return nil, err
	}
	for name := range r.URL.Query() {
		if r.URL.Query().Get(name) != "" && !slices.Contains(parameters, name) {
			return nil, notImplemented("the parameter %s of %s %s", name, r.Method, r.URL.Path)
		}
	}
	return h(r)
}

func (s *Server) checkProject(project string) error {
	if project != "" && project != s.options.Project {
		return notFound("Project %s", project)
	}
	return nil
}

// decode reads a request's body. A member that the server does not know is
// refused.
func decode(r *http.Request, into any) error { return decodeFrom(r.Body, into) }

func decodeFrom(from io.Reader, into any) error {
	decoder := json.NewDecoder(from)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return notImplemented("the member %s of this request", name)
	}
	return invalid("Invalid JSON payload received: %v", err)
}

// convert reads one form of a resource from another.
func convert(from, into any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return decodeFrom(bytes.NewReader(text), into)
}

// only refuses by name what a resource has beside the known members.
func only(resource any, known ...string) error {
	members := map[string]any{}
	if err := convert(resource, &members); err != nil {
		return err
	}
	for _, name := range known {
		delete(members, name)
	}
	if len(members) > 0 {
		return notImplemented("%s", strings.Join(slices.Sorted(maps.Keys(members)), ", "))
	}
	return nil
}
