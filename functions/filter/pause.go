package filter

import (
	"context"
	"errors"
	"sync"
	"time"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
)

// paused is what the object that pauses a filter says.
type paused struct {
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// pauses remembers which filters this instance has paused, until the catalogue
// has had time to show it: many alerts at one time have the same reason.
type pauses struct {
	mu   sync.Mutex
	last map[string]time.Time // by ID
}

// first says whether nobody has come for the filter since a time.
func (p *pauses) first(id string, since, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.last = map[string]time.Time{}
	}
	if last, ok := p.last[id]; ok && last.After(since) {
		return false
	}
	p.last[id] = now
	return true
}

// pause stops a filter until somebody resumes it, and tells its readers and
// the log, once. Where it cannot be paused it goes on, and a later fault will
// try again. No alert waits for it but the one that found it.
func (f *Function) pause(ctx context.Context, which *filter.Filter, reason string) {
	at := f.now()
	if !f.pauses.first(which.ID(), at.Add(-f.Refresh), at) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, f.Lease/8)
	defer cancel()
	object := f.Products.Object(names.PausedObject(which.Name)).If(storage.Conditions{DoesNotExist: true})
	_, err := write(ctx, object, paused{Reason: reason, By: "functions/filter", At: at})
	switch {
	case bucket.IsTaken(err): // it is paused, and we have not seen it yet
	case err != nil:
		f.Log.ErrorContext(ctx, "filter cannot be paused", "filter", which.ID(), "reason", reason, "error", err)
		return
	default:
		f.Log.ErrorContext(ctx, "filter is paused", "filter", which.ID(), "owner", which.Owner, "reason", reason, "alarm", true)
		f.warn(ctx, which, reason, at)
	}
	f.catalogue.lookSoon()
}

// beginAnew has filters that were resumed begin anew.
func (f *Function) beginAnew(resumed []string) {
	f.allowance.restart(resumed)
	f.outages.end(resumed...)
}

func (f *Function) warn(ctx context.Context, which *filter.Filter, reason string, at time.Time) {
	err := f.topics.warn(ctx, which, notice{
		Filter: which.Name, Reason: reason, At: at,
		Resume: "nightwire filter resume " + which.Name + " --backfill",
	})
	if err != nil && !noTopic(err) && !closedTopic(err) && !errors.Is(err, context.Canceled) {
		f.Log.WarnContext(ctx, "filter's readers are not told that it is paused", "filter", which.ID(), "error", err)
	}
}
