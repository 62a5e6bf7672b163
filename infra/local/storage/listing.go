package storage

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// list is a list of resources, or a page of one.
type list[T any] struct {
	Kind          string   `json:"kind"`
	NextPageToken string   `json:"nextPageToken,omitempty"` // the name at which the next page begins
	Prefixes      []string `json:"prefixes,omitempty"`
	Items         []T      `json:"items,omitempty"`
}

// list answers one page of objects in the order of their names. Who asks for all
// versions gets the same, since there are no older ones.
func (b *bucket) list(_ http.ResponseWriter, r *http.Request) (any, error) {
	if b.names == nil {
		b.names = slices.Sorted(maps.Keys(b.entries))
	}
	p, err := page(r.Form, b.names)
	if err != nil {
		return nil, err
	}
	items := make([]object, len(p.Items))
	for i, name := range p.Items {
		o, err := b.find(name, "", "")
		if err != nil {
			return nil, err
		}
		items[i] = b.link(o)
	}
	return list[object]{"storage#objects", p.NextPageToken, p.Prefixes, items}, nil
}

// maxPage is the real service's limit on the results of one page.
const maxPage = 1000

// page is the page of names in order that a request asks for, with the common
// prefixes of those that a delimiter folds.
func page(asked url.Values, ordered []string) (p list[string], err error) {
	limit, err := strconv.Atoi(cmp.Or(asked.Get("maxResults"), strconv.Itoa(maxPage)))
	if err != nil || limit < 1 {
		return p, invalid("Invalid value for maxResults: %q", asked.Get("maxResults"))
	}
	prefix, delimiter, end := asked.Get("prefix"), asked.Get("delimiter"), asked.Get("endOffset")
	first, _ := slices.BinarySearch(ordered, max(prefix, asked.Get("startOffset"), asked.Get("pageToken")))
	for _, name := range ordered[first:] {
		rest, within := strings.CutPrefix(name, prefix)
		folded := len(p.Prefixes)
		switch {
		case !within || end != "" && name >= end:
			return p, nil
		case folded > 0 && strings.HasPrefix(name, p.Prefixes[folded-1]):
			continue
		case len(p.Items)+folded == min(limit, maxPage):
			p.NextPageToken = name
			return p, nil
		}
		if before, _, found := strings.Cut(rest, delimiter); found && delimiter != "" {
			p.Prefixes = append(p.Prefixes, prefix+before+delimiter)
		} else {
			p.Items = append(p.Items, name)
		}
	}
	return p, nil
}
