package filter

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"nightwire.dev/shared/filter"
)

// allowance counts each filter's matches within the clock hour (UTC), against
// the most that it may have.
//
// An instance counts its own matches. Once they, and what it knows of the
// others', come to a tenth of a filter's cap, it asks the table evaluations
// what all have had, at most once a minute. A filter that was paused within the
// hour is counted from there on, so that it does not stop at its first match
// after it is resumed. A filter may therefore go beyond
// its cap by what other instances notify within that minute, or while they do
// not see yet that it is paused; and by a tenth of the cap for each instance
// that has not asked. Where there is one instance, the cap is exact.
type allowance struct {
	history history
	log     *slog.Logger

	mu     sync.Mutex
	hour   time.Time
	own    map[string]int // matches of this instance, by filter
	others map[string]int // matches of the others, as far as known
	asked  time.Time
}

// between is the least time between two questions to the table.
const between = time.Minute

// hourOf is the beginning of the clock hour.
func hourOf(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }

// take counts a match, unless the filter has had all that it may.
func (a *allowance) take(ctx context.Context, f *filter.Filter, now time.Time) bool {
	if f.MaxMatchesAnHour == 0 {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if hour := hourOf(now); hour.After(a.hour) {
		a.hour, a.asked, a.own, a.others = hour, time.Time{}, map[string]int{}, map[string]int{}
	}
	if had := a.own[f.Name] + a.others[f.Name] + 1; had*10 >= f.MaxMatchesAnHour && now.Sub(a.asked) >= between {
		a.asked = now
		a.ask(ctx)
	}
	if a.own[f.Name]+a.others[f.Name] >= f.MaxMatchesAnHour {
		return false
	}
	a.own[f.Name]++
	return true
}

// ask learns what the others have had. Meanwhile other callers count by what
// is known. Without an answer, so does this one.
func (a *allowance) ask(ctx context.Context) {
	hour := a.hour
	a.mu.Unlock()
	all, err := a.history.NotifiedSince(ctx, hour)
	a.mu.Lock()
	if err != nil {
		a.log.WarnContext(ctx, "matches of the hour cannot be counted; counting our own", "error", err)
		return
	}
	if !hour.Equal(a.hour) {
		return // another hour has begun
	}
	for name, n := range all {
		a.others[name] = max(n-a.own[name], 0)
	}
}

// restart forgets the matches of filters: after a pause they are counted anew.
func (a *allowance) restart(names []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range names {
		delete(a.own, name)
		delete(a.others, name)
	}
}

// giveBack uncounts a match that was not notified after all.
func (a *allowance) giveBack(f *filter.Filter, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if hourOf(at).Equal(a.hour) && a.own[f.Name] > 0 {
		a.own[f.Name]--
	}
}
