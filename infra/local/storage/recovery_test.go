package storage

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// interrupted makes a bucket with one object, and stops in the middle of making
// another, where stop says. It returns the bucket's folder.
func interrupted(t *testing.T, stop func(*testing.T, *bucket, record)) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "bucket")
	if err := makeBucket(dir, settings{Bucket: bucketResource{Name: "bucket"}}); err != nil {
		t.Fatal(err)
	}
	b := reopen(t, dir)
	if _, err := b.create("a/first", attributes{}, staged(t, b, "first"), conditions{}); err != nil {
		t.Fatal(err)
	}
	half := staged(t, b, "second")
	b.makeRoom("a/second")
	sequence := b.clock.next()
	stop(t, b, record{
		Sequence: sequence, Event: finalize, Staged: half.name,
		Object: object{Name: "a/second", Generation: sequence, Metageneration: 1, Size: half.size, CRC32C: half.crc32c()},
	})
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func reopen(t *testing.T, dir string) *bucket {
	t.Helper()
	b, err := openBucket(dir, environment{clock: &clock{}, log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.close() })
	return b
}

func staged(t *testing.T, b *bucket, text string) *content {
	t.Helper()
	c, err := b.stage()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.receive(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestInterrupted opens folders as a killed process leaves them at each step of
// making or deleting an object.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, b *bucket, r record) {
		t.Helper()
		if _, err := b.journal.write(r); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		stop func(*testing.T, *bucket, record)
		want map[string]string
	}{
		"before the journal": {func(*testing.T, *bucket, record) {}, map[string]string{"a/first": "first"}},
		"within the line": {func(t *testing.T, b *bucket, r record) {
			write(t, b, r)
			if err := b.journal.file.Truncate(b.journal.size.Load() + 40); err != nil {
				t.Fatal(err)
			}
		}, map[string]string{"a/first": "first"}},
		"before the rename": {write, map[string]string{"a/first": "first", "a/second": "second"}},
		"after the rename": {func(t *testing.T, b *bucket, r record) {
			write(t, b, r)
			if err := b.apply(r); err != nil {
				t.Fatal(err)
			}
		}, map[string]string{"a/first": "first", "a/second": "second"}},
		"before a deleted file is removed": {func(t *testing.T, b *bucket, r record) {
			write(t, b, record{Sequence: r.Sequence, Event: deletion, Object: object{Name: "a/first"}})
		}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := interrupted(t, c.stop)
			b := reopen(t, dir)
			objects, _, err := b.list(listing{limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			if len(objects) != len(c.want) {
				t.Errorf("%d objects", len(objects))
			}
			for name, want := range c.want {
				if got := contentOf(t, b, name); got != want {
					t.Errorf("%s holds %q", name, got)
				}
			}
			if left, err := filepath.Glob(filepath.Join(dir, stagingFolder, "*")); err != nil || len(left) > 0 {
				t.Errorf("left in staging: %v %v", left, err)
			}
			if files, err := filepath.Glob(filepath.Join(dir, objectsFolder, "a", "*")); err != nil || len(files) != len(c.want) {
				t.Errorf("files: %v %v", files, err)
			}
			// The journal goes on from there.
			if _, err := b.create("third", attributes{}, staged(t, b, "third"), conditions{}); err != nil {
				t.Fatal(err)
			}
			if got := contentOf(t, reopen(t, dir), "third"); got != "third" {
				t.Errorf("third holds %q", got)
			}
		})
	}
}

func contentOf(t *testing.T, b *bucket, name string) string {
	t.Helper()
	_, file, err := b.open(name, 0, conditions{})
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
	dir := interrupted(t, func(*testing.T, *bucket, record) {})
	text, err := os.ReadFile(filepath.Join(dir, "objects", "a", "first"))
	if err != nil || string(text) != "first" {
		t.Errorf("%q, %v", text, err)
	}
}
