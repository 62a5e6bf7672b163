package figure

import (
	"math"
	"strings"
)

const (
	pointSize = 2.6
	pale      = ` opacity=".55"`
)

// curveBands are the 1-sigma bands, behind all.
func (d *drawing) curveBands() {
	for _, c := range d.figure.Curves {
		if c.Err == nil {
			continue
		}
		above, below := make([]place, len(c.MJD)), make([]place, len(c.MJD))
		for i, mjd := range c.MJD {
			above[i] = d.at(mjd, c.Flux[i]+c.Err[i])
			below[len(below)-1-i] = d.at(mjd, c.Flux[i]-c.Err[i])
		}
		d.path("M"+smooth(above)+"L"+smooth(below)+"z", sprint(` fill="`, styleOf(c.Band).colour, `" fill-opacity=".22"`))
	}
}

func (d *drawing) curveLines() {
	for _, c := range d.figure.Curves {
		line := make([]place, len(c.MJD))
		for i, mjd := range c.MJD {
			line[i] = d.at(mjd, c.Flux[i])
		}
		dashes := ""
		if c.Dashed {
			dashes = ` stroke-dasharray="5 3"`
		}
		d.path("M"+smooth(line), sprint(` fill="none" stroke="`, styleOf(c.Band).colour, `" stroke-width=".9" stroke-linejoin="round"`, dashes))
	}
}

// place is where something stands in the picture.
type place struct{ x, y float64 }

func (d *drawing) at(mjd, flux float64) place { return place{d.upper.x(mjd), d.upper.y(flux)} }

// smooth goes through all places by Catmull and Rom's spline, whose pieces are
// Bezier's curves with these control points.
func smooth(p []place) string {
	var b strings.Builder
	for i, end := range p {
		if i == 0 {
			b.WriteString(sprint(end.x, " ", end.y))
			continue
		}
		start, before, after := p[i-1], p[max(i-2, 0)], p[min(i+1, len(p)-1)]
		b.WriteString(sprint("C", start.x+(end.x-before.x)/6, " ", start.y+(end.y-before.y)/6, " ",
			end.x-(after.x-start.x)/6, " ", end.y-(after.y-start.y)/6, " ", end.x, " ", end.y))
	}
	return b.String()
}

// limits are small triangles with their point at the flux, hollow.
func (d *drawing) limits() {
	for _, l := range d.figure.Limits {
		x, y := d.upper.x(l.MJD), d.upper.y(l.Flux)
		d.path(limitShape(x, y),
			sprint(` fill="#fff" fill-opacity=".7" stroke="`, styleOf(l.Band).colour, `" stroke-width=".6"`, pale))
	}
}

func limitShape(x, y float64) string {
	const half, long = 2.4, 4.4
	return sprint("M", x-half, " ", y, "h", 2*half, "l", -half, " ", long, "z")
}

// points have error bars without caps, and a shape for each band.
func (d *drawing) points() {
	for _, p := range d.figure.Points {
		s, u := styleOf(p.Band), &d.upper
		x, y := u.x(p.MJD), u.y(p.Flux)
		low, high := math.Min(u.y(p.Flux-p.Err), u.bottom), math.Max(u.y(p.Flux+p.Err), u.top)
		fill, faint := s.colour, ""
		if p.Left {
			fill, faint = "#fff", pale
		}
		d.write(`<g stroke="`, s.colour, `" stroke-width=".7" fill="`, fill, `"`, faint, `>`)
		d.write(`<path d="M`, x, " ", low, "V", high, `" stroke-width=".8"/><path d="`, s.shape(x, y, pointSize), "\"/></g>\n")
	}
}

// residuals stand below the fluxes, in sigmas with bars of one; one that is
// beyond the panel stands at its edge, hollow.
func (d *drawing) residuals() {
	l := &d.lower
	for _, c := range d.figure.Curves {
		s := styleOf(c.Band)
		for _, r := range c.Residuals {
			within := math.Max(l.values.low, math.Min(l.values.high, r.Sigmas))
			x, y, fill := l.x(r.MJD), l.y(within), s.colour
			if within != r.Sigmas {
				fill = "#fff"
			}
			low, high := math.Min(l.y(within-1), l.bottom), math.Max(l.y(within+1), l.top)
			d.write(`<g stroke="`, s.colour, `" stroke-width=".7" fill="`, fill, `">`)
			d.write(`<path d="M`, x, " ", low, "V", high, `"/><path d="`, s.shape(x, y, 0.8*pointSize), "\"/></g>\n")
		}
	}
}

// legend stands beside the title, where no point can be, and has what the
// figure has.
func (d *drawing) legend() {
	const (
		bandWidth  = 26.0
		limitWidth = 66.0
		y          = titleBase
	)
	bands := d.figure.bands()
	x := right - bandWidth*float64(len(bands)) + 8
	if len(d.figure.Limits) > 0 {
		x -= limitWidth
	}
	for _, band := range bands {
		s := styleOf(band)
		d.path(s.shape(x, y-3.4, pointSize+0.4), sprint(` fill="`, s.colour, `"`))
		d.text(x+7, y, "", band)
		x += bandWidth
	}
	if len(d.figure.Limits) > 0 {
		d.path(limitShape(x, y-5.6), ` fill="#fff" stroke="#666" stroke-width=".7"`)
		d.text(x+7, y, "", "5σ limits")
	}
}
