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
	s := &fit.SALT
	light := f.set.Model.Through(f.bands[band], s.Params)
	from, to := f.drawn(fit)
	c := figure.Curve{Band: band}
	steps := max(1, int(math.Ceil((to-from)/drawnStep)))
	for i := range steps + 1 {
		phase := from + (to-from)*float64(i)/float64(steps)
		mjd := s.T0 + phase*(1+s.Z)
		flux, slope := light.Flux(mjd, microjansky)
		c.MJD, c.Flux = append(c.MJD, mjd), append(c.Flux, flux)
		c.Err = append(c.Err, math.Sqrt(max(spread(&s.Result, slope)+flux*flux*min(f.modelVariance(light, mjd), 1), 0)))
	}
	for i, p := range fit.Curve.Points {
		if s.Used[i] && p.Band == band {
			model, _ := light.Flux(p.MJD, microjansky)
			sigma := math.Sqrt(p.FluxErrUJy*p.FluxErrUJy + model*model*f.modelVariance(light, p.MJD))
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
func (f *Fitter) modelVariance(light *salt2.Light, mjd float64) float64 {
	if !f.config.ModelCovariance {
		return 0
	}
	return light.RelativeVariance(mjd)
}

// spread is the variance of a flux that follows from the covariance of the
// parameters.
func spread(r *salt2.Result, slope [5]float64) float64 {
	variance := 0.0
	for j := range slope {
		for k := range slope {
			variance += slope[j] * slope[k] * r.Covariance[j][k]
		}
	}
	return variance
}

// stepDays are the days from one place of a rise and fall to the next, unless
// the light curve is so long that these would be more than mostSteps.
const (
	stepDays  = 1
	mostSteps = 400
)

// transientCurve is the rise and fall in one band.
func transientCurve(band string, fit *Fit) figure.Curve {
	points := fit.Curve.Points
	from, to := points[0].MJD, points[len(points)-1].MJD
	c := figure.Curve{Band: band, Dashed: true}
	steps := int(min(math.Ceil((to-from)/stepDays)+1, mostSteps))
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
