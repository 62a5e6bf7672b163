package salt2

import (
	"cmp"
	"math"
	"slices"
	"testing"
)

// heavy is the least chi2 of far more starts than a fit has: every day and five
// colours, or every third day, three colours and fifteen redshifts where the
// redshift is free.
func heavy(f *Fitter, data []Observation, target Target) float64 {
	w := newWork(f)
	r := Result{Used: make([]bool, len(data))}
	if w.fit(&r, data, target) != "" {
		return math.Inf(1)
	}
	redshifts, step := []float64{w.redshift.bounds.Low}, 1.0
	colours := []float64{-1, -0.3, 0, 0.5, 1.5}
	if b := w.redshift.bounds; w.redshift.free() {
		redshifts, step = nil, 3
		colours = []float64{-0.3, 0, 0.5}
		for i := range 15 {
			redshifts = append(redshifts, b.Low+(b.High-b.Low)*float64(i)/14)
		}
	}
	best := trial{chi2: math.Inf(1)}
	w.thaw()
	var ends []trial
	for _, z := range redshifts {
		w.settle(z)
		for t0 := w.t0.Low; t0 <= w.t0.High; t0 += step {
			for _, c := range colours {
				w.use(fromSlices)
				t := w.descend(w.try(z, t0, c), false)
				if w.redshift.free() && t.chi2 < best.chi2+30 {
					w.use(fromTable)
					t = w.descend(w.try(t.Z, t.T0, t.C), false)
				}
				ends = append(ends, t)
				if t.chi2 < best.chi2 {
					best = t
				}
			}
		}
		best = w.neighbours(best)
	}
	if f.options.ModelCovariance {
		return w.heavyRepeat(append(ends, best), best.chi2+credible)
	}
	best, _ = w.polish(best, best)
	return best.chi2
}

// heavyRepeat repeats the fit with the model's covariance from all the ends of
// a search that are credible, those that lie close together once.
func (w *work) heavyRepeat(ends []trial, limit float64) float64 {
	least := math.Inf(1)
	slices.SortFunc(ends, func(a, b trial) int { return cmp.Compare(a.chi2, b.chi2) })
	for i, t := range ends {
		near := func(u trial) bool { return math.Abs(u.T0-t.T0) < 0.5 && math.Abs(u.Z-t.Z) < 0.005 }
		if t.chi2 > limit || slices.ContainsFunc(ends[:i], near) {
			continue
		}
		w.thaw()
		if w.redshift.free() {
			w.use(fromTable)
		} else {
			w.settle(t.Z)
		}
		if t, before, reason := w.repeat(t); reason == "" {
			t, _ = w.polish(t, before)
			least = min(least, t.chi2)
		}
	}
	return least
}

// parts are how much of a light curve is seen: all of it, or the rise only.
var parts = map[string]float64{"whole": 1, "half": 1. / 2, "third": 1. / 3}

// compare fits light curves, and lets one in a hundred be worse than the heavy
// search by more than 0.1 in chi2. With the model's covariance that is one, or one
// in thirty, and 0.3: the covariance is repeated only until the parameters are
// within a tenth of their errors, and some minima are there with it alone.
func compare(t *testing.T, f *Fitter, data [][]Observation, targets []Target) {
	t.Helper()
	fits, worse, least := 0, 0, 0.1
	if f.options.ModelCovariance {
		least = 0.3
	}
	allowed := func() int {
		if f.options.ModelCovariance {
			return max(1, fits/30)
		}
		return fits / 100
	}
	for i := range data {
		got := f.Fit(data[i], targets[i])
		if got.Reason == TooFewPoints {
			continue
		}
		if !got.OK() {
			t.Errorf("light curve %d: %s", i, got.Reason)
			continue
		}
		fits++
		if want := heavy(f, data[i], targets[i]); got.ChiSquare > want+least {
			worse++
			t.Logf("light curve %d of %d points: chi2 %.3f, searched for long %.3f", i, len(data[i]), got.ChiSquare, want)
		}
	}
	t.Logf("%d fits, %d worse", fits, worse)
	if fits == 0 || worse > allowed() {
		t.Errorf("%d of %d fits are worse than a long search", worse, fits)
	}
}

// TestNoBetterMinimumIsFound searches long for what the fits of the reference's
// light curves may have missed, whole and cut off, without the model's
// covariance and with it.
func TestNoBetterMinimumIsFound(t *testing.T) {
	t.Parallel()
	r := newReference(t)
	curves := lines[simulated](t, r, "sim_lightcurves.jsonl")
	for _, c := range []struct {
		name       string
		covariance bool
		fixed      bool
		every      int
	}{
		{"fixed z", false, true, sampled(1)},
		{"free z", false, false, 20},
		{"fixed z with covariance", true, true, sampled(3)},
		{"free z with covariance", true, false, 25},
	} {
		if raceEnabled && !c.fixed {
			continue // too long a search
		}
		fitter, err := NewFitter(r.model, r.list(), Options{Z: FreeZ(0.005, 0.2), ModelCovariance: c.covariance})
		if err != nil {
			t.Fatal(err)
		}
		for name, part := range parts {
			t.Run(name+" at "+c.name, func(t *testing.T) {
				t.Parallel()
				var data [][]Observation
				var targets []Target
				for i := 0; i < len(curves); i += c.every {
					all := curves[i].observations(r.bands)
					data = append(data, all[:int(math.Ceil(float64(len(all))*part))])
					targets = append(targets, Target{})
					if c.fixed {
						targets[len(targets)-1].Z = FixedZ(curves[i].Truth.Z)
					}
				}
				compare(t, fitter, data, targets)
			})
		}
	}
}

// TestCutLightCurvesWithCovariance fits the beginnings of light curves of the
// reference whose minima change places by the model's covariance. The
// chi2 is the reference program's, in the best of several starts. Both programs
// stop repeating within a tenth of the errors, where such chi2 are known to 0.2.
func TestCutLightCurvesWithCovariance(t *testing.T) {
	t.Parallel()
	r := newReference(t)
	fitter, err := NewFitter(r.model, r.list(), Options{Z: FreeZ(0.005, 0.2), ModelCovariance: true})
	if err != nil {
		t.Fatal(err)
	}
	curves := map[string]simulated{}
	for _, s := range lines[simulated](t, r, "sim_lightcurves.jsonl") {
		curves[s.ID] = s
	}
	for _, c := range []struct {
		id, part string
		fixed    bool
		want     float64
	}{
		{"S022", "half", false, 9.88},
		{"S027", "half", false, 7.28},
		{"S037", "third", false, 5.54},
		{"S006", "third", true, 4.10},
	} {
		s := curves[c.id]
		data := s.observations(r.bands)
		data = data[:int(math.Ceil(float64(len(data))*parts[c.part]))]
		var target Target
		if c.fixed {
			target.Z = FixedZ(s.Truth.Z)
		}
		got := fitter.Fit(data, target)
		if !got.OK() || got.ChiSquare > c.want+0.2 {
			t.Errorf("%s of %s: chi2 %.3f, reference %.2f", c.part, c.id, got.ChiSquare, c.want)
		}
	}
}

// TestFreshSimulations draws supernovae that nobody has fitted before.
func TestFreshSimulations(t *testing.T) {
	t.Parallel()
	onBothModels(t, func(t *testing.T, model *Model, bands []*Band) {
		fitter, err := NewFitter(model, bands, Options{Z: FreeZ(0.005, 0.2)})
		if err != nil {
			t.Fatal(err)
		}
		for name, part := range parts {
			for z, count := range map[string]int{" at fixed z": 60 / sampled(1), " at free z": 3} {
				if raceEnabled && z == " at free z" {
					continue
				}
				t.Run(name+z, func(t *testing.T) {
					s := newSky(model, bands, 7)
					s.until = 53 // after the end of the model's light, where chi2 jumps
					data, targets := make([][]Observation, count), make([]Target, count)
					for i := range data {
						p := s.supernova()
						data[i] = s.observe(p, part)
						if z == " at fixed z" {
							targets[i].Z = FixedZ(p.Z)
						}
					}
					compare(t, fitter, data, targets)
				})
			}
		}
	})
}

// sampled is every how many light curves are tested: twenty times fewer under
// the race detector, which is ten times slower.
func sampled(every int) int {
	if raceEnabled {
		return 20 * every
	}
	return every
}
