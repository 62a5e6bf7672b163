package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
)

// reservedBuckets would hide the API's own paths from downloads.
var reservedBuckets = []string{"b", "storage", "upload", "download", "resumable", "batch"}

// Handler serves the JSON API, uploads, and downloads at /bucket/object. Behind
// each path stand the parameters that it knows.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	api := func(pattern string, serve handler, parameters ...string) {
		mux.HandleFunc(pattern, s.handle(serve, parameters))
	}
	const object, configurations = "/b/{bucket}/o/{object}", "/b/{bucket}/notificationConfigs"
	// The client for Node leaves the prefix out, where its environment names the server.
	for _, prefix := range []string{"/storage/v1", ""} {
		api("POST "+prefix+"/b", s.insertBucket, "project")
		api("GET "+prefix+"/b", s.listBuckets, "project", "prefix", "pageToken", "maxResults")
		api("GET "+prefix+"/b/{bucket}", locked((*bucket).get))
		api("GET "+prefix+"/b/{bucket}/storageLayout", locked((*bucket).layout), "prefix")
		api("DELETE "+prefix+"/b/{bucket}", s.deleteBucket)

		api("POST "+prefix+configurations, (*bucket).insertNotification)
		api("GET "+prefix+configurations, locked((*bucket).listNotifications))
		api("DELETE "+prefix+configurations+"/{id}", locked((*bucket).deleteNotification))

		api("GET "+prefix+"/b/{bucket}/o", locked((*bucket).list),
			"prefix", "delimiter", "startOffset", "endOffset", "pageToken", "maxResults", "includeFoldersAsPrefixes", "versions")
		api("GET "+prefix+object, (*bucket).getObject, "generation", "ifGenerationMatch")
		api("PATCH "+prefix+object, (*bucket).patchObject, "generation", "ifGenerationMatch")
		api("DELETE "+prefix+object, locked((*bucket).deleteObject), "generation", "ifGenerationMatch")
		api("POST "+prefix+object+"/compose", (*bucket).compose, "ifGenerationMatch")
		api("POST "+prefix+object+"/rewriteTo/b/{to}/o/{copy}", s.rewrite,
			"ifGenerationMatch", "sourceGeneration", "ifSourceGenerationMatch", "maxBytesRewrittenPerCall")
	}
	api("GET /download/storage/v1"+object, (*bucket).getObject, "generation", "ifGenerationMatch")
	for _, prefix := range []string{"POST /", "PUT /", "POST /resumable/", "PUT /resumable/"} {
		api(prefix+"upload/storage/v1/b/{bucket}/o", (*bucket).upload, "uploadType", "name", "ifGenerationMatch", "upload_id")
	}
	for _, prefix := range reservedBuckets {
		mux.HandleFunc("/"+prefix+"/{rest...}", func(w http.ResponseWriter, r *http.Request) {
			unsupported(r.Method + " " + r.URL.Path).write(w)
		})
	}
	download := s.handle((*bucket).downloadXML, []string{"generation"})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bucket, object, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if bucket == "" || slices.Contains(reservedBuckets, bucket) {
			mux.ServeHTTP(w, r)
			return
		}
		// The mux would take "a//b" and "a/./b" for the object "a/b".
		r.SetPathValue("bucket", bucket)
		r.SetPathValue("object", object)
		download(w, r)
	})
}

// handler serves a request whose parameters are in r.Form; b is the bucket that
// its path names, if it does. The resource that it returns is answered: nothing,
// or what it has written itself, if it says so.
type handler func(b *bucket, w http.ResponseWriter, r *http.Request) (resource any, err error)

// written is returned by a handler that has answered itself.
type written struct{}

// handle refuses what a handler does not know, and answers what it returns.
func (s *Server) handle(serve handler, parameters []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Form = r.URL.Query()
		b, err := s.bucket(r.PathValue("bucket"))
		err = errors.Join(only(r, parameters), err)
		var resource any
		if err == nil {
			resource, err = serve(b, w, r)
		}
		if err == nil {
			err = reply(w, r, resource)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}
}

// bucket is the bucket of a name, or none if there is no name.
func (s *Server) bucket(name string) (*bucket, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b, ok := s.buckets[name]
	if !ok && name != "" {
		return nil, noSuchBucket()
	}
	return b, nil
}

// fail answers an error. Our own faults are logged, for the client only learns
// that there was one.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var known *apiError
	if !errors.As(err, &known) {
		s.options.Logger.ErrorContext(r.Context(), "storage request",
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Any("error", err))
		known = &apiError{http.StatusInternalServerError, "internalError", "We encountered an internal error. Please try again."}
	}
	known.write(w)
}

// locked makes a handler of one that needs the bucket for itself, and nothing
// from the client any more: no bucket waits for one.
func locked(serve handler) handler {
	return func(b *bucket, w http.ResponseWriter, r *http.Request) (any, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		return serve(b, w, r)
	}
}

// commonParameters have no effect on one machine, or have it everywhere. There
// are no access lists, so both projections look alike; nobody pays.
var commonParameters = []string{"alt", "fields", "prettyPrint", "projection", "userProject", "quotaUser", "key"}

// only refuses every parameter that is neither named here nor common, and takes
// those away that ask for nothing; and it refuses headers that ask for more than
// the API here has.
func only(r *http.Request, known []string) error {
	for name, values := range r.Form {
		switch {
		case slices.Contains(known, name), slices.Contains(commonParameters, name):
		case values[0] == "", strings.EqualFold(values[0], "false"):
			delete(r.Form, name)
		default:
			return unsupported("the parameter " + name)
		}
	}
	for name := range r.Header {
		if strings.Contains(name, "-Encryption-") || name == "X-Goog-If-Metageneration-Match" {
			return unsupported("the header " + name)
		}
	}
	return nil
}

// maxBodyBytes bounds the JSON of a resource.
const maxBodyBytes = 1 << 20

// decode reads a resource. A field that this server does not keep is refused by
// its name. No body is a resource without fields.
func decode(body io.Reader, into any) error {
	decoder := json.NewDecoder(io.LimitReader(body, maxBodyBytes))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	if field, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return unsupported("the field " + strings.Trim(field, `"`))
	}
	return invalid("Parse Error: %v", err)
}

// reply answers a resource, reduced to the fields that the request asks for.
func reply(w http.ResponseWriter, r *http.Request, resource any) error {
	switch resource.(type) {
	case written:
		return nil
	case nil:
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	text, err := json.Marshal(resource)
	if fields := r.Form.Get("fields"); fields != "" && err == nil {
		text, err = reduce(text, fields)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(text)
	return nil
}

// apiError is an error as the JSON API words it.
type apiError struct {
	code    int
	reason  string
	message string
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.code, e.reason, e.message) }

func notFound(format string, values ...any) *apiError {
	return &apiError{http.StatusNotFound, "notFound", fmt.Sprintf(format, values...)}
}

func noSuchBucket() *apiError { return notFound("The specified bucket does not exist.") }

func conflict(message string) *apiError { return &apiError{http.StatusConflict, "conflict", message} }

func invalid(format string, values ...any) *apiError {
	return &apiError{http.StatusBadRequest, "invalid", fmt.Sprintf(format, values...)}
}

// unsupported refuses, by name, what the real service can do and this one
// cannot. It is a client's error, not a 501, since clients retry every 5xx.
func unsupported(what string) *apiError {
	return invalid("The local storage server does not support %s.", what)
}

func (e *apiError) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(e.code)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
		"code": e.code, "message": e.message,
		"errors": []map[string]string{{"domain": "global", "reason": e.reason, "message": e.message}},
	}})
}
