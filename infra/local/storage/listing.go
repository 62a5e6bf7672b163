package storage

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// order keeps names in order. Only a listing brings it up to date.
type order struct {
	names   []string
	added   []string // since the last listing
	removed bool     // whether a name has been, since then
}

// update returns the live names in order.
func (o *order) update(live map[string]entry) []string {
	if len(o.added) == 0 && !o.removed {
		return o.names
	}
	slices.Sort(o.added)
	merged := make([]string, 0, len(o.names)+len(o.added))
	for _, name := range slices.Compact(o.added) {
		before, found := slices.BinarySearch(o.names, name)
		merged, o.names = append(merged, o.names[:before]...), o.names[before:]
		if !found {
			merged = append(merged, name)
		}
	}
	o.names, o.added = append(merged, o.names...), nil
	if o.removed {
		o.names = slices.DeleteFunc(o.names, func(name string) bool { _, ok := live[name]; return !ok })
		o.removed = false
	}
	return o.names
}

// list answers one page of objects in the order of their names.
func (b *bucket) list(_ http.ResponseWriter, r *http.Request) (any, error) {
	l, err := readListing(r)
	if err != nil {
		return nil, err
	}
	p := l.page(b.order.update(b.entries))
	var items []object
	for _, name := range p.names {
		c, err := b.journal.change(b.entries[name].last)
		if err != nil {
			return nil, err
		}
		items = append(items, b.link(c.Object))
	}
	return list[object]{"storage#objects", p.next, p.prefixes, items}, nil
}

// list is a list of resources, as all are answered.
type list[T any] struct {
	Kind          string   `json:"kind"`
	NextPageToken string   `json:"nextPageToken,omitempty"`
	Prefixes      []string `json:"prefixes,omitempty"`
	Items         []T      `json:"items,omitempty"`
}

// listing asks for one page of names.
type listing struct {
	prefix    string
	delimiter string
	start     string // the first name to consider
	end       string // the first name not to consider any more; "" for none
	limit     int
}

// maxPage is the real service's limit on the results of one page.
const maxPage = 1000

func readListing(r *http.Request) (l listing, err error) {
	l = listing{
		prefix:    r.Form.Get("prefix"),
		delimiter: r.Form.Get("delimiter"),
		start:     max(r.Form.Get("startOffset"), r.Form.Get("pageToken")),
		end:       r.Form.Get("endOffset"),
		limit:     maxPage,
	}
	if limit := r.Form.Get("maxResults"); limit != "" {
		if l.limit, err = strconv.Atoi(limit); err != nil || l.limit < 1 {
			return l, invalid("Invalid value for maxResults: %q", limit)
		}
	}
	l.limit = min(l.limit, maxPage)
	return l, nil
}

// page is one page of a listing: names, common prefixes, and the name at
// which the next page begins, which is "" if this was the last.
type page struct {
	names    []string
	prefixes []string
	next     string
}

// page selects from names in order.
func (l listing) page(ordered []string) page {
	var p page
	folder := "" // the last prefix, if any
	first, _ := slices.BinarySearch(ordered, max(l.start, l.prefix))
	for _, name := range ordered[first:] {
		rest, within := strings.CutPrefix(name, l.prefix)
		switch {
		case !within || l.end != "" && name >= l.end:
			return p
		case folder != "" && strings.HasPrefix(name, folder):
			continue
		case len(p.names)+len(p.prefixes) == l.limit:
			p.next = name
			return p
		}
		if before, _, found := strings.Cut(rest, l.delimiter); found && l.delimiter != "" {
			folder = l.prefix + before + l.delimiter
			p.prefixes = append(p.prefixes, folder)
		} else {
			p.names = append(p.names, name)
		}
	}
	return p
}
