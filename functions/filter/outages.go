package filter

import "sync"

// longOutage is how often in a row the publishes of one filter may fail while
// other filters are told of the same alerts. After that its alerts wait for it
// no longer. An outage of all topics is no reason: then events come again.
const longOutage = 5

// outages counts for each filter the publishes that failed in a row, as far as
// this instance sees.
type outages struct {
	mu     sync.Mutex
	failed map[string]int // by the filter's name
}

// isLong counts a failure, and says whether it is one too many.
func (o *outages) isLong(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed[name]++
	return o.failed[name] >= longOutage
}

// end has filters begin anew.
func (o *outages) end(names ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, name := range names {
		delete(o.failed, name)
	}
}
