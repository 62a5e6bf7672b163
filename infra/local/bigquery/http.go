package bigquery

import (
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

// routes is the REST surface, with and without the production prefix.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"POST /projects/{project}/datasets":                              s.insertDataset,
		"GET /projects/{project}/datasets":                               s.listDatasets,
		"GET /projects/{project}/datasets/{dataset}":                     s.getDataset,
		"DELETE /projects/{project}/datasets/{dataset}":                  s.deleteDataset,
		"POST /projects/{project}/datasets/{dataset}/tables":             s.insertTable,
		"GET /projects/{project}/datasets/{dataset}/tables":              s.listTables,
		"GET /projects/{project}/datasets/{dataset}/tables/{table}":      s.getTable,
		"PATCH /projects/{project}/datasets/{dataset}/tables/{table}":    s.patchTable,
		"DELETE /projects/{project}/datasets/{dataset}/tables/{table}":   s.deleteTable,
		"GET /projects/{project}/datasets/{dataset}/tables/{table}/data": s.listTableData,
		"POST /projects/{project}/queries":                               s.query,
		"GET /projects/{project}/queries/{job}":                          s.queryResults,
		"POST /projects/{project}/jobs":                                  s.insertJob,
		"GET /projects/{project}/jobs/{job}":                             s.getJob,
		"POST /projects/{project}/jobs/{job}/cancel":                     s.cancelJob,
		"/": func(r *http.Request) (any, error) { return nil, notImplemented("%s %s", r.Method, r.URL.Path) },
	} {
		mux.Handle(pattern, s.answer(h))
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if path, ok := strings.CutPrefix(r.URL.Path, "/bigquery/v2"); ok {
			r.URL.Path = path
		}
		r.Body = http.MaxBytesReader(rw, r.Body, maxBody)
		mux.ServeHTTP(rw, r)
	})
}

func (s *Server) answer(h handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var value any
		err := s.checkProject(r.PathValue("project"))
		if err == nil {
			value, err = h(r)
		}
		if err != nil {
			f := asFailure(err)
			if f.code >= http.StatusInternalServerError {
				s.log.ErrorContext(r.Context(), "call failed", "method", r.Method, "path", r.URL.Path, "error", err)
			}
			writeFailure(rw, f)
			return
		}
		if value == nil {
			rw.WriteHeader(http.StatusNoContent)
			return
		}
		rw.Header().Set("Content-Type", "application/json; charset=UTF-8")
		if err := json.NewEncoder(rw).Encode(value); err != nil {
			s.log.WarnContext(r.Context(), "answer cut short", "path", r.URL.Path, "error", err)
		}
	})
}

func (s *Server) checkProject(project string) error {
	if project != "" && project != s.options.Project {
		return notFound("Project %s", project)
	}
	return nil
}

// decode reads a request's body. A member that the server does not know is
// refused.
func decode(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
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

// only refuses by name what a resource has beside the known members.
func only(resource any, known ...string) error {
	members := map[string]any{}
	text, err := json.Marshal(resource)
	if err := errors.Join(err, json.Unmarshal(text, &members)); err != nil {
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
