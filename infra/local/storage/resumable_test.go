package storage

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// request asks a bucket's server, and returns the answer.
func request(t *testing.T, b *bucket, method, target, contentRange string, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, body)
	if contentRange != "" {
		r.Header.Set("Content-Range", contentRange)
	}
	w := httptest.NewRecorder()
	b.server.Handler().ServeHTTP(w, r)
	return w
}

func beginUpload(t *testing.T, b *bucket, condition string) string {
	t.Helper()
	begun := request(t, b, http.MethodPost, "/upload/storage/v1/b/bucket/o?uploadType=resumable&name=tarball"+condition, "", nil)
	return begun.Header().Get("Location")
}

// TestCutOff: a request that ends early, again and again, makes no object of
// what has arrived until then.
func TestCutOff(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	upload := beginUpload(t, b, "")
	cutOff := iotest.ErrReader(io.ErrUnexpectedEOF)
	for _, step := range []struct {
		contentRange, body string
		end                io.Reader
		code               int
	}{
		{"bytes 0-*/*", "01234", cutOff, http.StatusBadRequest},
		{"bytes 0-*/*", "", cutOff, http.StatusBadRequest},
		{"bytes 0-*/*", "012", cutOff, http.StatusBadRequest},
		{"bytes 0-*/*", "01234", cutOff, http.StatusBadRequest},
		{"bytes 0-*/*", "0123", http.NoBody, http.StatusBadRequest},
		{"bytes 0-9/10", "012", cutOff, http.StatusBadRequest},
		{"bytes 0-4/5", "012", cutOff, http.StatusBadRequest},
		{"bytes 0-3/*", "0123", http.NoBody, http.StatusPermanentRedirect},
		{"bytes 0-*/10", "0123", http.NoBody, http.StatusPermanentRedirect},
		{"bytes 0-*/*", "0123456789", http.NoBody, http.StatusOK},
	} {
		if len(b.entries) > 0 {
			t.Fatalf("before %s %q there is an object", step.contentRange, step.body)
		}
		w := request(t, b, http.MethodPut, upload, step.contentRange, io.MultiReader(strings.NewReader(step.body), step.end))
		if w.Code != step.code {
			t.Errorf("%s %q: %d %s", step.contentRange, step.body, w.Code, w.Body)
		}
	}
	if got := contentOf(t, b, "tarball"); got != "0123456789" {
		t.Errorf("tarball holds %q", got)
	}
}

// TestUploadEnds: a fault of ours does not end an upload, a refusal does.
func TestUploadEnds(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	upload, late := beginUpload(t, b, ""), beginUpload(t, b, "&ifGenerationMatch=0")
	journal := b.journal.file
	var err error
	if b.journal.file, err = os.Open(journal.Name()); err != nil { // nothing can be written
		t.Fatal(err)
	}
	put := func(what, upload string, want int) {
		t.Helper()
		if w := request(t, b, http.MethodPut, upload, "bytes 0-3/4", strings.NewReader("0123")); w.Code != want {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	put("a journal that cannot be written", upload, http.StatusInternalServerError)
	_ = b.journal.file.Close()
	b.journal.file = journal
	put("one that can", upload, http.StatusOK)
	generation := b.entries["tarball"].generation
	put("the same again", upload, http.StatusOK)
	if b.entries["tarball"].generation != generation {
		t.Error("the object was made twice")
	}

	put("what is there already", late, http.StatusPreconditionFailed)
	put("the same again", late, http.StatusNotFound)
}

// TestAbandoned: an upload of which nothing is heard for a week ends, and one that
// is done can be asked for a minute more.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := reopen(t, dir)
		left, kept := beginUpload(t, b, ""), beginUpload(t, b, "")
		ask := func(what, upload, contentRange, body string, want int) {
			t.Helper()
			if w := request(t, b, http.MethodPut, upload, contentRange, strings.NewReader(body)); w.Code != want {
				t.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
		}
		time.Sleep(abandoned - time.Hour)
		ask("a chunk", kept, "bytes 0-3/*", "0123", http.StatusPermanentRedirect)
		time.Sleep(abandoned - time.Hour)
		ask("the abandoned one", left, "bytes */*", "", http.StatusNotFound)
		ask("the end of the other", kept, "bytes 4-5/6", "45", http.StatusOK)
		if files, err := os.ReadDir(b.path(stagingFolder)); err != nil || len(files) > 0 {
			t.Errorf("left in staging: %v, error %v", files, err)
		}
		time.Sleep(repeatable / 2)
		ask("the same again", kept, "bytes */6", "", http.StatusOK)
		time.Sleep(repeatable)
		ask("what is long done", kept, "bytes */6", "", http.StatusNotFound)
		if got := contentOf(t, b, "tarball"); got != "012345" {
			t.Errorf("tarball holds %q", got)
		}
	})
}

// TestClosed: a request that comes late is told of a fault, which clients try
// again, and not that its bucket is absent.
func TestClosed(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	mustCreate(t, b, "first", "first")
	if err := b.server.Close(); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/storage/v1/b/bucket/o/first", "/storage/v1/b/bucket/o", "/bucket/first"} {
		if w := request(t, b, http.MethodGet, target, "", nil); w.Code != http.StatusInternalServerError {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}
