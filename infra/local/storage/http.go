package storage

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// reservedBuckets would hide the API's own paths from downloads.
var reservedBuckets = []string{"storage", "upload", "download", "resumable", "batch"}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	api := func(pattern string, serve func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, s.report(serve, (*apiError).writeJSON))
	}
	api("POST /storage/v1/b", s.insertBucket)
	api("GET /storage/v1/b", s.listBuckets)
	api("GET /storage/v1/b/{bucket}", s.getBucket)
	api("DELETE /storage/v1/b/{bucket}", s.removeBucket)

	api("POST /storage/v1/b/{bucket}/notificationConfigs", s.onBucket(s.insertNotification))
	api("GET /storage/v1/b/{bucket}/notificationConfigs", s.onBucket(s.listNotifications))
	api("GET /storage/v1/b/{bucket}/notificationConfigs/{id}", s.onBucket(s.getNotification))
	api("DELETE /storage/v1/b/{bucket}/notificationConfigs/{id}", s.onBucket(s.deleteNotification))

	api("GET /storage/v1/b/{bucket}/o", s.onBucket(s.listObjects, listParameters...))
	api("GET /storage/v1/b/{bucket}/o/{object}", s.getObject)
	api("PATCH /storage/v1/b/{bucket}/o/{object}", s.patchObject)
	api("DELETE /storage/v1/b/{bucket}/o/{object}", s.deleteObject)
	api("POST /storage/v1/b/{bucket}/o/{object}/compose", s.compose)
	api("GET /download/storage/v1/b/{bucket}/o/{object}", s.getObject)

	api("POST /upload/storage/v1/b/{bucket}/o", s.upload)
	api("PUT /upload/storage/v1/b/{bucket}/o", s.continueUpload)
	api("DELETE /upload/storage/v1/b/{bucket}/o", s.cancelUpload)

	for _, prefix := range reservedBuckets {
		api("/"+prefix+"/{rest...}", refuseMethod)
	}
	mux.HandleFunc("/{bucket}/{object...}", s.report(s.downloadXML, (*apiError).writeXML))
	return withPrefix(mux)
}

// withPrefix takes requests that leave the API's prefix out, as the client for
// Node sends them to a server that its environment names. No bucket has a name
// as short as "b".
func withPrefix(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/b" || strings.HasPrefix(r.URL.Path, "/b/") {
			const prefix = "/storage/v1"
			r.URL.RawPath = prefix + r.URL.EscapedPath()
			r.URL.Path = prefix + r.URL.Path
		}
		api.ServeHTTP(w, r)
	})
}

// onBucket serves requests about one bucket that know these parameters.
func (s *Server) onBucket(serve func(*bucket, http.ResponseWriter, *http.Request) error, parameters ...string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := only(r, parameters...); err != nil {
			return err
		}
		b, err := s.bucket(r.PathValue("bucket"))
		if err != nil {
			return err
		}
		return serve(b, w, r)
	}
}

func refuseMethod(_ http.ResponseWriter, r *http.Request) error {
	return unsupported(r.Method + " " + r.URL.Path)
}

// report turns a handler that returns its error into one that answers it. Our
// own faults are logged, for the client only learns that there was one.
func (s *Server) report(serve func(http.ResponseWriter, *http.Request) error, write func(*apiError, http.ResponseWriter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := serve(w, r)
		if err == nil {
			return
		}
		known := asAPIError(err)
		if known.code == http.StatusInternalServerError {
			s.options.Logger.ErrorContext(r.Context(), "storage request",
				slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Any("error", err))
		}
		write(known, w)
	}
}

// commonParameters have no effect on one machine, or have it everywhere. There
// are no access lists, so both projections look alike; nobody pays.
var commonParameters = []string{"alt", "fields", "prettyPrint", "projection", "userProject", "quotaUser", "key"}

// refusedHeaders ask for encryption with a customer's key.
var refusedHeaders = []string{"X-Goog-Encryption-Algorithm", "X-Goog-Encryption-Key", "X-Goog-Encryption-Key-Sha256"}

// only refuses every parameter that is neither named here nor common.
func only(r *http.Request, known ...string) error {
	for name, values := range r.URL.Query() {
		harmless := values[0] == "" || values[0] == "false"
		if !harmless && !slices.Contains(known, name) && !slices.Contains(commonParameters, name) {
			return invalidParameter(name, "The local storage server does not support the parameter %s.", name)
		}
	}
	for _, name := range refusedHeaders {
		if r.Header.Get(name) != "" {
			return unsupported("the header " + name)
		}
	}
	return nil
}

// conditionParameters are the preconditions, by their names in a query.
var conditionParameters = []string{
	"ifGenerationMatch", "ifGenerationNotMatch", "ifMetagenerationMatch", "ifMetagenerationNotMatch",
}

// generation reads the generation parameter; 0 if there is none.
func generation(r *http.Request) (int64, error) {
	value := r.URL.Query().Get("generation")
	if value == "" {
		return 0, nil
	}
	number, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, invalidParameter("generation", "Invalid value for generation: %q", value)
	}
	return number, nil
}

// maxBodyBytes bounds the JSON of a resource.
const maxBodyBytes = 1 << 20

// decode reads a resource. A field that this server does not keep is refused by
// its name. No body is a resource without fields.
func decode(body io.Reader, into any) error {
	decoder := json.NewDecoder(io.LimitReader(body, maxBodyBytes))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return invalid("Parse Error: %v", err)
	}
	return nil
}

// reply answers a resource, reduced to the fields that the request asks for.
func reply(w http.ResponseWriter, r *http.Request, resource any) error {
	text, err := json.Marshal(resource)
	if err != nil {
		return err
	}
	if mask := r.URL.Query().Get("fields"); mask != "" {
		if text, err = reduce(text, mask); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	_, _ = w.Write(text)
	return nil
}
