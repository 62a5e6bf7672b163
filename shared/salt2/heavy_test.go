package salt2

import (
	"math"
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
				if t.chi2 < best.chi2 {
					best = t
				}
			}
		}
		best = w.neighbours(best)
	}
	best, _ = w.polish(best, best)
	return best.chi2
}

// parts are how much of a light curve is seen: all of it, or the rise only.
var parts = map[string]float64{"whole": 1, "half": 1. / 2, "third": 1. / 3}

// compare fits light curves, and lets one in a hundred be worse than the heavy
// search by more than 0.1 in chi2. It returns the number of fits.
func compare(t *testing.T, f *Fitter, data [][]Observation, targets []Target) {
	t.Helper()
	fits, worse := 0, 0
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
		if want := heavy(f, data[i], targets[i]); got.ChiSquare > want+0.1 {
			worse++
			t.Logf("light curve %d of %d points: chi2 %.3f, searched for long %.3f", i, len(data[i]), got.ChiSquare, want)
		}
	}
	t.Logf("%d fits, %d worse", fits, worse)
	if fits == 0 || 100*worse > fits {
		t.Errorf("%d of %d fits are worse than a long search", worse, fits)
	}
}

// TestNoBetterMinimumIsFound searches long for what the fits of the reference's
// light curves may have missed, whole and cut off.
func TestNoBetterMinimumIsFound(t *testing.T) {
	t.Parallel()
	r := newReference(t)
	fitter, err := NewFitter(r.model, r.list(), Options{Z: FreeZ(0.005, 0.2)})
	if err != nil {
		t.Fatal(err)
	}
	curves := lines[simulated](t, r, "sim_lightcurves.jsonl")
	for name, part := range parts {
		for z, every := range map[string]int{" at fixed z": sampled(1), " at free z": 20} {
			if raceEnabled && z == " at free z" {
				continue // too long a search
			}
			t.Run(name+z, func(t *testing.T) {
				t.Parallel()
				var data [][]Observation
				var targets []Target
				for i := 0; i < len(curves); i += every {
					all := curves[i].observations(r.bands)
					data = append(data, all[:int(math.Ceil(float64(len(all))*part))])
					targets = append(targets, Target{})
					if z == " at fixed z" {
						targets[len(targets)-1].Z = FixedZ(curves[i].Truth.Z)
					}
				}
				compare(t, fitter, data, targets)
			})
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
