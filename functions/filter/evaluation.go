package filter

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/survey"
)

// evaluation is what the filters said of one alert, and what became of it.
type evaluation struct {
	alert   *alert.Alert
	object  event.Object
	night   string
	replay  bool
	at      time.Time
	digest  string // of the filters that ran
	filters int    // how many

	matches  []filter.Match
	failures []filter.Failure

	notified []string // IDs that Pub/Sub has confirmed, now or before
	paused   []string // names that did not run, or whose match was held back
	failed   []failed
}

// failed is a filter that owes its readers a verdict on the alert, or the news
// of it, and why.
type failed struct{ filter, reason string }

func newEvaluation(a *alert.Alert, o event.Object, replay bool, filters *loaded, now time.Time) *evaluation {
	return &evaluation{
		alert: a, object: o, night: survey.Night(a), replay: replay, at: now,
		digest: filters.set.Digest(), filters: len(filters.set.Filters()), paused: slices.Clone(filters.paused),
	}
}

func (e *evaluation) add(o filter.Outcome) {
	e.matches, e.failures = o.Matches, o.Failures
	for _, failure := range o.Failures {
		e.failed = append(e.failed, failed{failure.Filter.Name, failure.Err.Error()})
	}
}

func (e *evaluation) provenance(stream names.Stream) filter.Provenance {
	return filter.Provenance{
		Stream: stream, Bucket: e.object.Bucket, Object: e.object.Name, Generation: e.object.Generation,
		Replay: e.replay, At: e.at,
	}
}

// claimName is the name of the alert's claim: of this detection, whichever
// file it was read from.
func (e *evaluation) claimName() string {
	return names.ClaimObject(e.night, e.alert.ObjectID, strconv.FormatInt(e.alert.Candid, 10))
}

// judge pauses the filters that exceed their limits again and again.
func (f *Function) judge(ctx context.Context, e *evaluation) {
	for _, failing := range f.strikes.count(e.failures) {
		f.pause(ctx, failing.Filter, fmt.Sprintf("%d evaluations in a row failed, the last one: %v", mostStrikes, failing.Err))
	}
}

// due are the matches of which readers are to be told.
func (e *evaluation) due(m *event.Message) []filter.Match {
	return slices.DeleteFunc(slices.Clone(e.matches), func(match filter.Match) bool { return !m.Notifies(match.Filter.Name) })
}

// allowed are the matches that their filters may have within this hour. A
// filter that has had them all is paused, and this match held back. What
// somebody sends again by name has no such bound.
func (f *Function) allowed(ctx context.Context, e *evaluation, matches []filter.Match) []filter.Match {
	if e.replay {
		return matches
	}
	return slices.DeleteFunc(matches, func(match filter.Match) bool {
		if f.allowance.take(ctx, match.Filter, e.at) {
			return false
		}
		f.pause(ctx, match.Filter, fmt.Sprintf("more than %d matches in the hour from %s",
			match.Filter.MaxMatchesAnHour, hourOf(e.at).Format(time.RFC3339)))
		e.paused = append(e.paused, match.Filter.Name)
		return true
	})
}
