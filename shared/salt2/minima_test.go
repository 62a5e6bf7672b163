package salt2

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFoundKeepsTheBestDistinctMinima finds some minima twice.
func TestFoundKeepsTheBestDistinctMinima(t *testing.T) {
	t.Parallel()
	w := &work{}
	for _, m := range []struct{ z, t0, chi2 float64 }{
		{0.05, 100, 12}, {0.05, 108, 11}, {0.10, 100, 14}, {0.05, 100.4, 10}, {0.102, 100.2, 15},
		{0.05, 120, 40}, {0.05, 130, 30}, {0.05, 140, 20},
	} {
		w.found(&trial{Params: Params{Z: m.z, T0: m.t0}, chi2: m.chi2})
	}
	var got []float64
	for _, m := range w.minima {
		got = append(got, m.chi2)
	}
	if diff := cmp.Diff([]float64{10, 11, 14, 20, 30}, got); diff != "" {
		t.Error(diff)
	}
}
