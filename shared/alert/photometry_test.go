package alert_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/shared/alert"
	"pgregory.net/rapid"
)

// rounding is what a power and a logarithm lose of a double's 16 digits.
const rounding = 1e-12

func TestFlux(t *testing.T) {
	t.Parallel()
	// The expected numbers follow from the definition of AB magnitudes: one
	// microjansky is 23.9 mag, five magnitudes are a factor of 100, and an
	// error of 0.1 mag is ln(10)/25 of the flux.
	cases := map[string]struct {
		mag, sigma, flux, fluxErr float64
	}{
		"the zero point":         {23.9, 0.1, 1, 0.09210340371976183},
		"five magnitudes":        {18.9, 0.1, 100, 9.210340371976183},
		"five magnitudes deeper": {28.9, 0.1, 0.01, 0.0009210340371976183},
		"no error":               {21.4, 0, 10, 0},
		"zero magnitude":         {0, 0, 3630780547.701013, 0}, // 3631 Jy
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flux, fluxErr := alert.Flux(c.mag, c.sigma)
			got, want := []float64{flux, fluxErr}, []float64{c.flux, c.fluxErr}
			if diff := cmp.Diff(want, got, cmpopts.EquateApprox(rounding, 0)); diff != "" {
				t.Errorf("flux and error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFluxAndMagAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mag := rapid.Float64Range(-2, 30).Draw(t, "mag")
		sigma := rapid.Float64Range(0, 3).Draw(t, "sigma")
		flux, fluxErr := alert.Flux(mag, sigma)
		for _, sign := range []float64{1, -1} {
			d := alert.Detection{FluxUJy: sign * flux, FluxErrUJy: fluxErr}
			gotMag, gotSigma := d.Mag()
			if math.Abs(gotMag-mag) > rounding*30 || math.Abs(gotSigma-sigma) > rounding*3 {
				t.Errorf("%v +- %v came back as %v +- %v", mag, sigma, gotMag, gotSigma)
			}
			if d.Positive() != (sign > 0) {
				t.Errorf("a flux of %v is positive: %v", d.FluxUJy, d.Positive())
			}
		}
	})
}

func TestNoFluxIsNotPositive(t *testing.T) {
	t.Parallel()
	if (alert.Detection{}).Positive() {
		t.Error("a flux of zero counts as a brightening")
	}
}

func TestUnitUJy(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ zeroPoint, want float64 }{
		"the microjansky's":   {23.9, 1},
		"the nanojansky's":    {31.4, 0.001},
		"five magnitudes up":  {18.9, 100},
		"of SDSS, nanomaggie": {22.5, 3.630780547701013},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := alert.UnitUJy(c.zeroPoint); math.Abs(got-c.want) > rounding*c.want {
				t.Errorf("unit is %v microjansky, want %v", got, c.want)
			}
		})
	}
}
