package storage

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"v3.3/night=2021-07-01/ZTF21abiuvdk/1642404680815015001.avro": "v3.3/night=2021-07-01/ZTF21abiuvdk/1642404680815015001.avro",
		"../a":       "%2E./a",
		"/a":         "%/a",
		"a//b":       "a/%/b",
		"a/":         "a/%",
		".staging":   "%2Estaging",
		"100%":       "100%25",
		"a:b\\c":     "a:b%5Cc",
		"snow\u2603": "snow%E2%98%83",
	} {
		if got := place(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func mustDelete(t *testing.T, b *bucket, name string) {
	t.Helper()
	if w := request(t, b, http.MethodDelete, "/storage/v1/b/bucket/o/"+url.PathEscape(name), "", nil); w.Code != http.StatusNoContent {
		t.Errorf("delete %s: %d %s", name, w.Code, w.Body)
	}
}

// TestEmptyFolders: folders go with the last of their objects.
func TestEmptyFolders(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	for _, name := range []string{"a/b/c", "a/b/d/e", "a/f"} {
		mustCreate(t, b, name, name)
	}
	for _, step := range []struct{ deleted, left string }{{"a/b/d/e", "a/b"}, {"a/b/c", "a"}, {"a/f", ""}} {
		mustDelete(t, b, step.deleted)
		gone := filepath.Dir(b.path(objectsFolder, step.deleted))
		if step.deleted == "a/f" {
			gone = b.path(objectsFolder, "a")
		}
		if _, err := os.Lstat(gone); !os.IsNotExist(err) {
			t.Errorf("after the deletion of %s: %s: %v", step.deleted, gone, err)
		}
		if _, err := os.Lstat(b.path(objectsFolder, step.left)); err != nil {
			t.Errorf("after the deletion of %s: %v", step.deleted, err)
		}
	}
	mustCreate(t, b, "a", "a")
	if text, err := os.ReadFile(b.path(objectsFolder, "a")); err != nil || string(text) != "a" {
		t.Errorf("in the folder's place: %q, %v", text, err)
	}
}

// TestRemovedByHand: what people remove can still be overwritten and deleted.
func TestRemovedByHand(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	remove := func() {
		t.Helper()
		if err := os.RemoveAll(b.path(objectsFolder, "a")); err != nil {
			t.Fatal(err)
		}
	}
	mustCreate(t, b, "a/b/c", "first")
	remove()
	second := arrived(t, b, "a/b/d", "second")
	second.object.Name, second.match = "a/b/c", ""
	if _, err := second.finish(); err != nil {
		t.Fatal(err)
	}
	if got := contentOf(t, b, "a/b/c"); got != "second" {
		t.Errorf("the object holds %q", got)
	}
	remove()
	mustDelete(t, b, "a/b/c")
	if len(b.entries) > 0 {
		t.Error("the object is still there")
	}
}

// TestPlaceFault: a folder that cannot be made for another reason than that an
// object is in its place is a fault; the content does not go aside.
func TestPlaceFault(t *testing.T) {
	t.Parallel()
	const unwritable = "/proc"
	if _, err := os.Stat(unwritable); err != nil {
		t.Skip("there is no file system without room for folders: ", err)
	}
	b := reopen(t, t.TempDir())
	if err := os.Symlink(unwritable, b.path(objectsFolder, "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := arrived(t, b, "a/b/c", "text").finish(); err == nil {
		t.Error("the object was made")
	}
	if _, err := os.Lstat(b.path(objectsFolder, "a")); err != nil {
		t.Errorf("what was in its place: %v", err)
	}
}

// TestLongPlace: a name that is too long for a file is refused each time, also
// below folders that are not there yet, and leaves none of them.
func TestLongPlace(t *testing.T) {
	t.Parallel()
	const longest, tooLong = 255, 256
	b := reopen(t, filepath.Join(t.TempDir(), strings.Repeat(strings.Repeat("d", 200)+"/", 7)))
	for what, name := range map[string]string{
		"an element":           "new/" + strings.Repeat("x", tooLong),
		"a folder":             "new/" + strings.Repeat("x", tooLong) + "/a",
		"an element, escaped":  "new/" + strings.Repeat("?", longest/3+1),
		"a path":               "new/" + strings.Repeat(strings.Repeat("?", longest/3)+"/", 11) + "a",
		"an element of a root": strings.Repeat("x", tooLong),
	} {
		for range 2 {
			w := request(t, b, http.MethodPost, "/upload/storage/v1/b/bucket/o?uploadType=media&name="+url.QueryEscape(name), "", nil)
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "too long for a file") {
				t.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
		}
	}
	mustCreate(t, b, "new", "new")
	mustCreate(t, b, strings.Repeat("x", longest), "x")
}

// TestFailedMove: an object that could not be put in its place leaves no folder,
// in whose place there could be no object.
func TestFailedMove(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	mustCreate(t, b, "old/first", "first")
	for _, name := range []string{"new/er/second", "old/er/second"} {
		u := arrived(t, b, name, "second")
		if err := os.Remove(u.file.Name()); err != nil {
			t.Fatal(err)
		}
		if _, err := u.finish(); err == nil {
			t.Errorf("%s was made of nothing", name)
		}
	}
	mustCreate(t, b, "new", "new")
	mustCreate(t, b, "old/er", "er")
	if got := contentOf(t, b, "old/first"); got != "first" {
		t.Errorf("old/first holds %q", got)
	}
}

// FuzzObjectName: no name leaves the folder, and every name can be read off its
// natural place, so no two share one.
func FuzzObjectName(f *testing.F) {
	for _, name := range []string{
		"v3.3/night=2021-07-01/ZTF21abiuvdk/1642404680815015001.avro",
		"../../etc/passwd", "/etc/passwd", "a//b", "a/./b/../c", "%2F", "%", ".", "..", "nul\x00", "C:\\x", "\xff", "%25/%",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkName(name) != nil {
			return
		}
		path := place(name)
		if !filepath.IsLocal(path) || filepath.Clean(path) != path {
			t.Errorf("place %q is not a clean local path", path)
		}
		elements := strings.Split(path, "/")
		for i, element := range elements {
			if strings.HasPrefix(element, ".") {
				t.Errorf("element %q", element)
			}
			if element == emptyElement {
				elements[i] = ""
				continue
			}
			var err error
			if elements[i], err = url.PathUnescape(element); err != nil {
				t.Errorf("element %q: %v", element, err)
			}
		}
		if back := strings.Join(elements, "/"); back != name {
			t.Errorf("%q lies at %q, which reads %q", name, path, back)
		}
	})
}
