package storage

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestListingModel compares pages, followed to the end, with a plain filter
// over all names.
func TestListingModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOfN(rapid.RuneFrom([]rune("ab/-0\u2603")), 1, 6, -1)
		all := rapid.SliceOfDistinct(name, rapid.ID[string]).Draw(t, "names")
		slices.Sort(all)
		asked := url.Values{
			"prefix":     {rapid.StringOfN(rapid.RuneFrom([]rune("ab/")), 0, 2, -1).Draw(t, "prefix")},
			"delimiter":  {rapid.SampledFrom([]string{"", "/", "b", "--"}).Draw(t, "delimiter")},
			"maxResults": {strconv.Itoa(rapid.IntRange(1, 4).Draw(t, "limit"))},
		}
		var got []string
		for more := true; more; more = asked.Get("pageToken") != "" {
			p, err := page(asked, all)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, slices.Concat(p.Items, p.Prefixes)...)
			asked.Set("pageToken", p.NextPageToken)
		}
		slices.Sort(got)
		if diff := cmp.Diff(filtered(all, asked.Get("prefix"), asked.Get("delimiter")), got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func filtered(all []string, prefix, delimiter string) []string {
	var want []string
	for _, name := range all {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		if before, _, found := strings.Cut(rest, delimiter); found && delimiter != "" {
			name = prefix + before + delimiter
		}
		want = append(want, name)
	}
	slices.Sort(want)
	return slices.Compact(want)
}

// TestListingFollows: each listing has the names that are live, in order, also
// between changes.
func TestListingFollows(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	for _, step := range []struct {
		method, name string
		want         []string
	}{
		{http.MethodPost, "b", []string{"b"}},
		{http.MethodPost, "a/2", []string{"a/2", "b"}},
		{http.MethodPost, "a/1", []string{"a/1", "a/2", "b"}},
		{http.MethodPost, "a/1", []string{"a/1", "a/2", "b"}},
		{http.MethodDelete, "a/2", []string{"a/1", "b"}},
		{http.MethodPost, "a/2", []string{"a/1", "a/2", "b"}},
		{http.MethodDelete, "b", []string{"a/1", "a/2"}},
	} {
		target := "/storage/v1/b/bucket/o/" + url.PathEscape(step.name)
		if step.method == http.MethodPost {
			target = "/upload/storage/v1/b/bucket/o?uploadType=media&name=" + url.QueryEscape(step.name)
		}
		if w := request(t, b, step.method, target, "", http.NoBody); w.Code >= 300 {
			t.Fatalf("%s: %d %s", target, w.Code, w.Body)
		}
		answer := request(t, b, http.MethodGet, "/storage/v1/b/bucket/o", "", nil)
		var got list[object]
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, o := range got.Items {
			names = append(names, o.Name)
		}
		if diff := cmp.Diff(step.want, names); diff != "" {
			t.Fatalf("after the change of %s: %s", step.name, diff)
		}
	}
}
