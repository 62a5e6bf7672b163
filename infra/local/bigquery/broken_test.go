package bigquery

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestBrokenDatabase has DuckDB give its file up in a checkpoint: Serve ends, and
// the next server has all that was committed.
func TestBrokenDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openHere(t, dir)
	served := make(chan error, 1)
	rest, write := listenHere(t), listenHere(t)
	go func() { served <- s.Serve(rest, write) }()
	s.post(t, "datasets", `{"datasetReference": {"datasetId": "ztf"}}`)
	s.ask(t, "CREATE TABLE ztf.alerts (candid INT64, cutout STRING)")
	if _, err := s.db.Exec("SET debug_checkpoint_abort = 'before_header'"); err != nil {
		t.Fatal(err)
	}
	// More than a write-ahead log's worth.
	s.ask(t, "INSERT ztf.alerts SELECT n, REPEAT('x', 100000) FROM UNNEST(GENERATE_ARRAY(1, 800)) AS n")
	if err := <-served; err == nil || !strings.Contains(err.Error(), "invalidated") {
		t.Errorf("Serve = %v, want that the database has been invalidated", err)
	}
	_ = s.Close() // which says the same

	again := openHere(t, dir)
	if answer := again.ask(t, "SELECT COUNT(*) AS n FROM ztf.alerts"); !strings.Contains(answer, `"v":"800"`) {
		t.Errorf("after it: %s, want 800 rows", answer)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func openHere(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Open(Options{Dir: dir, Project: "sky", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listenHere is house.Listen, which imports this package.
func listenHere(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (s *Server) ask(t *testing.T, query string) string {
	t.Helper()
	return s.post(t, "queries", `{"useLegacySql": false, "query": "`+query+`"}`)
}

// post calls the REST API without a client, which would repeat what fails.
func (s *Server) post(t *testing.T, path, body string) string {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/projects/sky/"+path, strings.NewReader(body))
	recorder := httptest.NewRecorder()
	s.rest.Handler.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusOK {
		t.Errorf("%s: %s", path, recorder.Body)
	}
	return recorder.Body.String()
}
