package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFormat opens a new folder again and again, and one that another version
// has left not before it is forgotten.
func TestFormat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := filepath.Join(dir, "storage")
	for _, what := range []string{"new", "used"} {
		lock, err := takeDir(t.Context(), dir)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := os.MkdirAll(state, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, leave := range map[string]func(file string) error{
		"an earlier version": os.Remove,
		"a later version":    func(file string) error { return os.WriteFile(file, []byte("99\n"), 0o644) },
	} {
		if err := leave(filepath.Join(dir, formatFile)); err != nil {
			t.Fatal(err)
		}
		if _, err := takeDir(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "another version") {
			t.Errorf("%s: error is %v", name, err)
		}
		if _, err := os.Stat(state); err != nil {
			t.Errorf("%s: its state: %v", name, err)
		}
		if err := Forget(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		lock, err := takeDir(t.Context(), dir)
		if err != nil {
			t.Fatalf("%s: after it was forgotten: %v", name, err)
		}
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(state, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
