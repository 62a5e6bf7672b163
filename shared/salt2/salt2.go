// Package salt2 fits the light curves of type Ia supernovae with the SALT2 and
// SALT3 models: Guy et al. (2007, A&A 466, 11; 2010, A&A 523, A7), Betoule et
// al. (2014, A&A 568, A22) for the training that is called SALT2-4, and
// Kenworthy et al. (2021, ApJ 923, 265) for SALT3. Fluxes with times, bands and
// AB zero points enter; redshift, time of maximum, amplitude x0, stretch x1 and
// colour c leave, with their covariance and chi2, or the reason why there is no
// fit. The function that fits supernovae calls it, and so does whoever draws a
// light curve: the simulation and the plots.
//
// The model's flux is, with p = (t-t0)/(1+z) and w the wavelength over 1+z,
//
//	F(t) = x0 (M0(p, w) + x1 M1(p, w)) 10^(-0.4 c CL(w)) / (1+z)
//
// integrated over a band as photons, in bins of at most 5 Angstrom. Package
// grid has the interpolation of M0 and M1, package dust the Milky Way's
// extinction (Cardelli, Clayton & Mathis 1989; Fitzpatrick 1999).
//
// # The life of a fit
//
//  1. [NewFitter] makes tables once: of every sum over wavelength, at steps in
//     redshift, split among the few wavelengths at which colour and dust are
//     then known (table.go).
//  2. The light curve becomes points in photons, sorted by band (curve.go). A
//     band counts if the model covers it at all redshifts that are allowed.
//  3. A scan looks at t0 all over the light curve (scan.go). From its best
//     minimum chi2 is followed down by Levenberg and Marquardt's method in t0,
//     c and z; x0 and x1 are linear and solved for at each step (descend.go,
//     evaluate.go).
//  4. Where that leaves doubt, other minima are looked for: along t0 if the
//     light curve does not show the decline or says little of x1 (search.go);
//     in ten redshifts if that is free; and on the other sides of the jumps
//     that chi2 makes where the model's light ends at its last phase (jump.go).
//  5. Points outside the ranges of phase and wavelength are dropped and the fit
//     repeated; likewise with the model's covariance, which is that at the
//     parameters before (repeat.go, variance.go). As that may change the order
//     of the minima, the best few are carried through it (minima.go).
//  6. The last steps are by the exact scheme (exact.go). Chi2, the parameters
//     and their covariance, which is the inverse of Fisher's matrix, come from
//     it alone.
package salt2

import (
	"math"

	"nightwire.dev/shared/salt2/dust"
	"nightwire.dev/shared/salt2/grid"
)

// Model is a SALT2 or SALT3 model as its files give it, seen through no dust or
// some. It does not change and may be used by many goroutines.
type Model struct {
	m0, m1   *grid.Grid // erg/s/cm2/Angstrom for x0 = 1, on the same nodes
	law      *colourLaw
	variance varianceTables
	dust     Dust
	hash     string
}

// Params are the parameters of the model for one supernova.
type Params struct {
	Z  float64 // heliocentric redshift
	T0 float64 // MJD of the maximum in rest-frame B
	X0 float64 // amplitude, in the model's unit of flux
	X1 float64 // stretch
	C  float64 // colour
}

// Dust is the Milky Way's dust in front of a supernova: R_V = 3.1, in the
// observer's frame.
type Dust struct {
	Law dust.Law
	EBV float64 // E(B-V) in magnitudes
}

// Hash is the SHA-256 over the model's files in hexadecimal digits.
func (m *Model) Hash() string { return m.hash }

// Behind is the same model seen through dust.
func (m *Model) Behind(d Dust) *Model {
	reddened := *m
	reddened.dust = d
	return &reddened
}

// Covers says whether the model reaches over the whole band at redshift z.
func (m *Model) Covers(b *Band, z float64) bool {
	return b.min() >= m.m0.Wave.Min()*(1+z) && b.max() <= m.m0.Wave.Max()*(1+z)
}

// Phases is the range of rest-frame phases, in days, where the model has light.
func (m *Model) Phases() Bounds { return Bounds{m.m0.Phase.Min(), m.m0.Phase.Max()} }

// BandFlux is the model's flux through a band at a time (MJD), in the unit
// whose AB zero point is given: 23.9 for microjansky. It is 0 where the model
// has no light, and where it does not cover the band.
func (m *Model) BandFlux(p Params, b *Band, mjd, zeroPoint float64) float64 {
	a := 1 / (1 + p.Z)
	phase := (mjd - p.T0) * a
	if !m.m0.Phase.Holds(phase) || !m.Covers(b, p.Z) {
		return 0
	}
	sum := 0.0
	for _, bin := range b.bins {
		w := bin.wave * a
		dimmed := p.C * m.law.at(w)
		if m.dust.EBV != 0 {
			dimmed += m.dust.EBV * m.dust.Law.Magnitudes(bin.wave)
		}
		light := m.m0.At(phase, w) + p.X1*m.m1.At(phase, w)
		sum += bin.weight * light * math.Exp(-magnitude*dimmed)
	}
	return p.X0 * a * sum * b.scale(zeroPoint)
}

// endsAbruptly says whether there is light at the last phase, after which there
// is none.
func (m *Model) endsAbruptly() bool {
	last := m.m0.Phase.Len() - 1
	for _, g := range []*grid.Grid{m.m0, m.m1} {
		for _, v := range g.Row(last) {
			if v != 0 {
				return true
			}
		}
	}
	return false
}
