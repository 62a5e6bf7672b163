package bucket

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestOpenKeepsConnections reads more files at once than the client's own
// connections would be kept for, twice: the second time few dial.
func TestOpenKeepsConnections(t *testing.T) {
	const together = 200
	var reading sync.WaitGroup // until all are there, so that each has its own connection
	var dialled atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reading.Done()
		reading.Wait()
		_, _ = w.Write([]byte("alert"))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			dialled.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	t.Setenv("STORAGE_EMULATOR_HOST", server.URL)
	client, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })

	for range 2 {
		reading.Add(together)
		var done sync.WaitGroup
		for range together {
			done.Go(func() {
				file, err := client.Bucket("alerts").Object("1.avro").NewReader(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				defer file.Close()
				if content, err := io.ReadAll(file); err != nil || string(content) != "alert" {
					t.Errorf("read %q, %v", content, err)
				}
			})
		}
		done.Wait()
	}
	// A connection may be on its way back when the next reader looks for one.
	if n := dialled.Load(); n > together+together/10 {
		t.Errorf("%d connections were made for %d readers", n, together)
	}
}

func TestOpenWithoutCredentials(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "credentials.json")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", missing)
	if _, err := Open(t.Context()); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("error is %v, want one that names %s", err, missing)
	}
}
