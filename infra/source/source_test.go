package source

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func read(t *testing.T, s *Source) map[string]string {
	t.Helper()
	found := map[string]string{}
	for packet, err := range s.Packets {
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.Base(packet.Name)] = string(packet.Bytes)
	}
	if len(found) != s.Count {
		t.Errorf("%d packets, announced were %d", len(found), s.Count)
	}
	return found
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.avro"), "A")
	write(t, filepath.Join(dir, "deep", "er", "b.avro"), "B")
	write(t, filepath.Join(dir, "notes.txt"), "no")
	write(t, filepath.Join(dir, ".hidden.avro"), "no")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a.avro": "A", "b.avro": "B"}
	for range 2 { // a source can be read again
		if diff := cmp.Diff(want, read(t, s)); diff != "" {
			t.Errorf("packets (-want +got):\n%s", diff)
		}
	}
}

func TestTar(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "night.tar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(f)
	for _, member := range [][2]string{{"x/README", "no"}, {"x/a.avro", "A"}, {"x/b.avro", "BB"}} {
		if err := archive.WriteHeader(&tar.Header{Name: member[0], Mode: 0o600, Size: int64(len(member[1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(member[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a.avro": "A", "b.avro": "BB"}, read(t, s)); diff != "" {
		t.Errorf("packets (-want +got):\n%s", diff)
	}
	if err := os.Truncate(path, 5*512+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a tarball that was cut: %v, want an error that names it", err)
	}
}

// TestSyntheticInOrder stops in the middle of a night, and reads one whole:
// neither may leave a goroutine, and the order is that of the observations.
func TestSyntheticInOrder(t *testing.T) {
	t.Parallel()
	s, err := Synthetic(1, time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), 60)
	if err != nil {
		t.Fatal(err)
	}
	var first []string
	for packet, err := range s.Packets {
		if err != nil {
			t.Fatal(err)
		}
		if first = append(first, string(packet.Bytes)); len(first) == 10 {
			break
		}
	}
	n := 0
	for packet, err := range s.Packets {
		if err != nil {
			t.Fatal(err)
		}
		if n < len(first) && first[n] != string(packet.Bytes) {
			t.Errorf("packet %d is another one the second time", n)
		}
		n++
	}
	if n != 60 {
		t.Errorf("%d packets, want 60", n)
	}
}
