package storage

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

func TestNaturalPlace(t *testing.T) {
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
		if got, ok := naturalPlace(name); !ok || got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if place, ok := naturalPlace("a/" + strings.Repeat("x", 256)); ok {
		t.Errorf("a long element has the place %q", place)
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
		place, ok := naturalPlace(name)
		if !ok {
			return
		}
		if !filepath.IsLocal(place) || filepath.Clean(place) != place {
			t.Errorf("place %q is not a clean local path", place)
		}
		elements := strings.Split(place, "/")
		for i, element := range elements {
			if strings.HasPrefix(element, ".") || len(element) > maxElementBytes {
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
			t.Errorf("%q lies at %q, which reads %q", name, place, back)
		}
	})
}
