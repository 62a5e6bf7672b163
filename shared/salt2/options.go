package salt2

import (
	"fmt"
	"math"

	"nightwire.dev/shared/salt2/dust"
)

// Bounds are a closed interval. The zero value stands for the default.
type Bounds struct{ Low, High float64 }

// or is the interval, or the default where it is the zero value.
func (b Bounds) or(low, high float64) Bounds {
	if b == (Bounds{}) {
		return Bounds{low, high}
	}
	return b
}

func (b Bounds) clamp(x float64) float64 { return math.Max(b.Low, math.Min(b.High, x)) }

// inside is the strict comparison that the ranges of phase and wavelength want.
func (b Bounds) inside(x float64) bool { return x > b.Low && x < b.High }

// Redshift says what is known of a supernova's redshift. The zero value says
// that it is told elsewhere.
type Redshift struct {
	bounds      Bounds
	mean, sigma float64 // of the prior, if sigma > 0
	given       bool
}

// FixedZ is a redshift that is known.
func FixedZ(z float64) Redshift { return Redshift{bounds: Bounds{z, z}, given: true} }

// FreeZ is a redshift that the fit finds between two bounds.
func FreeZ(low, high float64) Redshift { return Redshift{bounds: Bounds{low, high}, given: true} }

// PriorZ is a redshift that is known as mean +- sigma, such as a photometric
// one of the host, and never leaves the bounds.
func PriorZ(mean, sigma, low, high float64) Redshift {
	return Redshift{bounds: Bounds{low, high}, mean: mean, sigma: sigma, given: true}
}

func (z Redshift) free() bool { return z.bounds.Low < z.bounds.High }

func (z Redshift) validate() error {
	b := z.bounds
	switch {
	case !(b.Low > -1) || !(b.High < math.Inf(1)) || b.Low > b.High:
		return fmt.Errorf("redshift from %g to %g: want -1 < low <= high", b.Low, b.High)
	case z.sigma < 0 || math.IsNaN(z.sigma+z.mean):
		return fmt.Errorf("redshift %g +- %g: want a positive error", z.mean, z.sigma)
	}
	return nil
}

// Options are what a Fitter's fits have in common.
type Options struct {
	// Z is the redshift where a Target gives none. A range, or a prior's
	// bounds, is also what tables are made for when the Fitter is; a fit at a
	// redshift outside it makes its own.
	Z Redshift

	T0 Bounds // MJD; default: the model meets the light curve
	X0 Bounds // default: 0 and above
	X1 Bounds // default: -5 to 5
	C  Bounds // default: -5 to 5

	// Phase and Wave keep the points inside a range of rest-frame phase (days)
	// and of the band's effective wavelength in the rest frame (Angstrom).
	// The default keeps all.
	Phase, Wave Bounds

	// ModelCovariance adds the model's own covariance to that of the fluxes.
	ModelCovariance bool

	// MinPoints is the least number of points that a fit wants; it always
	// wants one more than it has free parameters, which is the default.
	MinPoints int

	Dust dust.Law // of the Milky Way; its amount is the Target's
}

// Target is what is known of one supernova beside its light curve.
type Target struct {
	Z   Redshift // the zero value: that of the Options
	EBV float64  // E(B-V) of the Milky Way's dust in front of it
}

func (o Options) withDefaults() (Options, error) {
	unbounded := Bounds{math.Inf(-1), math.Inf(1)}
	o.X0 = o.X0.or(0, math.Inf(1))
	o.X1 = o.X1.or(-5, 5)
	o.C = o.C.or(-5, 5)
	o.Phase = o.Phase.or(unbounded.Low, unbounded.High)
	o.Wave = o.Wave.or(unbounded.Low, unbounded.High)
	for name, b := range map[string]Bounds{"t0": o.T0, "x0": o.X0, "x1": o.X1, "c": o.C, "phase": o.Phase, "wave": o.Wave} {
		if !(b.Low <= b.High) {
			return o, fmt.Errorf("bounds of %s: from %g to %g", name, b.Low, b.High)
		}
	}
	if o.Dust != dust.F99 && o.Dust != dust.CCM89 {
		return o, fmt.Errorf("dust: unknown law %v", o.Dust)
	}
	return o, o.Z.validate()
}
