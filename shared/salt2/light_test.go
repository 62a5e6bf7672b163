package salt2

import (
	"math"
	"testing"

	"nightwire.dev/shared/salt2/dust"
	"pgregory.net/rapid"
)

// TestLight compares the light through a band with BandFlux, and its
// derivatives with differences of BandFlux.
func TestLight(t *testing.T) {
	t.Parallel()
	clear, bands := made(t)
	behind := clear.Behind(Dust{Law: dust.F99, EBV: 0.3})
	rapid.Check(t, func(t *rapid.T) {
		m := clear
		if rapid.Bool().Draw(t, "dust") {
			m = behind
		}
		b := rapid.SampledFrom(bands).Draw(t, "band")
		p := Params{
			Z: rapid.Float64Range(0, 0.15).Draw(t, "z"), T0: 59000, X0: 1e-3,
			X1: rapid.Float64Range(-2, 2).Draw(t, "x1"), C: rapid.Float64Range(-0.3, 0.3).Draw(t, "c"),
		}
		mjd := p.T0 + rapid.Float64Range(-30, 70).Draw(t, "days")
		light := m.Through(b, p)
		flux, slope := light.Flux(mjd, 23.9)
		want := m.BandFlux(p, b, mjd, 23.9)
		largest := m.BandFlux(p, b, p.T0, 23.9)
		if math.Abs(flux-want) > 1e-12*largest {
			t.Fatalf("the flux is %v, want %v", flux, want)
		}
		if got, want := light.RelativeVariance(mjd), m.RelativeCovariance(p, b, mjd, mjd); m.Covers(b, p.Z) && got != want {
			t.Errorf("the relative variance is %v, want %v", got, want)
		}
		if phase := (mjd - p.T0) / (1 + p.Z); math.Abs(phase-math.Round(phase)) < 1e-3 {
			return // the interpolation has no second derivative at a row
		}
		for i, step := range [...]float64{IndexZ: 1e-6, IndexT0: 1e-4, IndexX0: 1e-6, IndexX1: 1e-3, IndexC: 1e-4} {
			up, down := p, p
			for _, at := range []struct {
				p    *Params
				step float64
			}{{&up, step}, {&down, -step}} {
				*[...]*float64{&at.p.Z, &at.p.T0, &at.p.X0, &at.p.X1, &at.p.C}[i] += at.step
			}
			difference := (m.BandFlux(up, b, mjd, 23.9) - m.BandFlux(down, b, mjd, 23.9)) / (2 * step)
			if math.Abs(slope[i]-difference) > 1e-4*math.Abs(difference)+1e-6*largest/step*1e-3 {
				t.Errorf("derivative %d is %v, want %v", i, slope[i], difference)
			}
		}
	})
}
