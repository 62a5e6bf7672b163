package filter

import (
	"sync"

	"nightwire.dev/shared/filter"
)

// mostStrikes is how often in a row a filter may exceed its limits.
const mostStrikes = 20

// strikes counts for each filter the evaluations that failed in a row, as far
// as this instance sees. Evaluations run at the same time have no order, so
// "in a row" is as they end.
type strikes struct {
	mu     sync.Mutex
	failed map[string]int // by ID: another version begins anew
}

func newStrikes() *strikes { return &strikes{failed: map[string]int{}} }

// count takes in the failures of one evaluation, and returns those of filters
// that have had too many. A filter that has failed before and not now begins
// anew.
func (s *strikes) count(failures []filter.Failure) []filter.Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(failures) == 0 {
		clear(s.failed)
		return nil
	}
	next := make(map[string]int, len(failures))
	var out []filter.Failure
	for _, failure := range failures {
		id := failure.Filter.ID()
		if n := s.failed[id] + 1; n < mostStrikes {
			next[id] = n
		} else {
			out = append(out, failure)
		}
	}
	s.failed = next
	return out
}
