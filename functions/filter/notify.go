package filter

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/telemetry"
)

// atOnce bounds what is done at one time for one alert, and for one look at the
// filters.
const atOnce = 32

// notify publishes the matches that are ours to publish, and records the
// evaluation. All of it ends well before another instance may take over.
func (f *Function) notify(ctx context.Context, e *evaluation, due []filter.Match) error {
	ctx, cancel := context.WithTimeout(ctx, f.Lease/2)
	defer cancel()
	held, err := f.claims.take(ctx, e, idsOf(due))
	if err != nil {
		return err
	}
	e.notified = without(idsOf(due), held.todo)
	if len(held.todo) == 0 {
		return f.recordOnce(ctx, e, held)
	}
	todo := f.allowed(ctx, e, only(due, held.todo))
	err = f.settle(ctx, e, todo, f.publish(ctx, e, todo))
	if err == nil {
		err = f.record(ctx, e)
	}
	if err != nil || len(without(held.todo, e.notified)) > 0 {
		f.giveBack(ctx, held, union(held.notified, e.notified))
	}
	return err
}

// recordOnce records an evaluation all of whose matches were notified before,
// unless a row of this file says so already. Whoever sends an alert again on
// purpose looks for a row that is newer.
func (f *Function) recordOnce(ctx context.Context, e *evaluation, held *claim) error {
	if held.recorded && !e.replay {
		return nil
	}
	return f.record(ctx, e)
}

// publish sends each match to its filter's topic, and returns what came of
// each.
func (f *Function) publish(ctx context.Context, e *evaluation, todo []filter.Match) []error {
	results := make([]error, len(todo))
	var group errgroup.Group
	group.SetLimit(atOnce)
	about := &news{alert: e.alert, record: filter.AppendRecord(nil, e.alert), from: e.provenance(f.Resources.Stream)}
	for i, match := range todo {
		group.Go(func() error {
			results[i] = f.topics.notify(ctx, about, match)
			return nil
		})
	}
	_ = group.Wait()
	return results
}

// settle notes what came of each publish. A filter whose topic is not there for
// us is paused, as is one whose topic alone fails again and again; a message
// that no topic takes fails for its filter alone. Any other error is the
// event's, which comes again.
func (f *Function) settle(ctx context.Context, e *evaluation, todo []filter.Match, results []error) error {
	for i, match := range todo {
		if results[i] == nil {
			e.notified = append(e.notified, match.Filter.ID())
			f.outages.end(match.Filter.Name)
			telemetry.Matched(ctx, match.Filter.Name)
		} else if !e.replay {
			f.allowance.giveBack(match.Filter, e.at)
		}
	}
	others := len(e.notified) > 0 && ctx.Err() == nil
	var failure error
	for i, match := range todo {
		topic := f.Resources.Topic(match.Filter.Topic)
		switch err := results[i]; {
		case err == nil:
		case noTopic(err):
			f.pause(ctx, match.Filter, fmt.Sprintf("the topic %s does not exist", topic))
			e.paused = append(e.paused, match.Filter.Name)
		case closedTopic(err):
			f.pause(ctx, match.Filter, fmt.Sprintf("the topic %s takes nothing from us: %v", topic, err))
			e.paused = append(e.paused, match.Filter.Name)
		case refused(err):
			e.failed = append(e.failed, failed{match.Filter.Name, err.Error()})
		case others && f.outages.isLong(match.Filter.Name, f.now(), f.Lease):
			f.pause(ctx, match.Filter, fmt.Sprintf("the topic %s failed for %s, and others did not, the last time: %v", topic, f.Lease, err))
			e.failed = append(e.failed, failed{match.Filter.Name, err.Error()})
		default:
			failure = fmt.Errorf("notify %s: %w", match.Filter.ID(), err)
		}
	}
	return failure
}

// giveBack ends a claim under which something is left to do.
func (f *Function) giveBack(ctx context.Context, held *claim, notified []string) {
	if err := f.claims.giveBack(ctx, held, notified); err != nil {
		f.Log.WarnContext(ctx, "claim ends with its lease", "error", err, "lease", f.Lease.Round(time.Second))
	}
}

func idsOf(matches []filter.Match) []string {
	ids := make([]string, len(matches))
	for i, match := range matches {
		ids[i] = match.Filter.ID()
	}
	return ids
}

// only are the matches of the filters with these IDs.
func only(matches []filter.Match, ids []string) []filter.Match {
	listed := make(map[string]bool, len(ids))
	for _, id := range ids {
		listed[id] = true
	}
	return slices.DeleteFunc(slices.Clone(matches), func(m filter.Match) bool { return !listed[m.Filter.ID()] })
}
