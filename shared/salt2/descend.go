package salt2

import "math"

const (
	enough   = 1e-3 // a smaller gain in chi2 ends a search: 0.03 standard deviations
	settled  = 5e-3 // and the same in the end, by the exact scheme
	maxSteps = 60
	nudge    = 1e-6 // days to this side of an observation
)

// descend follows chi2 from a trial to its minimum, by the method of Levenberg
// and Marquardt on the redshift, the time and the colour. The amplitudes are
// projected out (Golub & Pereyra 1973): each trial has the best ones.
//
// Chi2 jumps where the end of the model's light passes over an observation, and
// a minimum may well lie at a jump. A step that leads over jumps is taken if it
// lowers chi2 and within is false; else it ends before the first jump, and from
// there the search goes on along the jump.
func (w *work) descend(t trial, within bool) trial {
	t, _ = w.descendIn(t, within, maxSteps)
	return t
}

// descendIn is descend in at most so many steps. It says whether it arrived.
func (w *work) descendIn(t trial, within bool, steps int) (_ trial, arrived bool) {
	const (
		first, most = 1e-3, 1e9 // of the damping
		rough       = 0.1       // gain that may be left where chi2 is not smooth
	)
	least := enough
	if w.source == fromModel {
		least = settled
	}
	damping := 0.0
	tied := false // t0 follows the redshift, so that the light ends where it ends
	for range steps {
		step, gain, ok := w.step(&t, damping, tied)
		if ok && gain < least {
			return t, true
		}
		if ok {
			next, lower, stuck := w.advance(&t, &step, tied, within)
			if stuck {
				tied, damping = true, 0
				continue
			}
			if lower {
				t, tied = next, false
				if damping /= 10; damping < first {
					damping = 0
				}
				continue
			}
		}
		if damping = max(first, damping*10); damping > most {
			break
		}
	}
	_, gain, ok := w.step(&t, 0, tied)
	return t, ok && gain < rough
}

// advance tries where a step leads. A step over a jump that does not lower
// chi2, or must not be taken, ends before the jump; it is stuck if it is there
// already.
func (w *work) advance(t *trial, step *vector, tied, within bool) (next trial, lower, stuck bool) {
	next = w.after(t, step)
	end, to := w.end(t.Z, t.T0), w.end(next.Z, next.T0)
	jump, crosses := w.jumpBetween(end, to)
	if tied {
		next.T0 += end - to
		crosses = false
	}
	if !crosses || !within {
		next = w.try(next.Z, next.T0, next.C)
		if next.chi2 < t.chi2 || !crosses {
			return next, next.chi2 < t.chi2, false
		}
		next = w.after(t, step)
	}
	room := jump - nudge - end
	if to < end {
		room = jump + nudge - end
	}
	if math.Abs(room) < 3*nudge {
		return next, false, true
	}
	part := room / (to - end)
	next = w.try(t.Z+part*(next.Z-t.Z), t.T0+part*(next.T0-t.T0), t.C+part*(next.C-t.C))
	return next, next.chi2 < t.chi2, false
}

// step solves the normal equations. The gain is what chi2 would fall by if
// the model were linear. A parameter that is at a bound, and that the gradient
// or the step would take out, stays.
func (w *work) step(t *trial, damping float64, tied bool) (step vector, gain float64, ok bool) {
	h, g, part := t.hessian, t.gradient, w.free
	part[IndexZ] = part[IndexZ] && w.source != fromSlices
	last := w.model.Phases().High
	if tied {
		h[0][0] += last * (last*h[1][1] - 2*h[1][0])
		for i := IndexX0; i < parameters; i++ {
			h[i][0] -= last * h[i][1]
		}
		g[0] -= last * g[1]
		g[1] = 0
		part[IndexT0] = false
	}
	w.hold(&part, t, &g)
	for {
		if step, ok = h.solve(&g, &part, damping); !ok || !w.hold(&part, t, &step) {
			break
		}
	}
	for i := range step {
		gain += step[i] * g[i]
	}
	if tied {
		step[IndexT0] = -last * step[IndexZ]
	}
	return step, gain, ok
}

// hold takes out the parameters that are at a bound and point outwards, and
// says whether there were any.
func (w *work) hold(part *mask, t *trial, way *vector) (held bool) {
	for i, at := range [parameters]struct {
		x float64
		Bounds
	}{
		{t.Z, w.redshift.bounds}, {t.T0, w.t0}, {t.X0, w.options.X0}, {t.X1, w.options.X1}, {t.C, w.options.C},
	} {
		if part[i] && (at.x <= at.Low && way[i] < 0 || at.x >= at.High && way[i] > 0) {
			part[i], held = false, true
		}
	}
	return held
}

// after is where a step leads: shortened to what a linearisation may be good
// for, and within the bounds.
func (w *work) after(t *trial, step *vector) trial {
	const redshift, days, colour = 0.05, 10, 0.5
	size := max(math.Abs(step[IndexZ])/redshift, math.Abs(step[IndexT0])/days, math.Abs(step[IndexC])/colour, 1)
	return trial{Params: Params{
		Z:  w.redshift.bounds.clamp(t.Z + step[IndexZ]/size),
		T0: w.t0.clamp(t.T0 + step[IndexT0]/size),
		C:  w.options.C.clamp(t.C + step[IndexC]/size),
	}}
}
