package storage

import (
	"slices"
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
		var o order
		live := map[string]entry{}
		for _, n := range rapid.SliceOf(name).Draw(t, "changes") {
			if _, exists := live[n]; !exists {
				live[n] = entry{}
				o.added = append(o.added, n)
			} else if rapid.Bool().Draw(t, "delete") {
				delete(live, n)
				o.removed = true
			}
			if rapid.Bool().Draw(t, "list between") {
				o.update(live)
			}
		}
		l := listing{
			prefix:    rapid.StringOfN(rapid.RuneFrom([]rune("ab/")), 0, 2, -1).Draw(t, "prefix"),
			delimiter: rapid.SampledFrom([]string{"", "/", "b", "--"}).Draw(t, "delimiter"),
			limit:     rapid.IntRange(1, 4).Draw(t, "limit"),
		}
		var got []string
		for p := l.page(o.update(live)); ; p = l.page(o.update(live)) {
			got = append(got, slices.Concat(p.names, p.prefixes)...)
			if p.next == "" {
				break
			}
			l.start = p.next
		}
		slices.Sort(got)
		if diff := cmp.Diff(filtered(live, l), got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func filtered(live map[string]entry, l listing) []string {
	var want []string
	for name := range live {
		rest, ok := strings.CutPrefix(name, l.prefix)
		if !ok {
			continue
		}
		if before, _, found := strings.Cut(rest, l.delimiter); found && l.delimiter != "" {
			name = l.prefix + before + l.delimiter
		}
		want = append(want, name)
	}
	slices.Sort(want)
	return slices.Compact(want)
}
