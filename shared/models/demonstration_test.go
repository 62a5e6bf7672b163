package models_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/salt2"
)

func demonstration(tb testing.TB) *models.Set {
	tb.Helper()
	set, err := models.Demonstration()
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func TestDemonstrationCoversTheSurveys(t *testing.T) {
	t.Parallel()
	set := demonstration(t)
	if diff := cmp.Diff(map[string]string{schemas.ZTF: "gir", schemas.LSST: "giruyz"}, bandNames(set)); diff != "" {
		t.Errorf("bands (-want +got):\n%s", diff)
	}
	for survey, bands := range set.Bands {
		for name, band := range bands {
			if band.Name != survey+name {
				t.Errorf("%s's band %s is named %s", survey, name, band.Name)
			}
			for _, z := range []float64{0, 0.1, 0.2} {
				if !set.Model.Covers(band, z) {
					t.Errorf("the model does not cover %s at z = %g", band.Name, z)
				}
			}
		}
	}
}

// curve is the magnitudes of the demonstration every quarter of a day of its
// own time, from -15 to 75.
func curve(set *models.Set, band *salt2.Band, p salt2.Params) (phases, mags []float64) {
	for phase := -15.0; phase <= 75; phase += 0.25 {
		phases = append(phases, phase)
		mags = append(mags, -2.5*math.Log10(set.Model.BandFlux(p, band, p.T0+phase*(1+p.Z), 23.9)))
	}
	return phases, mags
}

// maximum is the phase and the magnitude where a light curve is brightest, and
// how much fainter it is 15 days later.
func maximum(phases, mags []float64) (phase, mag, decline float64) {
	best := 0
	for i := range mags {
		if mags[i] < mags[best] {
			best = i
		}
	}
	return phases[best], mags[best], mags[best+60] - mags[best]
}

// The demonstration looks like a type Ia in what everybody knows of them.
func TestDemonstrationLooksLikeTypeIa(t *testing.T) {
	t.Parallel()
	set := demonstration(t)
	ztf := set.Bands[schemas.ZTF]
	for _, z := range []float64{0.01, 0.05, 0.1, 0.2} {
		t.Run(fmt.Sprintf("z = %g", z), func(t *testing.T) {
			t.Parallel()
			phaseG, _, declineG := maximum(curve(set, ztf["g"], salt2.Params{Z: z, X0: 1}))
			phaseI, _, declineI := maximum(curve(set, ztf["i"], salt2.Params{Z: z, X0: 1}))
			if math.Abs(phaseG) > 2 || phaseI < phaseG+0.75 || phaseI > 5 {
				t.Errorf("maxima in g at %g and in i at %g", phaseG, phaseI)
			}
			if declineG < 0.7 || declineG > 1.3 || declineI > declineG-0.2 {
				t.Errorf("15 days after its maximum fainter by %.2f in g and %.2f in i", declineG, declineI)
			}
			_, _, slow := maximum(curve(set, ztf["g"], salt2.Params{Z: z, X0: 1, X1: 2}))
			_, _, fast := maximum(curve(set, ztf["g"], salt2.Params{Z: z, X0: 1, X1: -2}))
			if slow > declineG-0.1 || fast < declineG+0.1 {
				t.Errorf("decline %.2f for x1 = 2, %.2f for 0, %.2f for -2", slow, declineG, fast)
			}
			_, g, _ := maximum(curve(set, ztf["g"], salt2.Params{Z: z, X0: 1}))
			_, r, _ := maximum(curve(set, ztf["r"], salt2.Params{Z: z, X0: 1}))
			_, redG, _ := maximum(curve(set, ztf["g"], salt2.Params{Z: z, X0: 1, C: 0.2}))
			_, redR, _ := maximum(curve(set, ztf["r"], salt2.Params{Z: z, X0: 1, C: 0.2}))
			if redder := (redG - redR) - (g - r); redder < 0.1 || redder > 0.5 {
				t.Errorf("c = 0.2 makes g-r larger by %.2f", redder)
			}
		})
	}
}

// There is light from the explosion on, and it changes without jumps: neither
// the nodes of the tables nor the ends of their cells can be seen.
func TestDemonstrationIsSmooth(t *testing.T) {
	t.Parallel()
	set := demonstration(t)
	for _, bands := range set.Bands {
		for _, band := range bands {
			for _, x1 := range []float64{-3, 0, 3} {
				phases, mags := curve(set, band, salt2.Params{Z: 0.04, X0: 1, X1: x1})
				for i := 1; i < len(mags); i++ {
					// In magnitudes a day; the young supernova grows fastest.
					most := 0.3
					if phases[i] < -5 {
						most = 1.5
					}
					slope := (mags[i] - mags[i-1]) / 0.25
					if !(math.Abs(slope) < most) {
						t.Errorf("%s, x1 = %g: %.2f mag a day at %g", band.Name, x1, slope, phases[i])
					}
				}
			}
		}
	}
	// With the redshift, too: here bands pass over the nodes in wavelength.
	band := set.Bands[schemas.ZTF]["g"]
	last := 0.0
	for z := 0.0; z <= 0.2; z += 0.0005 {
		mag := -2.5 * math.Log10(set.Model.BandFlux(salt2.Params{Z: z, X0: 1}, band, 0, 23.9))
		if slope := (mag - last) / 0.0005; z > 0 && !(math.Abs(slope) < 6) {
			t.Errorf("%.1f mag for a whole redshift at z = %.4f", slope, z)
		}
		last = mag
	}
}

// A fit of the demonstration's own light finds its parameters; noise moves them
// by what the fit says.
func TestDemonstrationIsFitted(t *testing.T) {
	t.Parallel()
	set := demonstration(t)
	for name, truth := range map[string]salt2.Params{
		"normal":       {Z: 0.05, T0: 60000.3, X0: 8e-4, X1: 0.1, C: 0.02},
		"slow and red": {Z: 0.03, T0: 60010, X0: 1e-3, X1: 2, C: 0.2},
		"fast":         {Z: 0.1, T0: 59990.7, X0: 3e-4, X1: -2, C: -0.1},
		"far":          {Z: 0.18, T0: 60000, X0: 1e-4, X1: -0.5, C: 0},
	} {
		for survey, bands := range map[string]string{schemas.ZTF: "gri", schemas.LSST: "grizy"} {
			t.Run(survey+" "+name, func(t *testing.T) {
				t.Parallel()
				exact, noisy, used := observe(set, survey, bands, truth)
				fitter, err := salt2.NewFitter(set.Model, used, salt2.Options{Z: salt2.FixedZ(truth.Z)})
				if err != nil {
					t.Fatal(err)
				}
				checkFit(t, fitter.Fit(exact, salt2.Target{}), truth, 0.05)
				checkFit(t, fitter.Fit(noisy, salt2.Target{}), truth, 4)
			})
		}
	}
}

// observe is a light curve with errors of 2 % of the maximum, once as it is and
// once with noise.
func observe(set *models.Set, survey, bands string, p salt2.Params) (exact, noisy []salt2.Observation, used []*salt2.Band) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range bands {
		band := set.Bands[survey][string(name)]
		used = append(used, band)
		sigma := 0.02 * set.Model.BandFlux(p, band, p.T0, 23.9)
		for day := -15.0; day < 45; day += 3 {
			o := salt2.Observation{MJD: p.T0 + day, Band: band, FluxErr: sigma, ZeroPoint: 23.9}
			o.Flux = set.Model.BandFlux(p, band, o.MJD, 23.9)
			exact = append(exact, o)
			o.Flux += sigma * r.NormFloat64()
			noisy = append(noisy, o)
		}
	}
	return exact, noisy, used
}

// checkFit wants each parameter within so many of the fit's errors.
func checkFit(t *testing.T, fit salt2.Result, truth salt2.Params, most float64) {
	t.Helper()
	if !fit.OK() {
		t.Errorf("no fit: %s", fit.Reason)
		return
	}
	for name, pull := range map[string]float64{
		"t0": (fit.T0 - truth.T0) / fit.Errors.T0, "x0": (fit.X0 - truth.X0) / fit.Errors.X0,
		"x1": (fit.X1 - truth.X1) / fit.Errors.X1, "c": (fit.C - truth.C) / fit.Errors.C,
	} {
		if !(math.Abs(pull) < most) {
			t.Errorf("%s is off by %.2f of its errors: %+v for %+v", name, pull, fit.Params, truth)
		}
	}
}

// The model's own scatter is there and small: it makes the errors of a fit
// larger and nothing worse.
func TestDemonstrationHasVariance(t *testing.T) {
	t.Parallel()
	set := demonstration(t)
	truth := salt2.Params{Z: 0.05, T0: 60000, X0: 8e-4, X1: 0.5, C: 0.05}
	exact, _, used := observe(set, schemas.ZTF, "gri", truth)
	errors := func(covariance bool) salt2.Params {
		fitter, err := salt2.NewFitter(set.Model, used, salt2.Options{Z: salt2.FixedZ(truth.Z), ModelCovariance: covariance})
		if err != nil {
			t.Fatal(err)
		}
		fit := fitter.Fit(exact, salt2.Target{})
		checkFit(t, fit, truth, 0.05)
		return fit.Errors
	}
	without, with := errors(false), errors(true)
	if with.C < 1.2*without.C || with.C > 0.1 || with.X1 < 1.1*without.X1 || with.X1 > 0.5 {
		t.Errorf("errors %+v with the model's, %+v without", with, without)
	}
}

// BenchmarkOpen has the time that a cold instance takes for its model.
func BenchmarkOpen(b *testing.B) {
	folder := filepath.Join(realdata.Dir(b), "models", "salt2-4")
	for b.Loop() {
		if _, err := models.Open(folder); err != nil {
			b.Fatal(err)
		}
	}
}
