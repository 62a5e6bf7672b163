package supernova

import (
	"math"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/figure"
	"nightwire.dev/shared/lightcurve"
)

// Drawn says whether a fit has a curve to be drawn.
func (fit *Fit) Drawn() bool { return fit.SALT.OK() || fit.Transient.Reason == "" }

// Figure is the light curve with the model and its residuals: SALT's, or where
// there is none the rise and fall without a model. Name is the object's.
func (f *Fitter) Figure(name string, fit *Fit) *figure.Figure {
	d := &figure.Figure{Title: name}
	left := func(int) bool { return false }
	switch s := &fit.SALT; {
	case s.OK():
		d.Zero, d.ZeroName = s.T0, "t₀"
		d.Subtitle = f.describe(s)
		left = func(i int) bool { return !s.Used[i] }
		for _, band := range fit.Curve.Bands() {
			if f.bands[band] != nil {
				d.Curves = append(d.Curves, f.curve(band, fit))
			}
		}
	case fit.Transient.Reason == "":
		d.Zero, d.ZeroName = fit.Transient.Peak, "the peak"
		d.Subtitle = describeTransient(fit)
		for _, b := range fit.Transient.Bands {
			d.Curves = append(d.Curves, transientCurve(b.Name, fit))
		}
	default:
		d.Subtitle = []string{"no fit: " + string(s.Reason)}
	}
	from, to := shown(fit)
	for i, p := range fit.Curve.Points {
		if p.MJD >= from && p.MJD <= to {
			d.Points = append(d.Points, figure.Point{MJD: p.MJD, Flux: p.FluxUJy, Err: p.FluxErrUJy, Band: p.Band, Left: left(i)})
		}
	}
	for _, l := range fit.Curve.Limits {
		if l.MJD >= from && l.MJD <= to && !measured(fit.Curve, l) {
			d.Limits = append(d.Limits, figure.Limit{MJD: l.MJD, Flux: alert.UnitUJy(l.Mag), Band: l.Band})
		}
	}
	return d
}

// shown are the dates between which the picture shows what was seen: all, or
// with a model half a year around its maximum.
func shown(fit *Fit) (from, to float64) {
	const before, after = 60, 120 // days
	if fit.SALT.OK() {
		return fit.SALT.T0 - before, fit.SALT.T0 + after
	}
	return math.Inf(-1), math.Inf(1)
}

// measured says whether there is a flux of the exposure that has the limit.
func measured(c lightcurve.Curve, l alert.Limit) bool {
	const exposure = 10.0 / 86400
	for _, p := range c.Points {
		if p.Band == l.Band && math.Abs(p.MJD-l.MJD) < exposure {
			return true
		}
	}
	return false
}
