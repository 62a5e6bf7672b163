package storage_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/iterator"
)

// testNameAndFolder: a name that no file can have beside the others is refused,
// and can be had once those are gone.
func testNameAndFolder(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	mustWrite(t, bucket.Object("a/b/c"), "c", nil)
	mustWrite(t, bucket.Object("d"), "d", nil)
	for _, name := range []string{"a", "a/b", "d/e", "d/e/f", strings.Repeat("long", 64)} {
		_, err := write(t.Context(), bucket.Object(name), nil, nil)
		wantCode(t, err, http.StatusBadRequest, "invalid")
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff([]string{"a/b/c", "d"}, list(t, bucket, nil)); diff != "" {
		t.Error(diff)
	}
	if err := bucket.Object("a/b/c").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, bucket.Object("a"), "a", nil)
}

// strangeNames are allowed, whatever a file system thinks of them.
var strangeNames = []string{
	"../../escape", "/absolute", "a//b", "a/./b", "a/../b", "trailing/", "..hidden", ".hidden", "%", "%2F", "a\\b",
	"C:x", "tab\there", "nul\x00here", "snow\u2603", "plus+and space?and#hash&amp", strings.Repeat("x", 255),
	strings.Repeat("d/", 500),
}

func testStrangeNames(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	for _, name := range strangeNames {
		mustWrite(t, bucket.Object(name), name, nil)
	}
	for _, name := range strangeNames {
		if got := mustRead(t, bucket.Object(name)); got != name {
			t.Errorf("%q holds %q", name, got)
		}
		if _, err := bucket.Object(name).Attrs(t.Context()); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	want := slices.Sorted(slices.Values(strangeNames))
	if diff := cmp.Diff(want, list(t, bucket, nil)); diff != "" {
		t.Error(diff)
	}
}

func testForbiddenNames(t *testing.T, s *service, _ *gcs.BucketHandle) {
	for _, name := range []string{"a%0Ab", "..", ".", "%FF", strings.Repeat("x", 1025), ".well-known/acme-challenge/x"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			s.url+"/upload/storage/v1/b/"+bucketName+"/o?uploadType=media&name="+name, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		if body, response := fetch(t, request); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %d %s", name, response.StatusCode, body)
		}
	}
}

// list returns names and prefixes, page by page.
func list(t *testing.T, bucket *gcs.BucketHandle, query *gcs.Query) []string {
	t.Helper()
	var names []string
	objects := bucket.Objects(t.Context(), query)
	objects.PageInfo().MaxSize = 3
	for {
		attrs, err := objects.Next()
		if errors.Is(err, iterator.Done) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, attrs.Name+attrs.Prefix)
	}
}

func testList(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	for _, name := range []string{"n=1/a/1", "n=1/a/2", "n=1/b/1", "n=1-x", "n=10", "n=2/a/1", "n=2/z", "m", "o"} {
		mustWrite(t, bucket.Object(name), name, nil)
	}
	mustWrite(t, bucket.Object("n=2/deleted"), "", nil)
	if err := bucket.Object("n=2/deleted").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		query *gcs.Query
		want  []string
	}{
		"everything":            {nil, []string{"m", "n=1-x", "n=1/a/1", "n=1/a/2", "n=1/b/1", "n=10", "n=2/a/1", "n=2/z", "o"}},
		"a prefix":              {&gcs.Query{Prefix: "n=1/"}, []string{"n=1/a/1", "n=1/a/2", "n=1/b/1"}},
		"a delimiter":           {&gcs.Query{Delimiter: "/"}, []string{"m", "n=1-x", "n=1/", "n=10", "n=2/", "o"}},
		"both":                  {&gcs.Query{Prefix: "n=1/", Delimiter: "/"}, []string{"n=1/a/", "n=1/b/"}},
		"an offset at each end": {&gcs.Query{StartOffset: "n=1/b", EndOffset: "n=2/z"}, []string{"n=1/b/1", "n=10", "n=2/a/1"}},
		"nothing":               {&gcs.Query{Prefix: "p"}, nil},
	} {
		got := list(t, bucket, c.query)
		slices.Sort(got) // the client yields a page's prefixes after its names
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func testFields(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	mustWrite(t, bucket.Object(alert), "content", func(w *gcs.Writer) { w.Metadata = map[string]string{"a": "1"} })
	query := &gcs.Query{}
	if err := query.SetAttrSelection([]string{"Name", "Size"}); err != nil {
		t.Fatal(err)
	}
	attrs, err := bucket.Objects(t.Context(), query).Next()
	if err != nil {
		t.Fatal(err)
	}
	if attrs.Name != alert || attrs.Size != 7 || attrs.Metadata != nil || attrs.CRC32C != 0 {
		t.Errorf("%+v", attrs)
	}
}
