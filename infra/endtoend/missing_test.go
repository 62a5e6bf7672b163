package endtoend

import (
	"errors"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/iterator"
	"nightwire.dev/shared/certificate"
)

// TestMissing takes a file out of the archive behind the system's back: the
// next certificate must name it, and the command must fail.
func TestMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run(t, dir, "--synthetic", "5")
	name := deleteOne(t, dir)
	out, err := nightwire(t, dir, "run", "--port", "0", "--synthetic", "5", "--seed", "2")
	if err == nil {
		t.Fatalf("the exit status is 0:\n%s", out)
	}
	if !strings.Contains(out, "missing: "+name) {
		t.Errorf("the certificate does not name %s:\n%s", name, out)
	}
	c := readCertificate(t, dir)
	if diff := cmp.Diff([]string{name}, c.Lost(certificate.NoFile).Names); diff != "" || c.Missing != 1 {
		t.Errorf("%d missing; files (-want +got):\n%s", c.Missing, diff)
	}
}

// deleteOne deletes an object of the archive.
func deleteOne(t *testing.T, dir string) string {
	t.Helper()
	bucket, closeServer := openBucket(t, dir)
	defer closeServer()
	o, err := bucket.Objects(t.Context(), &gcs.Query{}).Next()
	if errors.Is(err, iterator.Done) {
		t.Fatal("the archive is empty")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := bucket.Object(o.Name).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o.Name
}
