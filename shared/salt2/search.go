package salt2

import "math"

// search finds the best trial, by the exact scheme.
func (w *work) search() (trial, Reason) {
	count, first, last := w.kept()
	if count < w.fewest() {
		return trial{}, TooFewPoints
	}
	z := w.redshift.bounds
	stretch := 1 + (z.Low+z.High)/2
	phases := w.model.Phases()
	w.t0 = w.options.T0.or(first-phases.High*stretch, last-phases.Low*stretch)

	var best trial
	w.minima = w.minima[:0]
	if w.redshift.free() {
		best = w.searchFree()
	} else {
		w.settle(z.Low)
		best = w.searchAt(z.Low)
	}
	best, before, reason := w.repeatMinima(best)
	if reason != "" {
		return best, reason
	}
	best, converged := w.polish(best, before)
	switch {
	case math.IsInf(best.chi2, 1):
		return best, DidNotConverge
	case best.X0 <= 0 && w.options.X0.Low >= 0:
		return best, NoFlux
	case !converged:
		return best, DidNotConverge
	}
	return best, ""
}

// searchAt finds the best trial at the redshift that is settled on: from the
// best start and, if that leaves doubt, from others and along t0.
func (w *work) searchAt(z float64) trial {
	w.scan(z)
	best := trial{chi2: math.Inf(1)}
	for _, s := range w.starts {
		t := w.descend(w.try(z, s.t0, w.options.C.clamp(0)), false)
		w.found(&t)
		if w.rising(&t) || !w.redshift.free() && w.doubtful(&t) {
			t = w.explore(t)
		}
		if t = w.neighbours(t); t.chi2 < best.chi2 {
			best = t
		}
		if !w.rising(&best) && !w.bad(&best) {
			break
		}
	}
	return best
}

// searchFree finds the best trial at any redshift within the bounds: first at
// a row of redshifts, each from where its neighbour ended, and then from the
// minima of that row; for a light curve that still rises, from all of it.
func (w *work) searchFree() trial {
	const most = 10
	z := w.redshift.bounds
	redshift := func(i int) float64 {
		return w.settleNear(z.Low+(z.High-z.Low)*(float64(i)+0.5)/most, z)
	}
	var row [most]trial
	const middle = most / 2
	row[middle] = w.searchAt(redshift(middle))
	for i := middle + 1; i < most; i++ {
		row[i] = w.follow(redshift(i), &row[i-1])
	}
	for i := middle - 1; i >= 0; i-- {
		row[i] = w.follow(redshift(i), &row[i+1])
	}
	w.use(fromTable)
	w.minima = w.minima[:0]
	best := trial{chi2: math.Inf(1)}
	for _, minima := range [2]bool{true, false} {
		for i := range row {
			t := &row[i]
			minimum := (i == 0 || row[i-1].chi2 >= t.chi2) && (i == most-1 || row[i+1].chi2 >= t.chi2)
			if minimum != minima {
				continue
			}
			d := w.descend(w.try(t.Z, t.T0, t.C), false)
			w.found(&d)
			if d.chi2 < best.chi2 {
				best = d
			}
		}
		if !w.rising(&best) {
			break
		}
	}
	if w.doubtful(&best) {
		best = w.explore(best)
	}
	return w.neighbours(best)
}

// follow finds a minimum at the settled redshift from one at another.
func (w *work) follow(z float64, t *trial) trial {
	const steps = 4
	d, _ := w.descendIn(w.try(z, w.t0.clamp(t.T0), t.C), false, steps)
	if w.rising(&d) {
		d = w.explore(d)
	}
	return d
}

// doubtful says whether other minima in t0 are likely: where the light curve
// ends before or soon after the maximum, where the fit is bad, or where it
// says little of the stretch.
func (w *work) doubtful(t *trial) bool {
	if w.rising(t) || w.bad(t) {
		return true
	}
	covariance, ok := t.hessian.inverse(&mask{false, true, true, true, true})
	sigma := 3 * math.Sqrt(covariance[IndexX1][IndexX1])
	return !ok || t.X1-sigma < w.options.X1.Low || t.X1+sigma > w.options.X1.High
}

// bad says whether no good fit is found yet.
func (w *work) bad(t *trial) bool {
	const bad = 5 // chi2 a point
	count, _, _ := w.kept()
	return t.chi2 > bad*float64(count)
}

// rising says whether the light curve ends before the decline is seen. Then a
// narrow and early, and a wide and late curve may fit alike.
func (w *work) rising(t *trial) bool {
	const declined = 10 // rest-frame days after maximum
	_, _, last := w.kept()
	return (last-t.T0)/(1+t.Z) < declined
}

// explore walks along t0 to both sides of a minimum, with the other parameters
// at their best at each step, and descends from the minima that it comes by.
func (w *work) explore(best trial) trial {
	const (
		days     = 1.5
		walk     = 10
		descents = 3
	)
	from := best
	for _, way := range [2]float64{-1, 1} {
		t := from
		falling := false
		for i := 1; i <= walk; i++ {
			w.free[IndexT0] = false
			next, _ := w.descendIn(w.try(t.Z, w.t0.clamp(from.T0+way*days*float64(i)), t.C), false, descents)
			w.free[IndexT0] = true
			if next.chi2 >= t.chi2 && falling {
				d := w.descend(w.try(t.Z, t.T0, t.C), false)
				w.found(&d)
				if d.chi2 < best.chi2 {
					best = d
				}
			}
			falling = next.chi2 < t.chi2
			t = next
		}
	}
	return best
}
