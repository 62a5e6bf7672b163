//go:build !race

package expression_test

import (
	"testing"

	"nightwire.dev/schemas"
)

// TestMatchAllocatesNothing has an evaluation leave no garbage behind. Under the
// race detector a pool forgets at random, so there it would say nothing.
func TestMatchAllocatesNothing(t *testing.T) {
	a := newAlert(t, nil)
	p := program(t, schemas.ZTF, "candidate.rb > 0.1 && prv_candidates.exists(p, p.magpsf < 0.0) || abs(candidate.magpsf - 3) < 0.01")
	allocations := testing.AllocsPerRun(100, func() {
		run := p.Run(a)
		if matched, err := run.Match(0); matched || err != nil {
			t.Errorf("matched %v, error %v", matched, err)
		}
		run.Close()
	})
	if allocations > 0 {
		t.Errorf("%v allocations an alert, want none", allocations)
	}
}
