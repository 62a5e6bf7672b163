package supernova

import (
	"fmt"
	"math"
	"strings"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/salt2"
)

// The cosmology of absolute magnitudes: flat, with matter and a cosmological
// constant.
const (
	H0     = 70.0 // km/s/Mpc
	OmegaM = 0.3

	lightSpeed = 299792.458 // km/s
)

// bessellB is the B of Bessell (1990, PASP 102, 1181, table 2): its response to
// energy every 100 Angstrom, divided by the wavelength, as a band counts photons.
func bessellB() (*salt2.Band, error) {
	const firstWave, step = 3600, 100
	response := [...]float64{
		0, 0.030, 0.134, 0.567, 0.920, 0.978, 1, 0.978, 0.935, 0.853, 0.740,
		0.640, 0.536, 0.424, 0.325, 0.235, 0.150, 0.095, 0.043, 0.009, 0,
	}
	var table strings.Builder
	for i, r := range response {
		wave := firstWave + step*i
		fmt.Fprintf(&table, "%d %g\n", wave, r*firstWave/float64(wave))
	}
	return salt2.ReadBand("Bessell B", strings.NewReader(table.String()))
}

// magnitudes computes the magnitudes at the maximum. The model without its
// redshift is the spectrum at rest in units of x0, which holds the distance:
// what is seen through rest-frame B is m, and M = m - 5 log10(d_L / 10 pc).
func (f *Fitter) magnitudes(s *SALT) {
	if f.blue == nil {
		return
	}
	peak, ok := f.peakMagnitude(s.Params)
	if !ok {
		return
	}
	m := Magnitude{Mag: peak, Err: math.Sqrt(f.peakVariance(s))}
	if !finite(m.Err) {
		return
	}
	s.PeakMag = alert.Some(m)
	if s.ZFixed {
		s.PeakAbsMag = alert.Some(Magnitude{Mag: peak - DistanceModulus(s.Z), Err: m.Err})
	}
}

// peakMagnitude is the apparent AB magnitude in rest-frame B at the maximum.
func (f *Fitter) peakMagnitude(p salt2.Params) (mag float64, ok bool) {
	p.Z, p.T0 = 0, 0
	flux := f.set.Model.BandFlux(p, f.blue, 0, microjansky)
	if !(flux > 0) {
		return 0, false
	}
	return microjansky - 2.5*math.Log10(flux), true
}

// peakVariance follows from the covariance of x0, x1 and c.
func (f *Fitter) peakVariance(s *SALT) float64 {
	var slope [salt2.IndexC + 1]float64
	slope[salt2.IndexX0] = -2.5 / math.Ln10 / s.X0
	slope[salt2.IndexX1] = f.peakSlope(s.Params, func(p *salt2.Params, d float64) { p.X1 += d })
	slope[salt2.IndexC] = f.peakSlope(s.Params, func(p *salt2.Params, d float64) { p.C += d })
	sum := 0.0
	for i, a := range slope {
		for j, b := range slope {
			sum += a * b * s.Covariance[i][j]
		}
	}
	return max(sum, 0)
}

// peakSlope is a central difference; both parameters are of the order of one.
func (f *Fitter) peakSlope(at salt2.Params, move func(p *salt2.Params, d float64)) float64 {
	const d = 1e-4
	above, below := at, at
	move(&above, d)
	move(&below, -d)
	high, _ := f.peakMagnitude(above)
	low, _ := f.peakMagnitude(below)
	return (high - low) / (2 * d)
}

// DistanceModulus is 5 log10(d_L / 10 pc). Near us (z < 0.02) the velocities of
// the galaxies make it uncertain by more than the fit does.
func DistanceModulus(z float64) float64 {
	const intervals = 100 // of Simpson's rule: exact to 1e-9 up to a redshift of 2
	h := z / intervals
	inverseE := func(z float64) float64 { return 1 / math.Sqrt(OmegaM*(1+z)*(1+z)*(1+z)+1-OmegaM) }
	sum := inverseE(0) + inverseE(z)
	for i := 1; i < intervals; i++ {
		weight := 2.0
		if i%2 == 1 {
			weight = 4
		}
		sum += weight * inverseE(float64(i)*h)
	}
	luminosityMpc := (1 + z) * lightSpeed / H0 * sum * h / 3
	return 5*math.Log10(luminosityMpc) + 25
}
