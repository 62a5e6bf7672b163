package supernova

import (
	"math"

	"nightwire.dev/shared/figure"
	"nightwire.dev/shared/salt2"
)

// The rest-frame phases that are drawn, however few points there are, and the
// days from one place to the next: a spline between them is as good as the
// model to the eye, and the model is all that the picture costs.
const (
	drawnFrom = -18
	drawnTo   = 45
	drawnStep = 2
)

// curve is the model in one band, with its uncertainty.
func (f *Fitter) curve(band string, fit *Fit) figure.Curve {
	s, b, m := &fit.SALT, f.bands[band], f.set.Model
	from, to := f.drawn(fit)
	c := figure.Curve{Band: band}
	steps := max(1, int(math.Ceil((to-from)/drawnStep)))
	for i := range steps + 1 {
		phase := from + (to-from)*float64(i)/float64(steps)
		mjd := s.T0 + phase*(1+s.Z)
		c.MJD = append(c.MJD, mjd)
		c.Flux = append(c.Flux, m.BandFlux(s.Params, b, mjd, microjansky))
	}
	c.Err = f.errors(s, b, &c)
	for i, p := range fit.Curve.Points {
		if s.Used[i] && p.Band == band {
			model := m.BandFlux(s.Params, b, p.MJD, microjansky)
			sigma := math.Sqrt(p.FluxErrUJy*p.FluxErrUJy + model*model*f.modelVariance(s, b, p.MJD))
			c.Residuals = append(c.Residuals, figure.Residual{MJD: p.MJD, Sigmas: (p.FluxUJy - model) / sigma})
		}
	}
	return c
}

// drawn are the phases over which the model is drawn: around the maximum, and
// as far as there are points.
func (f *Fitter) drawn(fit *Fit) (from, to float64) {
	s, phases := &fit.SALT, f.set.Model.Phases()
	from, to = drawnFrom, drawnTo
	for i, p := range fit.Curve.Points {
		if s.Used[i] {
			phase := (p.MJD - s.T0) / (1 + s.Z)
			from, to = min(from, math.Floor(phase)), max(to, math.Ceil(phase))
		}
	}
	return max(from, math.Ceil(phases.Low)), min(to, math.Floor(phases.High))
}

// modelVariance is that of a flux by the model's own account, if the fit counts
// it, relative to the flux squared. Where the model has hardly any light it is
// without bounds.
func (f *Fitter) modelVariance(s *SALT, b *salt2.Band, mjd float64) float64 {
	if !f.config.ModelCovariance {
		return 0
	}
	return f.set.Model.RelativeCovariance(s.Params, b, mjd, mjd)
}

// errors are those of a curve that follow from the covariance of the parameters
// and from the model's own. The flux is linear in x0 and x1, and t0 moves the
// whole curve.
func (f *Fitter) errors(s *SALT, b *salt2.Band, c *figure.Curve) []float64 {
	const (
		stepZ = 1e-5
		stepC = 1e-3
	)
	beside := func(i int, move func(p *salt2.Params)) float64 {
		p := s.Params
		move(&p)
		return f.set.Model.BandFlux(p, b, c.MJD[i], microjansky) - c.Flux[i]
	}
	errors := make([]float64, len(c.MJD))
	for i := range errors {
		before, after := max(i-1, 0), min(i+1, len(errors)-1)
		slope := [...]float64{
			salt2.IndexT0: -(c.Flux[after] - c.Flux[before]) / (c.MJD[after] - c.MJD[before]),
			salt2.IndexX0: c.Flux[i] / s.X0,
			salt2.IndexX1: beside(i, func(p *salt2.Params) { p.X1++ }),
			salt2.IndexC:  beside(i, func(p *salt2.Params) { p.C += stepC }) / stepC,
		}
		if !s.ZFixed {
			slope[salt2.IndexZ] = beside(i, func(p *salt2.Params) { p.Z += stepZ }) / stepZ
		}
		variance := c.Flux[i] * c.Flux[i] * min(f.modelVariance(s, b, c.MJD[i]), 1)
		for j := range slope {
			for k := range slope {
				variance += slope[j] * slope[k] * s.Covariance[j][k]
			}
		}
		errors[i] = math.Sqrt(max(variance, 0))
	}
	return errors
}

// stepDays are the days from one place of a rise and fall to the next.
const stepDays = 1

// transientCurve is the rise and fall in one band.
func transientCurve(band string, fit *Fit) figure.Curve {
	points := fit.Curve.Points
	from, to := points[0].MJD, points[len(points)-1].MJD
	c := figure.Curve{Band: band, Dashed: true}
	steps := int(math.Ceil((to-from)/stepDays)) + 1
	for i := range steps + 1 {
		mjd := from + (to-from)*float64(i)/float64(steps)
		c.MJD, c.Flux = append(c.MJD, mjd), append(c.Flux, fit.Transient.Flux(band, mjd))
	}
	for _, p := range points {
		if p.Band == band {
			c.Residuals = append(c.Residuals, figure.Residual{
				MJD: p.MJD, Sigmas: (p.FluxUJy - fit.Transient.Flux(band, p.MJD)) / p.FluxErrUJy,
			})
		}
	}
	return c
}
