package figure

import "math"

// mostSigmas bounds the panel of residuals; what is beyond stands at its edge.
const mostSigmas = 5.0

// layOut finds the ranges of the axes.
func (d *drawing) layOut() {
	f := d.figure
	top := titleBase + lineHeight*float64(len(f.Subtitle)) + 12
	if f.Zero != 0 {
		top += 24 // the upper axis
	}
	times, fluxes := nothing(), nothing()
	fluxes.take(0)
	for _, p := range f.Points {
		times.take(p.MJD)
		fluxes.take(p.Flux-p.Err, p.Flux+p.Err)
	}
	for _, l := range f.Limits {
		times.take(l.MJD)
	}
	largest, has := 0.0, false
	for _, c := range f.Curves {
		times.take(c.MJD...)
		fluxes.take(c.Flux...)
		for _, r := range c.Residuals {
			largest, has = math.Max(largest, math.Abs(r.Sigmas)), true
		}
	}
	times, fluxes = times.wider(0.03), fluxes.wider(0.06)
	time := newAxis(times.low, times.high, 7)
	d.upper = panel{top: top, bottom: lowerBottom, time: time, values: newAxis(fluxes.low, fluxes.high, 6).scaled()}
	if has {
		sigmas := math.Min(math.Max(1.15*largest, 2.4), mostSigmas)
		d.upper.bottom = lowerTop - between
		d.lower = panel{top: lowerTop, bottom: lowerBottom, time: time, values: newAxis(-sigmas, sigmas, 3)}
	}
}
