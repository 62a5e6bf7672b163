package salt2

import "math"

// Light is what one supernova sends through one band, at any number of times:
// what BandFlux says for each, prepared once. It is for one goroutine.
type Light struct {
	params Params
	band   *Band
	covers bool
	rows   *exact
	rest   *restBand
}

// Through is the light of a supernova with these parameters through a band.
func (m *Model) Through(b *Band, p Params) *Light {
	l := &Light{params: p, band: b, covers: m.Covers(b, p.Z), rows: newExact(m), rest: newRestBand(m, b)}
	if !l.covers {
		return l
	}
	bins := b.bins
	if m.dust.EBV != 0 {
		bins = make([]bin, len(b.bins))
		for i, seen := range b.bins {
			bins[i] = bin{seen.wave, seen.weight * math.Exp(-magnitude*m.dust.EBV*m.dust.Law.Magnitudes(seen.wave))}
		}
	}
	l.rows.aim(bins, p.Z, p.C, true)
	l.rest.shift(p.Z)
	return l
}

// Flux is the flux at a time (MJD) in the unit whose AB zero point is given, and
// its derivatives by the parameters, in the order of a covariance matrix.
func (l *Light) Flux(mjd, zeroPoint float64) (flux float64, slope [parameters]float64) {
	p, a := l.params, 1/(1+l.params.Z)
	phase := (mjd - p.T0) * a
	if !l.covers || !l.rows.phase.Holds(phase) {
		return 0, slope
	}
	s := l.rows.at(phase)
	scale := l.band.scale(zeroPoint)
	byPhase := p.X0 * (s.p0 + p.X1*s.p1)
	slope = [...]float64{
		IndexZ:  p.X0*(s.z0+p.X1*s.z1) - byPhase*phase*a,
		IndexT0: -byPhase * a,
		IndexX0: s.m0 + p.X1*s.m1,
		IndexX1: p.X0 * s.m1,
		IndexC:  p.X0 * (s.c0 + p.X1*s.c1),
	}
	for i := range slope {
		slope[i] *= scale
	}
	return p.X0 * slope[IndexX0], slope
}

// RelativeVariance is the model's own variance of the flux at a time (MJD),
// relative to the flux squared: RelativeCovariance of a time with itself.
func (l *Light) RelativeVariance(mjd float64) float64 {
	if !l.covers {
		return lightlessScatter
	}
	return l.rest.dispersion*l.rest.dispersion + l.rest.variance((mjd-l.params.T0)/(1+l.params.Z), l.params.X1)
}
