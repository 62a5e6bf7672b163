package filter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
)

// catalogue is the filters in force, which follow the products bucket.
//
// A filter is the object filters/<name>.yaml; filters/<name>.paused beside it
// pauses it. The folder is listed every few seconds, by one at a time and
// beside the handlers, and what has another generation is read. A file that is
// wrong is refused, and the last good version of that filter stays in force:
// the instances keep a copy of it, filters/.accepted/<name>.yaml, for one that
// starts later. A file that is deleted takes its filter with it. While the
// bucket is out of reach, all stays as it was; an instance that has seen no
// filters yet has its events sent again.
type catalogue struct {
	bucket   *storage.BucketHandle
	stream   names.Stream
	interval time.Duration        // between two looks
	resumed  func(names []string) // told of filters that are no longer paused, before they run
	log      *slog.Logger
	now      func() time.Time

	current atomic.Pointer[loaded]
	looked  atomic.Int64 // when the last look began, in nanoseconds since 1970

	looking sync.Mutex         // held while somebody looks; guards what follows
	sources map[string]*source // by name
	strange map[string]int64   // generations of objects that are no filters, by name
	failure error              // of the last look

	background sync.WaitGroup
	ctx        context.Context // of looks in the background
	stop       context.CancelFunc
}

// loaded is what one look has found. It does not change.
type loaded struct {
	set    *filter.Set
	paused []string // names of filters that would run
	active []*filter.Filter
	at     time.Time // when the look began
}

// longestLook bounds one look at the bucket.
const longestLook = 30 * time.Second

func newCatalogue(bucket *storage.BucketHandle, stream names.Stream, interval time.Duration, log *slog.Logger, now func() time.Time) *catalogue {
	ctx, stop := context.WithCancel(context.Background())
	return &catalogue{
		bucket: bucket, stream: stream, interval: interval, log: log, now: now,
		sources: map[string]*source{}, strange: map[string]int64{}, ctx: ctx, stop: stop,
	}
}

// close ends a look in the background.
func (c *catalogue) close() {
	c.stop()
	c.background.Wait()
}

// get returns the filters as last seen. Only an instance's first callers wait
// for them.
func (c *catalogue) get(ctx context.Context) (*loaded, error) {
	l := c.current.Load()
	if l == nil {
		return c.since(ctx, time.Time{})
	}
	if c.now().UnixNano()-c.looked.Load() >= int64(c.interval) && c.looking.TryLock() {
		c.background.Go(func() {
			defer c.looking.Unlock()
			if err := c.look(c.ctx); err != nil && c.ctx.Err() == nil {
				c.log.WarnContext(c.ctx, "filters cannot be looked at, and stay as they are", "error", err)
			}
		})
	}
	return l, nil
}

// lookSoon has the next event begin a look.
func (c *catalogue) lookSoon() { c.looked.Store(0) }

// since returns the filters as seen at a time or later. Callers that wait
// together share one look, and its failure.
func (c *catalogue) since(ctx context.Context, at time.Time) (*loaded, error) {
	asked := c.now().UnixNano()
	c.looking.Lock()
	defer c.looking.Unlock()
	if l := c.current.Load(); l != nil && !l.at.Before(at) {
		return l, nil
	}
	if c.failure == nil || c.looked.Load() <= asked {
		// The others wait for it too, so it outlives its caller's patience.
		if err := c.look(context.WithoutCancel(ctx)); err != nil {
			return nil, err
		}
		return c.current.Load(), nil
	}
	return nil, c.failure
}

// look reads what has changed. looking is held.
func (c *catalogue) look(ctx context.Context) error {
	began := c.now()
	c.looked.Store(began.UnixNano())
	ctx, cancel := context.WithTimeout(ctx, longestLook)
	defer cancel()
	c.failure = c.load(ctx, began)
	return c.failure
}

func (c *catalogue) load(ctx context.Context, began time.Time) error {
	found, err := c.list(ctx)
	if err != nil {
		return fmt.Errorf("list the filters: %w", err)
	}
	if err := c.readChanged(ctx, found); err != nil {
		return fmt.Errorf("read the filters: %w", err)
	}
	next := &loaded{at: began}
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		f := c.sources[name].filter
		switch {
		case f == nil || !f.Enabled || !f.For(c.stream):
		case found.paused[name]:
			next.paused = append(next.paused, name)
		default:
			next.active = append(next.active, f)
		}
	}
	last := c.current.Load()
	if last != nil && slices.Equal(last.active, next.active) {
		next.set = last.set
	} else if next.set, err = filter.NewSet(c.stream, next.active); err != nil {
		return fmt.Errorf("compile the filters: %w", err)
	} else {
		c.log.InfoContext(ctx, "filters are in force", "filters", len(next.active), "paused", next.paused, "catalogue", next.set.Digest())
	}
	if last != nil {
		c.resumed(without(last.paused, next.paused))
	}
	c.current.Store(next)
	return nil
}

// refuse logs what is wrong with a file, once for each of its generations.
func (c *catalogue) refuse(ctx context.Context, file string, err error) {
	var faults filter.Faults
	if !errors.As(err, &faults) {
		faults = filter.Faults{{File: file, Reason: err.Error()}}
	}
	for _, fault := range faults {
		c.log.ErrorContext(ctx, "filter is refused", "file", fault.File, "line", fault.Line, "column", fault.Column, "reason", fault.Reason)
	}
}
