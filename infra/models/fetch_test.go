package models

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var content = strings.Repeat("4000 0.25\n", 20_000)

// site is a server that counts its requests.
type site struct {
	*httptest.Server
	requests atomic.Int32
}

// serve starts a site with one file. BreakAfter says for each request, from 1, after how many
// bytes the connection is cut; 0 lets it be.
func serve(t *testing.T, content string, breakAfter func(request int32) int) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := breakAfter(s.requests.Add(1)); n > 0 {
			w = &cutting{w, n}
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
	}))
	t.Cleanup(s.Close)
	return s
}

func whole(int32) int { return 0 }

// cutting cuts the connection after so many bytes.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(p []byte) (int, error) {
	if len(p) < c.left {
		c.left -= len(p)
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left])
	c.ResponseWriter.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func newFetcher(t *testing.T, s *site) *Fetcher {
	t.Helper()
	return &Fetcher{Into: filepath.Join(t.TempDir(), "models"), Client: s.Client()}
}

func (s *site) file() File {
	return File{Path: "salt2/template.dat", Address: s.URL + "/template.dat", SHA256: sumOf(content)}
}

// there are the files below a folder, with their contents.
func there(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(os.DirFS(folder), path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func checkThere(t *testing.T, folder string, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, there(t, folder)); diff != "" {
		t.Errorf("files (-want +got):\n%.600s", diff)
	}
}

func TestFetchKeepsWhatIsRight(t *testing.T) {
	t.Parallel()
	s := serve(t, content, whole)
	f := newFetcher(t, s)
	var last, total int64
	f.Progress = func(_ File, done, of int64) { last, total = done, of }
	if kept, err := f.Fetch(t.Context(), s.file()); err != nil || kept {
		t.Fatalf("kept %v, %v", kept, err)
	}
	if size := int64(len(content)); last != size || total != size {
		t.Errorf("progress ended at %d of %d, want %d", last, total, size)
	}
	if kept, err := f.Fetch(t.Context(), s.file()); err != nil || !kept {
		t.Errorf("the second time: kept %v, %v", kept, err)
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	// A file that was changed is fetched again.
	if err := os.WriteFile(filepath.Join(f.Into, "salt2", "template.dat"), []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if kept, err := f.Fetch(t.Context(), s.file()); err != nil || kept {
		t.Errorf("after a change: kept %v, %v", kept, err)
	}
	checkThere(t, f.Into, map[string]string{"salt2/template.dat": content})
}

func TestFetchResumes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		breakAfter func(request int32) int
		before     string // what an earlier command left
		requests   int32
	}{
		"within the command": {func(n int32) int {
			if n < 3 {
				return 50_000
			}
			return 0
		}, "", 3},
		"where an earlier command ended":    {whole, content[:70_000], 1},
		"a beginning of another version":    {whole, "another version", 2},
		"all was there but its name":        {whole, content, 2},
		"more is there than there ought be": {whole, content + "!", 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, content, c.breakAfter)
			f := newFetcher(t, s)
			if c.before != "" {
				if err := save(mkdirFor(t, filepath.Join(f.Into, "salt2", "template.dat"+partEnd)), strings.NewReader(c.before)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := f.Fetch(t.Context(), s.file()); err != nil {
				t.Fatal(err)
			}
			checkThere(t, f.Into, map[string]string{"salt2/template.dat": content})
			if n := s.requests.Load(); n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
		})
	}
}

func mkdirFor(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// A connection that breaks each time ends in an error, and what has come stays
// for the next command.
func TestFetchGivesUp(t *testing.T) {
	t.Parallel()
	var mended atomic.Bool
	s := serve(t, content, func(int32) int {
		if mended.Load() {
			return 0
		}
		return 30_000
	})
	f := newFetcher(t, s)
	_, err := f.Fetch(t.Context(), s.file())
	if err == nil || !strings.Contains(err.Error(), "salt2/template.dat") || !strings.Contains(err.Error(), "fetch again to go on") {
		t.Fatalf("got %v", err)
	}
	checkThere(t, f.Into, map[string]string{"salt2/template.dat" + partEnd: content[:attempts*30_000]})
	mended.Store(true)
	if _, err := f.Fetch(t.Context(), s.file()); err != nil {
		t.Fatal(err)
	}
	checkThere(t, f.Into, map[string]string{"salt2/template.dat": content})
	if n := s.requests.Load(); n != attempts+1 {
		t.Errorf("%d requests, want %d", n, attempts+1)
	}
}

func TestFetchRefusesAnotherChecksum(t *testing.T) {
	t.Parallel()
	s := serve(t, "not the model", whole)
	f := newFetcher(t, s)
	_, err := f.Fetch(t.Context(), s.file())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"salt2/template.dat", s.URL, sumOf("not the model"), sumOf(content)} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
	checkThere(t, f.Into, map[string]string{})
}

func TestFetchNamesWhatIsAbsent(t *testing.T) {
	t.Parallel()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	f := newFetcher(t, s)
	_, err := f.Fetch(t.Context(), s.file())
	if err == nil || !strings.Contains(err.Error(), s.URL+"/template.dat answers 404") {
		t.Errorf("got %v", err)
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests for what is not there", n)
	}
	checkThere(t, f.Into, map[string]string{})
}

// TestFetchWithoutANetwork leaves nothing behind, whether the address is out of
// reach or somebody lost patience.
func TestFetchWithoutANetwork(t *testing.T) {
	t.Parallel()
	s := &site{}
	s.Server = httptest.NewServer(http.NotFoundHandler())
	s.Close()
	f := newFetcher(t, s)
	if _, err := f.Fetch(t.Context(), s.file()); err == nil || strings.Contains(err.Error(), "kept") {
		t.Errorf("got %v", err)
	}
	checkThere(t, f.Into, map[string]string{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Fetch(ctx, s.file()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	checkThere(t, f.Into, map[string]string{})
}

func TestFetchStopsWhenAsked(t *testing.T) {
	t.Parallel()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		_, _ = w.Write([]byte("the beginning"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	ctx, cancel := context.WithCancel(t.Context())
	f := newFetcher(t, s)
	f.Progress = func(File, int64, int64) { cancel() }
	if _, err := f.Fetch(ctx, s.file()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	checkThere(t, f.Into, map[string]string{"salt2/template.dat" + partEnd: "the beginning"})
}

// archive packs files as an archive of a model.
func archive(t *testing.T, names ...string) string {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	files := tar.NewWriter(zipped)
	for _, name := range names {
		header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(name)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(name, "/") {
			header.Typeflag, header.Size = tar.TypeDir, 0
		}
		if err := files.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if header.Size > 0 {
			if _, err := files.Write([]byte(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(files.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

func TestFetchUnpacks(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		names []string
		want  []string // file names below the folder
		err   string
	}{
		"a folder of files": {[]string{"salt3/", "salt3/.hidden", "salt3/a.dat", "salt3/b.dat"}, []string{"a.dat", "b.dat"}, ""},
		"files alone":       {[]string{"a.dat"}, []string{"a.dat"}, ""},
		"ways out":          {[]string{"../../a.dat", "/etc/b.dat", ".."}, []string{"a.dat", "b.dat"}, ""},
		"one name twice":    {[]string{"x/a.dat", "y/a.dat"}, []string{"a.dat"}, "there are two files a.dat"},
		"nothing":           {nil, nil, "there are no files in it"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			packed := archive(t, c.names...)
			s := serve(t, packed, whole)
			f := newFetcher(t, s)
			file := File{Path: "salt3", Address: s.URL + "/salt3.tar.gz?raw=1", SHA256: sumOf(packed)}
			_, err := f.Fetch(t.Context(), file)
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Fatalf("got %v, want %q", err, c.err)
			}
			got := there(t, f.Into)
			delete(got, "salt3.tar.gz")
			var names []string
			for path := range got {
				names = append(names, strings.TrimPrefix(path, "salt3/"))
			}
			if diff := cmp.Diff(c.want, names, sorted); diff != "" {
				t.Errorf("unpacked (-want +got):\n%s", diff)
			}
			if c.err != "" {
				return
			}
			// What is unpacked can be lost and comes back without a request.
			if err := os.RemoveAll(filepath.Join(f.Into, "salt3")); err != nil {
				t.Fatal(err)
			}
			if kept, err := f.Fetch(t.Context(), file); err != nil || !kept {
				t.Errorf("the second time: kept %v, %v", kept, err)
			}
			if _, err := os.Stat(filepath.Join(f.Into, "salt3", c.want[0])); err != nil || s.requests.Load() != 1 {
				t.Errorf("after %d requests: %v", s.requests.Load(), err)
			}
		})
	}
}

// sorted compares lists whatever their order.
var sorted = cmpopts.SortSlices(func(a, b string) bool { return a < b })

// TestNothingIsLeft of a transfer that brought nothing.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	s := serve(t, content, whole)
	file := s.file()
	f := newFetcher(t, s)
	s.Close()
	if _, err := f.Fetch(t.Context(), file); err == nil {
		t.Fatal("a server that is gone gave a file")
	}
	checkThere(t, f.Into, map[string]string{})
}
