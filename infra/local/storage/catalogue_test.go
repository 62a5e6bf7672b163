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
		c := catalogue{entries: map[string]entry{}}
		live := map[string]bool{}
		for _, n := range rapid.SliceOf(name).Draw(t, "changes") {
			if live[n] && rapid.Bool().Draw(t, "delete") {
				delete(live, n)
				c.apply(record{Event: deletion, Object: object{Name: n}}, span{})
			} else {
				live[n] = true
				c.apply(record{Event: finalize, Object: object{Name: n}}, span{})
			}
			if rapid.Bool().Draw(t, "list between") {
				c.names()
			}
		}
		l := listing{
			prefix:    rapid.StringOfN(rapid.RuneFrom([]rune("ab/")), 0, 2, -1).Draw(t, "prefix"),
			delimiter: rapid.SampledFrom([]string{"", "/", "b", "--"}).Draw(t, "delimiter"),
			limit:     rapid.IntRange(1, 4).Draw(t, "limit"),
		}
		var got []string
		for p := l.page(c.names()); ; p = l.page(c.names()) {
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

func filtered(live map[string]bool, l listing) []string {
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
