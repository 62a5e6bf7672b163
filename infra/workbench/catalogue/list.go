package catalogue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/civil"
	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
)

// Entry is one filter of the catalogue.
type Entry struct {
	Name   string
	Filter *filter.Filter // in force; nil if there never was a good file
	Fault  error          // why the published file is refused; nil if it is good
	Paused *Paused        // nil if it is not

	LastHour int // alerts that matched within the last hour
	Night    int // alerts of the night that matched
	Failed   int // alerts of the night on which it came to no verdict
	Held     int // alerts of the night for which it was paused, and which it has not seen since
}

// atOnce is how many filters are looked at, at one time.
const atOnce = 16

// List lists the filters in the order of their names, with their figures in
// the last night that has any, which is empty if there is none.
func (c *Catalogue) List(ctx context.Context, now time.Time) (list []Entry, night string, err error) {
	found, paused, err := c.published(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("list the filters: %w", err)
	}
	list = make([]Entry, len(found))
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, name := range found {
		group.Go(func() (err error) {
			list[i], err = c.entry(reading, name, paused[name])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, "", err
	}
	night, err = c.count(ctx, list, now)
	return list, night, err
}

// entry reads what the bucket has of one filter.
func (c *Catalogue) entry(ctx context.Context, name string, paused bool) (Entry, error) {
	e := Entry{Name: name}
	var faults filter.Faults
	if e.Filter, _, _, e.Fault = c.find(ctx, name); e.Fault != nil && !errors.As(e.Fault, &faults) {
		return e, e.Fault
	}
	var err error
	if e.Fault != nil {
		if e.Filter, err = c.lastGood(ctx, name); err != nil {
			return e, err
		}
	}
	if paused {
		e.Paused, _, err = c.paused(ctx, name)
	}
	return e, err
}

// published are the names of the filters that have a file, in order, and of
// those that are paused.
func (c *Catalogue) published(ctx context.Context) (list []string, paused map[string]bool, err error) {
	query := &storage.Query{Prefix: names.FiltersFolder}
	if err := query.SetAttrSelection([]string{"Name"}); err != nil {
		return nil, nil, err
	}
	paused = map[string]bool{}
	for o, err := range bucket.Objects(ctx, c.Products, query) {
		if err != nil {
			return nil, nil, err
		}
		if name, ok := names.ParseFilterObject(o.Name); ok {
			list = append(list, name)
		}
		if name, ok := names.ParsePausedObject(o.Name); ok {
			paused[name] = true
		}
	}
	slices.Sort(list)
	return list, paused, nil
}

// count fills in the figures of the last night.
func (c *Catalogue) count(ctx context.Context, list []Entry, now time.Time) (night string, err error) {
	var last []any
	err = c.Tables.Visit(ctx, `SELECT MAX(night) FROM evaluations`, nil, func(row []any) error {
		last = row
		return nil
	})
	if err != nil {
		return "", err
	}
	date, ok := last[0].(civil.Date)
	if !ok {
		return "", nil
	}
	night = date.String()
	numbers := func(sql string, set func(*Entry) *int) {
		if err != nil {
			return
		}
		err = c.Tables.Visit(ctx, sql, map[string]any{"night": night, "since": now.Add(-time.Hour)}, func(row []any) error {
			name, n := as[string](row[0]), as[int64](row[1])
			for i := range list {
				if list[i].Name == name {
					*set(&list[i]) = int(n)
				}
			}
			return nil
		})
	}
	numbers(`SELECT filter, COUNT(DISTINCT candid) AS n FROM filter_matches
		WHERE matched_at >= @since GROUP BY filter`, func(e *Entry) *int { return &e.LastHour })
	numbers(`SELECT filter, COUNT(DISTINCT candid) AS n FROM filter_matches
		WHERE night = CAST(@night AS DATE) GROUP BY filter`, func(e *Entry) *int { return &e.Night })
	numbers(`SELECT f.filter, COUNT(*) AS n FROM evaluated, UNNEST(failed) AS f
		WHERE night = CAST(@night AS DATE) GROUP BY f.filter`, func(e *Entry) *int { return &e.Failed })
	numbers(`SELECT p, COUNT(*) AS n FROM evaluated, UNNEST(paused) AS p
		WHERE night = CAST(@night AS DATE) GROUP BY p`, func(e *Entry) *int { return &e.Held })
	return night, err
}

// as reads a value of a row; null is the zero value.
func as[T any](v any) T {
	t, _ := v.(T)
	return t
}
