package storage

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
)

// nobody takes no notification.
type nobody struct{}

func (nobody) Publish(context.Context, *pubsubpb.PublishRequest, ...grpc.CallOption) (*pubsubpb.PublishResponse, error) {
	return nil, errors.New("there is nobody")
}

// reopen opens the bucket of a folder.
func reopen(t testing.TB, dir string) *bucket {
	t.Helper()
	s, err := Open(Options{Dir: dir, Publisher: nobody{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b := s.buckets["bucket"]
	if b != nil {
		return b
	}
	if b, err = s.openBucket("bucket"); err != nil {
		t.Fatal(err)
	}
	if err := b.commit(record{Bucket: &bucketResource{Name: "bucket"}}); err != nil {
		t.Fatal(err)
	}
	s.buckets["bucket"] = b
	return b
}

// arrived is an upload whose content is there, and whose object is not.
func arrived(t testing.TB, b *bucket, name, text string) *upload {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/?ifGenerationMatch=0", nil)
	r.Form = r.URL.Query()
	u, err := b.newUpload(r, object{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.receive(strings.NewReader(text), 0); err != nil {
		t.Fatal(err)
	}
	return u
}

func mustCreate(t testing.TB, b *bucket, name, text string) {
	t.Helper()
	if _, err := arrived(t, b, name, text).finish(); err != nil {
		t.Fatal(err)
	}
}

// interrupted makes a bucket with one object, and stops in the middle of making
// another, where stop says. It returns the server's folder.
func interrupted(t *testing.T, stop func(*testing.T, *bucket, *change)) string {
	t.Helper()
	dir := t.TempDir()
	b := reopen(t, dir)
	mustCreate(t, b, "a/first", "first")
	half := arrived(t, b, "a/second", "second")
	c := &change{Staged: half.id, Object: object{Name: "a/second"}}
	c.Object.Generation, c.Object.Updated = b.tick()
	stop(t, b, c)
	if err := b.journal.file.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestInterrupted opens folders as a killed process leaves them at each step of
// making or deleting an object.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, b *bucket, c *change) {
		t.Helper()
		if _, err := b.journal.append(record{Change: c}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		stop func(*testing.T, *bucket, *change)
		want map[string]string
	}{
		"before the journal": {func(*testing.T, *bucket, *change) {}, map[string]string{"a/first": "first"}},
		"within the line": {func(t *testing.T, b *bucket, c *change) {
			before := b.journal.size
			write(t, b, c)
			if err := b.journal.file.Truncate(before + 40); err != nil {
				t.Fatal(err)
			}
		}, map[string]string{"a/first": "first"}},
		"before the rename": {write, map[string]string{"a/first": "first", "a/second": "second"}},
		"after the rename": {func(t *testing.T, b *bucket, c *change) {
			write(t, b, c)
			if err := b.move(c); err != nil {
				t.Fatal(err)
			}
		}, map[string]string{"a/first": "first", "a/second": "second"}},
		"before a deleted file is removed": {func(t *testing.T, b *bucket, _ *change) {
			first, err := b.find("a/first", "", "")
			if err != nil {
				t.Fatal(err)
			}
			write(t, b, &change{Object: first, Deleted: true})
		}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := interrupted(t, c.stop)
			b := reopen(t, dir)
			if len(b.entries) != len(c.want) {
				t.Errorf("%d objects", len(b.entries))
			}
			for name, want := range c.want {
				if got := contentOf(t, b, name); got != want {
					t.Errorf("%s holds %q", name, got)
				}
			}
			if left, err := filepath.Glob(b.path(stagingFolder, "*")); err != nil || len(left) > 0 {
				t.Errorf("left in staging: %v %v", left, err)
			}
			if files, err := filepath.Glob(b.path(objectsFolder, "a", "*")); err != nil || len(files) != len(c.want) {
				t.Errorf("files: %v %v", files, err)
			}
			// The journal goes on from there.
			mustCreate(t, b, "third", "third")
			if got := contentOf(t, reopen(t, dir), "third"); got != "third" {
				t.Errorf("third holds %q", got)
			}
		})
	}
}

func contentOf(t *testing.T, b *bucket, name string) string {
	t.Helper()
	_, file, err := b.open(name, "", "")
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return ""
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// TestPlacesOnDisk: people find contents under their names.
func TestPlacesOnDisk(t *testing.T) {
	t.Parallel()
	dir := interrupted(t, func(*testing.T, *bucket, *change) {})
	text, err := os.ReadFile(filepath.Join(dir, "bucket", "objects", "a", "first"))
	if err != nil || string(text) != "first" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestBucketInterrupted: a bucket whose making was cut short is none, and can be
// made.
func TestBucketInterrupted(t *testing.T) {
	t.Parallel()
	for name, journal := range map[string]string{"without a line": "", "within the line": `{"bucket":{"name":"bu`} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "bucket", "objects"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "bucket", journalFile), []byte(journal), 0o666); err != nil {
			t.Fatal(err)
		}
		mustCreate(t, reopen(t, dir), "first", "first")
		if got := contentOf(t, reopen(t, dir), "first"); got != "first" {
			t.Errorf("%s: first holds %q", name, got)
		}
	}
}

// TestForeignJournal: a journal that cannot be understood is not taken for an
// empty one, and stays as it is.
func TestForeignJournal(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{"of another version": `{"sequence":1}`, "of no version": "[1]", "damaged": `{"bucket":`} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "bucket"), 0o777); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "bucket", journalFile)
		if err := os.WriteFile(path, []byte(line+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(Options{Dir: dir, Publisher: nobody{}}); err == nil {
			t.Errorf("a journal %s was opened", name)
			s.Close()
		}
		if left, err := os.ReadFile(path); err != nil || string(left) != line+"\n" {
			t.Errorf("of a journal %s there is left %q, %v", name, left, err)
		}
	}
}

// TestPatchIsKept: what a patch says is there after a restart, and the content
// stays where it is.
func TestPatchIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := reopen(t, dir)
	mustCreate(t, b, "first", "first")
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, "/", strings.NewReader(`{"metadata": {"site": "Palomar", "none": null}}`))
	r.SetPathValue("object", "first")
	r.Form = r.URL.Query()
	if _, err := b.patchObject(nil, r); err != nil {
		t.Fatal(err)
	}
	b = reopen(t, dir)
	o, err := b.find("first", "", "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"site": "Palomar"}, o.Metadata); diff != "" || o.Metageneration != 2 {
		t.Errorf("metageneration %d, metadata (-want +got):\n%s", o.Metageneration, diff)
	}
	if got := contentOf(t, b, "first"); got != "first" {
		t.Errorf("the content is %q", got)
	}
}
