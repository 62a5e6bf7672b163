package bazin

import (
	"math"
	"testing"

	"nightwire.dev/shared/lightcurve"
)

// TestDescendPastSilence: where the points tell nothing of the peak and the
// rise, since all of them are far down the decline, the fall is still found.
func TestDescendPastSilence(t *testing.T) {
	t.Parallel()
	const fall = 9
	var c lightcurve.Curve
	for day := range 20 {
		flux := 300 * math.Exp(-float64(day)/fall)
		c.Points = append(c.Points, lightcurve.Point{MJD: 60000 + float64(day), Band: "g", FluxUJy: flux, FluxErrUJy: 1})
	}
	var f Fitter
	f.load(c, Options{ZeroOffsets: true})
	f.spreadPeaks()
	s := f.descend(solution{at: coordinates{-30, 0, math.Log(4)}}, lastSteps)
	if !s.converged || s.chiSquare > 0.1 || math.Abs(math.Exp(s.at[2])-fall) > 0.1 {
		t.Errorf("chi-square is %v with a fall of %v days, want zero with %v", s.chiSquare, math.Exp(s.at[2]), fall)
	}
	if r := f.result(s); r.Reason != Unconstrained {
		t.Errorf("reason is %q, want %q", r.Reason, Unconstrained)
	}
}
