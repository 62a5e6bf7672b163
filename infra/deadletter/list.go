package deadletter

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Listing is the letters that were chosen, the newest first, without their
// content.
type Listing struct {
	Letters []*Letter
	Walked  Walked
	Full    bool // the walk ended at the limit: there may be more
}

// errEnough ends a walk that has found what it looked for.
var errEnough = errors.New("enough is found")

// List lists the letters that are chosen, and no more than limit. A choice that
// names what is not there is an error.
func (b *Box) List(ctx context.Context, choice Choice, limit int) (*Listing, error) {
	var list Listing
	var err error
	chosen := newChooser(choice)
	list.Walked, err = b.Walk(ctx, func(_ context.Context, letters []*Letter) ([]*Letter, error) {
		for _, l := range letters {
			if !chosen.takes(l) {
				continue
			}
			if len(list.Letters) == limit {
				list.Full = true
				return nil, errEnough
			}
			l.Data = nil
			list.Letters = append(list.Letters, l)
		}
		return nil, nil
	})
	if err == nil {
		err = chosen.missed()
	}
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	slices.SortFunc(list.Letters, func(a, b *Letter) int { return b.At.Compare(a.At) })
	return &list, nil
}

// Find finds one letter, with its content.
func (b *Box) Find(ctx context.Context, id string) (*Letter, error) {
	var found *Letter
	walked, err := b.Walk(ctx, func(_ context.Context, letters []*Letter) ([]*Letter, error) {
		for _, l := range letters {
			if l.ID == id {
				found = l
				return nil, errEnough
			}
		}
		return nil, nil
	})
	switch {
	case err != nil && !errors.Is(err, errEnough):
		return nil, err
	case found == nil:
		return nil, fmt.Errorf("letter %s: it is not among the %d that are there", id, walked.Seen)
	}
	return found, nil
}

// Group is letters that one function wrote for one kind of reason.
type Group struct {
	Function string
	Reason   string // with … for what differs: file names and numbers of more than a digit
	Count    int
	Bytes    int64
	Oldest   time.Time
	Newest   time.Time
}

// Groups gathers letters by function and kind of reason, the largest group
// first: at a glance, one cause or many.
func Groups(letters []*Letter) []Group {
	type key struct{ function, reason string }
	groups := map[key]*Group{}
	var all []*Group
	for _, l := range letters {
		k := key{l.Function, Kind(l.Reason)}
		g := groups[k]
		if g == nil {
			g = &Group{Function: k.function, Reason: k.reason, Oldest: l.At, Newest: l.At}
			groups[k], all = g, append(all, g)
		}
		g.Count, g.Bytes = g.Count+1, g.Bytes+int64(l.Bytes)
		if l.At.Before(g.Oldest) {
			g.Oldest = l.At
		}
		if l.At.After(g.Newest) {
			g.Newest = l.At
		}
	}
	slices.SortStableFunc(all, func(a, b *Group) int { return b.Count - a.Count })
	list := make([]Group, len(all))
	for i, g := range all {
		list[i] = *g
	}
	return list
}

// individual is what tells one alert's reason from another's: the name of its
// file, and numbers of more than one digit.
var individual = regexp.MustCompile(`[\w.=/-]*/[\w.=/-]+\.avro|\b0x[0-9a-f]+\b|\b\d{2,}\b`)

// Kind is the reason without what is the single alert's own.
func Kind(reason string) string {
	return strings.Join(strings.Fields(individual.ReplaceAllString(reason, "…")), " ")
}
