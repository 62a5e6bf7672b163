package source

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nightly writes a tarball as Nightwire makes them: a row of gzip members, in
// which the tar ends with the last; a conflict, and two schema versions.
func nightly(t *testing.T) (path string, content []byte) {
	t.Helper()
	var out bytes.Buffer
	files := [][2]string{{"v3.3/17.avro", "old"}, {"v4.02/17.abcdef012345.avro", "conflict"}, {"v4.02/17.avro", "new"}, {"v4.02/18.avro", ""}}
	for i, file := range files {
		compressed := gzip.NewWriter(&out)
		archive := tar.NewWriter(compressed)
		if err := archive.WriteHeader(&tar.Header{Name: file[0], Mode: 0o644, Size: int64(len(file[1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(file[1])); err != nil {
			t.Fatal(err)
		}
		end := archive.Flush
		if i == len(files)-1 {
			end = archive.Close
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := compressed.Close(); err != nil {
			t.Fatal(err)
		}
	}
	path = filepath.Join(t.TempDir(), "ztf_partnership_20260901.tar.gz")
	write(t, path, out.String())
	return path, out.Bytes()
}

func TestNightlyTarball(t *testing.T) {
	t.Parallel()
	path, _ := nightly(t)
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for packet, err := range s.Packets {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, packet.Name+" "+string(packet.Bytes))
	}
	want := []string{"v3.3/17.avro old", "v4.02/17.abcdef012345.avro conflict", "v4.02/17.avro new", "v4.02/18.avro "}
	if diff := cmp.Diff(want, got); diff != "" || s.Count != len(want) {
		t.Errorf("%d announced; packets (-want +got):\n%s", s.Count, diff)
	}
}

// TestDigestBeside has the digest of a tarball in the file beside it.
func TestDigestBeside(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		line string // %s is the digest
		want string // of the error; empty if there is none
	}{
		"it is that":       {"%s  ztf_partnership_20260901.tar.gz\n", ""},
		"the digest alone": {"%s\n", ""},
		"it is another":    {"0%.63s  ztf_partnership_20260901.tar.gz\n", "is not the file that ztf_partnership_20260901.sha256 is of"},
		"there is nothing": {"%.0s", "is not the file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, content := nightly(t)
			write(t, strings.TrimSuffix(path, ".tar.gz")+".sha256", fmt.Sprintf(c.line, fmt.Sprintf("%x", sha256.Sum256(content))))
			_, err := Open(path)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
}

// TestBytesAfterTheEnd appends to a tarball: a digest tells, a reader would not.
func TestBytesAfterTheEnd(t *testing.T) {
	t.Parallel()
	path, content := nightly(t)
	write(t, strings.TrimSuffix(path, ".tar.gz")+".sha256", fmt.Sprintf("%x\n", sha256.Sum256(content)))
	var more bytes.Buffer
	end := gzip.NewWriter(&more)
	if err := end.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(content, more.Bytes()...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "is not the file") {
		t.Errorf("error is %v", err)
	}
}
