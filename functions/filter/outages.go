package filter

import (
	"sync"
	"time"
)

// longOutage is how often in a row the publishes of one filter may fail while
// other filters are told of the same alerts. Once that has gone on for a lease,
// too, its alerts wait for it no longer: many alerts under way at one time all
// fail in one bad second. An outage of all topics is no reason: then events come
// again.
const longOutage = 5

// outages counts for each filter the publishes that failed in a row, as far as
// this instance sees.
type outages struct {
	mu     sync.Mutex
	failed map[string]outage // by the filter's name
}

// outage is failures in a row.
type outage struct {
	count int
	since time.Time
}

// isLong counts a failure, and says whether it is one too many.
func (o *outages) isLong(name string, now time.Time, lease time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := o.failed[name]
	if last.count == 0 {
		last.since = now
	}
	last.count++
	o.failed[name] = last
	return last.count >= longOutage && now.Sub(last.since) >= lease
}

// end has filters begin anew.
func (o *outages) end(names ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, name := range names {
		delete(o.failed, name)
	}
}
