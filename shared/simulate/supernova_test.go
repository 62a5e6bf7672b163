package simulate_test

import (
	"math"
	"testing"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/salt2"
	"nightwire.dev/shared/simulate"
)

// A fit of the demonstration model to the forced photometry of a supernova
// finds what was drawn: the distances, in the fit's own errors, have the width
// that they should have.
func TestFitFindsTheSupernova(t *testing.T) {
	t.Parallel()
	n := night(t, 6000)
	set, err := models.Demonstration()
	if err != nil {
		t.Fatal(err)
	}
	bands := set.Bands[schemas.ZTF]
	fitter, err := salt2.NewFitter(set.Model, []*salt2.Band{bands["g"], bands["r"], bands["i"]}, salt2.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var fits, sum2 float64
	for i := range n.Len() {
		truth := n.Truth(i)
		if truth.Class != simulate.Supernova || truth.Detections < 10 || truth.JD-2400000.5 < truth.Light.T0+10 {
			continue // too few or too early for an approximation by Gaussians
		}
		data := forcedLightCurve(t, n.Alert(i), bands)
		if data == nil {
			continue
		}
		fit := fitter.Fit(data, salt2.Target{Z: salt2.FixedZ(truth.Light.Z)})
		if !fit.OK() {
			t.Errorf("alert %d, %+v: %s", i, *truth.Light, fit.Reason)
			continue
		}
		if fit.ChiSquare > 2*float64(fit.NDOF)+10 {
			t.Errorf("alert %d: chi2 %.1f of %d", i, fit.ChiSquare, fit.NDOF)
		}
		fits++
		for _, pull := range []float64{
			(fit.T0 - truth.Light.T0) / fit.Errors.T0, (fit.X0 - truth.Light.X0) / fit.Errors.X0,
			(fit.X1 - truth.Light.X1) / fit.Errors.X1, (fit.C - truth.Light.C) / fit.Errors.C,
		} {
			if math.Abs(pull) > 5 {
				t.Errorf("alert %d: fit %+v +- %+v, drawn %+v", i, fit.Params, fit.Errors, *truth.Light)
			}
			sum2 += pull * pull / 4
		}
	}
	if fits < 25 {
		t.Fatalf("%v fits, want 25 or more", fits)
	}
	// Measurement errors are cut at 2.5 sigma, which takes a tenth of their variance.
	if width := math.Sqrt(sum2 / fits); width < 0.75 || width > 1.15 {
		t.Errorf("the pulls of %v fits have a width of %.2f", fits, width)
	}
}

// forcedLightCurve is the forced photometry of an alert, nil where it has none.
func forcedLightCurve(t *testing.T, a map[string]any, bands map[string]*salt2.Band) []salt2.Observation {
	t.Helper()
	var data []salt2.Observation
	for _, f := range list(t, a, "fp_hists") {
		data = append(data, salt2.Observation{
			MJD: get[float64](t, f, "jd") - 2400000.5, Band: bands[string("?gri"[get[int32](t, f, "fid")])],
			Flux: number(t, f, "forcediffimflux"), FluxErr: number(t, f, "forcediffimfluxunc"),
			ZeroPoint: number(t, f, "magzpsci"),
		})
	}
	return data
}

// Most supernovae have been seen often enough to be fitted, and some have not.
func TestSupernovaeHaveHistory(t *testing.T) {
	t.Parallel()
	n := night(t, 3000)
	all, enough := 0, 0
	for i := range n.Len() {
		truth := n.Truth(i)
		if (truth.Light != nil) != (truth.Class == simulate.Supernova) {
			t.Fatalf("alert %d: %s has the light %v", i, truth.Class, truth.Light)
		}
		if truth.Light == nil {
			continue
		}
		all++
		if truth.Detections+1 >= 5 {
			enough++
		}
		if z := truth.Light.Z; z < 0.005 || z > 0.2 {
			t.Errorf("alert %d: redshift %g", i, z)
		}
	}
	if enough < all/2 || enough == all {
		t.Errorf("%d of %d alerts have five detections", enough, all)
	}
}
