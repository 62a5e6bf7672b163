package storage

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// patch asks for a change of the object "first".
func patch(t *testing.T, b *bucket, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	return request(t, b, http.MethodPatch, "/storage/v1/b/bucket/o/first", "", body)
}

// TestStalledPatch: the bucket does not wait for a client that is still sending
// its patch.
func TestStalledPatch(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	mustCreate(t, b, "first", "first")
	body, sender := io.Pipe()
	answered := make(chan *httptest.ResponseRecorder)
	go func() { answered <- patch(t, b, body) }()
	if _, err := io.WriteString(sender, `{"contentType":`); err != nil { // returns once it is read
		t.Fatal(err)
	}
	if !b.mu.TryLock() {
		t.Error("the bucket is locked while a patch arrives")
	} else {
		b.mu.Unlock()
	}
	if _, err := io.WriteString(sender, `"text/plain"}`); err != nil {
		t.Fatal(err)
	}
	sender.Close()
	if w := <-answered; w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "text/plain") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestLinks: every answer has them, and the journal none.
func TestLinks(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	mustCreate(t, b, "first", "first")
	const path = "/storage/v1/b/bucket/o"
	for what, w := range map[string]*httptest.ResponseRecorder{
		"patch": patch(t, b, strings.NewReader(`{"contentType": "text/plain"}`)),
		"get":   request(t, b, http.MethodGet, path+"/first", "", nil),
		"list":  request(t, b, http.MethodGet, path, "", nil),
	} {
		for _, link := range []string{path + `/first"`, "/download" + path + "/first?"} {
			if !strings.Contains(w.Body.String(), link) {
				t.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
		}
	}
	kept, err := os.ReadFile(b.path(journalFile))
	if err != nil || strings.Contains(string(kept), path) {
		t.Errorf("the journal: %s, error %v", kept, err)
	}
}

// TestPatchOfTheRest: what no patch can change may be said again, and nothing
// else of it.
func TestPatchOfTheRest(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	mustCreate(t, b, "first", "first")
	for _, change := range []string{
		`"storageClass": "COLDLINE"`, `"name": "b"`, `"bucket": "b"`, `"md5Hash": "zzz"`, `"md5Hash": null`, `"size": "7"`,
		`"generation": "1"`, `"timeCreated": "2021-07-01T00:00:00Z"`, `"selfLink": "http://elsewhere"`,
	} {
		w := patch(t, b, strings.NewReader(`{"metadata": {"site": "Palomar"}, `+change+`}`))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "other fields than contentType") {
			t.Errorf("%s: %d %s", change, w.Code, w.Body)
		}
	}
	for _, zone := range []string{`Z"`, `+00:00"`} {
		same := request(t, b, http.MethodGet, "/storage/v1/b/bucket/o/first", "", nil).Body.String()
		if strings.Contains(same, "Palomar") {
			t.Errorf("a patch that was refused: %s", same)
		}
		if w := patch(t, b, strings.NewReader(strings.ReplaceAll(same, `Z"`, zone))); w.Code != http.StatusOK {
			t.Errorf("the same, with times in %s: %d %s", zone, w.Code, w.Body)
		}
	}
}
