package salt2

import (
	"fmt"
	"math"
	"sync"
)

// Fitter fits light curves with one model and one set of options. It is safe
// for concurrent use: each fit takes its scratch memory from a pool.
type Fitter struct {
	model    *Model
	bands    []*Band
	options  Options
	tablets  []*tablet
	prepared *table // nil where no range of redshift is given
	abrupt   bool   // whether the model's light ends at once
	pool     sync.Pool
}

// NewFitter makes a Fitter for observations through these bands, and the
// tables for the redshifts that the options give: for 0.005 to 0.2 and two
// bands 1.5 MB, in some 10 ms. The model's own dust is not used: a Target says
// what lies in front of it.
func NewFitter(m *Model, bands []*Band, o Options) (*Fitter, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("fitter: %w", err)
	}
	f := &Fitter{model: m, bands: bands, options: o, abrupt: m.endsAbruptly()}
	for i, b := range bands {
		if b == nil {
			return nil, fmt.Errorf("fitter: band %d is nil", i)
		}
		f.tablets = append(f.tablets, newTablet(m, b, o.Dust))
	}
	if o.Z.free() {
		f.prepared = newTable(m, f.tablets, o.Z.bounds)
	}
	f.pool.New = func() any { return newWork(f) }
	return f, nil
}

// Fit finds the parameters of the least chi2 inside the bounds. Observations
// through other bands than the Fitter's, and those whose numbers are no
// measurement, are not used.
func (f *Fitter) Fit(data []Observation, target Target) Result {
	var r Result
	f.FitInto(&r, data, target)
	return r
}

// FitInto is Fit into a Result whose memory is used again. It allocates
// nothing where the Fitter has fitted as many observations before, and has
// tables for the redshift if that is free.
func (f *Fitter) FitInto(r *Result, data []Observation, target Target) {
	used := r.Used[:0]
	for range data {
		used = append(used, false)
	}
	*r = Result{Used: used}
	w, _ := f.pool.Get().(*work)
	r.Reason = w.fit(r, data, target)
	f.pool.Put(w)
}

// work is the scratch memory and the state of one fit.
type work struct {
	*Fitter
	curve
	redshift Redshift
	t0       Bounds
	free     mask
	table    *table

	source      source
	rows        []*rows // of the source, a band each
	approximate []*approximate
	exact       []*exact
	rest        []*restBand
	ebv         float64
	dimmed      [][]bin // the bands' bins behind the target's dust
	usable      []bool  // the bands that the model covers
	starts      []start
	minima      []trial // the best that the search came by, best first
}

func newWork(f *Fitter) *work {
	n := len(f.bands)
	w := &work{
		Fitter: f, ebv: math.NaN(),
		rows: make([]*rows, n), dimmed: make([][]bin, n), usable: make([]bool, n),
	}
	w.spans = make([]span, n)
	for b, t := range f.tablets {
		w.approximate = append(w.approximate, newApproximate(t, b))
		w.exact = append(w.exact, newExact(f.model))
		w.dimmed[b] = make([]bin, len(f.bands[b].bins))
		if f.options.ModelCovariance {
			w.rest = append(w.rest, newRestBand(f.model, f.bands[b]))
		}
	}
	return w
}

// fit runs one fit. It returns why there is none.
func (w *work) fit(r *Result, data []Observation, target Target) Reason {
	w.redshift = w.options.Z
	if target.Z.given {
		w.redshift = target.Z
	}
	if !w.redshift.given {
		return NoRedshift
	}
	if w.redshift.validate() != nil || math.IsNaN(target.EBV) || math.IsInf(target.EBV, 0) {
		return BadTarget
	}
	z := w.redshift.bounds
	w.free = mask{w.redshift.free(), true, true, true, true}
	covered := false
	for b, band := range w.bands {
		w.usable[b] = w.model.Covers(band, z.Low) && w.model.Covers(band, z.High)
		covered = covered || w.usable[b]
	}
	if !covered {
		return NoBandInRange
	}
	w.table = w.prepared
	if w.redshift.free() && !(w.table.holds(z.Low) && w.table.holds(z.High)) {
		w.table = newTable(w.model, w.tablets, z)
	}
	w.veil(target.EBV)
	w.take(data, w.bands, w.usable)
	best, reason := w.search()
	if reason != "" {
		return reason
	}
	return w.report(r, &best)
}

// veil puts dust in front of all bands.
func (w *work) veil(ebv float64) {
	if ebv == w.ebv {
		return
	}
	w.ebv = ebv
	for b, a := range w.approximate {
		a.veil(ebv, w.dimmed[b])
	}
}

// parametersFree is the number of free parameters.
func (w *work) parametersFree() int {
	n := 0
	for _, free := range w.free {
		if free {
			n++
		}
	}
	return n
}

// report turns the last trial, which must be exact, into a result.
func (w *work) report(r *Result, t *trial) Reason {
	covariance, ok := t.hessian.inverse(&w.free)
	if !ok {
		return Unconstrained
	}
	r.Params, r.ChiSquare, r.Covariance = t.Params, t.chi2, covariance
	sigma := func(i int) float64 { return math.Sqrt(covariance[i][i]) }
	r.Errors = Params{Z: sigma(IndexZ), T0: sigma(IndexT0), X0: sigma(IndexX0), X1: sigma(IndexX1), C: sigma(IndexC)}
	n, _, _ := w.kept()
	r.NDOF = n - w.parametersFree()
	if w.redshift.sigma > 0 {
		r.NDOF++
	}
	for i := range w.points {
		r.Used[w.points[i].index] = w.points[i].kept
	}
	return ""
}
