package salt2

// repeat fits again until the points are those inside the ranges of phase and
// wavelength at the fit's own parameters and, with the model's covariance,
// until no parameter moves by more than a tenth of its error. Data for which
// two sets of points alternate end with the last repetition. The covariance is
// that at the parameters before, which are returned as well.
func (w *work) repeat(t trial) (last, before trial, reason Reason) {
	const (
		most   = 21
		errors = 0.1
	)
	again := w.options.ModelCovariance
	for range most {
		again = w.crop(&t) || again
		if n, _, _ := w.kept(); n < w.fewest() {
			return t, before, TooFewPoints
		}
		if !again {
			break
		}
		before = t
		t = w.try(t.Z, t.T0, t.C)
		if w.options.ModelCovariance {
			w.freeze(&t)
			t = w.evaluate(t.Z, t.T0, t.C, w.byZ())
		}
		t = w.descend(t, false)
		again = w.options.ModelCovariance && w.moved(&before, &t, errors)
	}
	return t, before, ""
}

// polish ends the search by the exact scheme.
func (w *work) polish(t, before trial) (last trial, converged bool) {
	w.use(fromModel)
	if w.options.ModelCovariance {
		w.crop(&before)
		amplitudes := before.Params // of other weights than those at hand
		before = w.try(before.Z, before.T0, before.C)
		before.Params = amplitudes
		w.normal(&before, w.byZ())
		w.freeze(&before)
	}
	return w.descendIn(w.try(t.Z, t.T0, t.C), true, maxSteps)
}

// moved says whether a parameter differs by more than some of its errors.
func (w *work) moved(from, to *trial, errors float64) bool {
	covariance, ok := to.hessian.inverse(&w.free)
	if !ok {
		return false
	}
	for i, d := range [parameters]float64{to.Z - from.Z, to.T0 - from.T0, to.X0 - from.X0, to.X1 - from.X1, to.C - from.C} {
		if d*d > errors*errors*covariance[i][i] {
			return true
		}
	}
	return false
}

// crop keeps the points inside the ranges, and says whether that changed any.
func (w *work) crop(t *trial) (changed bool) {
	a := 1 / (1 + t.Z)
	for i := range w.points {
		p := &w.points[i]
		kept := w.options.Phase.inside((p.mjd-t.T0)*a) && w.options.Wave.inside(w.bands[p.band].effective*a)
		changed = changed || kept != p.kept
		p.kept = kept
	}
	return changed
}

// fewest is the least number of points of a fit.
func (w *work) fewest() int { return max(w.options.MinPoints, w.parametersFree()+1) }
