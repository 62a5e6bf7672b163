// Package figure draws a light curve with a fit as an SVG picture, for the
// screen and for print: white ground, thin lines, 10 pt.
//
// A Figure enters, in which fluxes are in microjansky and times in MJD; the
// bytes of an SVG 1.1 document leave, the same for the same Figure. It has no
// scripts and needs no fonts but a sans-serif. The function supernova puts it
// beside the alert's products; the command nightwire fit writes it to a file.
//
// A band is told by its colour and by the shape of its points. The colours are
// those of Okabe & Ito (2008), which people who see few colours can tell apart.
package figure

import "bytes"

// Figure is what is drawn.
type Figure struct {
	Title    string   // first line
	Subtitle []string // lines below, such as the parameters of the fit
	Zero     float64  // MJD of the zero of the days on the upper axis; 0 for no such axis
	ZeroName string   // of that time: "t₀"
	Points   []Point
	Limits   []Limit
	Curves   []Curve
}

// Point is a measured flux.
type Point struct {
	MJD, Flux, Err float64
	Band           string
	Left           bool // left out of the fit: drawn pale and hollow
}

// Limit is a flux that an observation would have seen at 5 sigma.
type Limit struct {
	MJD, Flux float64
	Band      string
}

// Curve is what the fit says of a band, at dates in order of time.
type Curve struct {
	Band      string
	MJD       []float64
	Flux      []float64
	Err       []float64 // half the width of the 1-sigma band; nil for none
	Residuals []Residual
	Dashed    bool
}

// Residual is how far a point lies above the curve, in units of its error.
type Residual struct{ MJD, Sigmas float64 }

// The picture's measures, in points of 1/72 inch.
const (
	width, height   = 504.0, 378.0 // 7 by 5.25 inches
	left, right     = 58.0, 492.0
	lowerTop        = 286.0 // of the panel of residuals
	lowerBottom     = 340.0
	between         = 10.0 // the two panels
	textSize        = 10.0
	titleSize       = 12.0
	titleBase       = 20.0
	lineHeight      = 13.0
	tickLength      = 4.0
	minorTickLength = 2.0
)

// SVG draws the figure.
func (f *Figure) SVG() []byte {
	d := drawing{figure: f}
	d.layOut()
	d.begin()
	d.heading()
	d.legend()
	d.axes()
	d.clipped("flux", func() {
		d.curveBands()
		d.curveLines()
		d.limits()
	})
	d.points()
	d.residuals()
	d.end()
	return d.b.Bytes()
}

// drawing is a figure in the making.
type drawing struct {
	figure *Figure
	b      bytes.Buffer
	upper  panel // of fluxes
	lower  panel // of residuals; without height if there are none
}

// panel is a rectangle and what its axes say.
type panel struct {
	top, bottom  float64
	time, values axis
}

func (p *panel) x(mjd float64) float64 { return p.time.place(mjd, left, right) }
func (p *panel) y(v float64) float64   { return p.values.place(v, p.bottom, p.top) }
