package storage

import (
	"slices"
	"sort"
	"strings"
)

// entry is what is kept in memory of a live object. All else is read from its
// record in the journal.
type entry struct {
	span
	generation     int64
	metageneration int64
	aside          bool
}

// catalogue holds the live objects of a bucket by name. The bucket's lock
// guards it.
type catalogue struct {
	entries map[string]entry

	// ordered is every name that was live when it was made, in order. It is
	// made anew when a listing finds it out of date, and never changed in place.
	ordered []string
	added   []string // live since then
	removed bool     // whether a name has been removed since then
}

// apply takes over one change.
func (c *catalogue) apply(r record, at span) {
	name := r.Object.Name
	if r.Event == deletion {
		delete(c.entries, name)
		c.removed = true
		return
	}
	if _, exists := c.entries[name]; !exists {
		c.added = append(c.added, name)
	}
	c.entries[name] = entry{
		span:           at,
		generation:     r.Object.Generation,
		metageneration: r.Object.Metageneration,
		aside:          r.Aside,
	}
}

// names returns the live names in order. The caller must not change them.
func (c *catalogue) names() []string {
	if len(c.added) == 0 && !c.removed {
		return c.ordered
	}
	slices.Sort(c.added)
	merged := make([]string, 0, len(c.ordered)+len(c.added))
	old, added := c.ordered, slices.Compact(c.added)
	for len(old) > 0 || len(added) > 0 {
		from := &old
		if len(old) == 0 || (len(added) > 0 && added[0] <= old[0]) {
			from = &added
		}
		name := (*from)[0]
		*from = (*from)[1:]
		if _, live := c.entries[name]; live && (len(merged) == 0 || merged[len(merged)-1] != name) {
			merged = append(merged, name)
		}
	}
	c.ordered, c.added, c.removed = merged, nil, false
	return merged
}

// listing asks for one page of names.
type listing struct {
	prefix    string
	delimiter string
	start     string // the first name to consider
	end       string // the first name not to consider any more; "" for none
	limit     int
}

// page is one page of a listing: names, common prefixes, and the start of the
// next page, which is "" if this was the last.
type page struct {
	names    []string
	prefixes []string
	next     string
}

// page selects from names in order.
func (l listing) page(ordered []string) page {
	var p page
	i := sort.SearchStrings(ordered, max(l.start, l.prefix))
	for i < len(ordered) {
		name := ordered[i]
		if !strings.HasPrefix(name, l.prefix) || (l.end != "" && name >= l.end) {
			return p
		}
		if len(p.names)+len(p.prefixes) == l.limit {
			p.next = name
			return p
		}
		cut := -1
		if l.delimiter != "" {
			cut = strings.Index(name[len(l.prefix):], l.delimiter)
		}
		if cut < 0 {
			p.names = append(p.names, name)
			i++
			continue
		}
		prefix := name[:len(l.prefix)+cut+len(l.delimiter)]
		p.prefixes = append(p.prefixes, prefix)
		i += sort.SearchStrings(ordered[i:], successor(prefix))
	}
	return p
}

// successor is the first string behind all those that begin with the prefix.
// Names are UTF-8, so that no last byte is 0xff.
func successor(prefix string) string {
	last := len(prefix) - 1
	return prefix[:last] + string([]byte{prefix[last] + 1})
}
