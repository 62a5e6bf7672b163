package salt2

import "math"

// end is the MJD at which the model's light ends.
func (w *work) end(z, t0 float64) float64 { return t0 + w.model.Phases().High*(1+z) }

// jumpBetween is the first observation that the light's end passes over on its
// way; an observation at the very end is lit.
func (w *work) jumpBetween(from, to float64) (jump float64, ok bool) {
	if !w.abrupt {
		return 0, false
	}
	for i := range w.points {
		p := &w.points[i]
		if !p.kept {
			continue
		}
		if from < p.mjd && p.mjd <= to && (!ok || p.mjd < jump) || to < p.mjd && p.mjd <= from && (!ok || p.mjd > jump) {
			jump, ok = p.mjd, true
		}
	}
	return jump, ok
}

// neighbours tries the other sides of the jumps next to a minimum, and of the
// next ones for as long as that may help.
func (w *work) neighbours(best trial) trial {
	const most = 12
	if !w.abrupt {
		return best
	}
	from := best
	for _, way := range [2]float64{-1, 1} {
		t := from
		for range most {
			end := w.end(t.Z, t.T0)
			jump, ok := w.jumpBetween(end, math.Inf(int(way)))
			if !ok || !w.promising(&t, jump, way) {
				break
			}
			t = w.try(t.Z, w.t0.clamp(t.T0+jump-end+way*nudge), t.C)
			t = w.descend(t, true)
			if t.chi2 < best.chi2-1e-6 {
				best = t
			}
		}
	}
	return best
}

// promising says whether chi2 may fall if the light's end moves over a jump:
// what it costs to go there is compared with all that the observation at the
// jump contributes, or may come to.
func (w *work) promising(t *trial, jump, way float64) bool {
	const generous = 2
	distance := w.end(t.Z, t.T0) - jump
	gain := 0.1
	for i := range w.points {
		p := &w.points[i]
		if !p.kept || p.mjd != jump {
			continue
		}
		off := p.flux
		if way < 0 {
			off -= p.model
		}
		gain += generous * off * off * p.weight
	}
	covariance, ok := t.hessian.inverse(&w.free)
	if !ok {
		return false
	}
	last := w.model.Phases().High
	variance := covariance[1][1] + last*(2*covariance[1][0]+last*covariance[0][0])
	return distance*distance < gain*variance*generous
}
