package bazin

import (
	"math"
	"slices"

	"nightwire.dev/shared/lightcurve"
)

// Fitter fits light curves one after the other and keeps its memory for the
// next. The zero value is ready; it serves one goroutine.
type Fitter struct {
	offsets bool
	zero    float64 // MJD to which the times are relative

	// The points, band by band.
	time, flux, weight []float64
	bands              []band

	// What belongs to each point at the place that was looked at last.
	height       []float64
	exponentials []exponentials
	derivative   [][shapeParameters]float64

	peaks      []float64 // where the grid puts the peak
	starts     []solution
	parameters []parameter
}

// Fit fits a light curve.
func (f *Fitter) Fit(c lightcurve.Curve, o Options) Result {
	f.load(c, o)
	failed := Result{Points: len(f.time)}
	if f.ndof() < 1 || len(f.bands) == 0 {
		failed.Reason = TooFewPoints
		return failed
	}
	best := f.search()
	f.chiSquare(best.at) // leaves the bands as they are there
	switch {
	case !slices.ContainsFunc(f.bands, func(b band) bool { return b.amplitude > 0 }):
		failed.Reason = NoBrightening
		return failed
	case !best.converged:
		failed.Reason = NotConverged
		return failed
	}
	return f.result(best)
}

// linearParameters are the parameters of a band.
func (f *Fitter) linearParameters() int {
	if f.offsets {
		return 2
	}
	return 1
}

func (f *Fitter) ndof() int {
	return len(f.time) - shapeParameters - f.linearParameters()*len(f.bands)
}

// load takes over the points of the bands that have more than parameters.
func (f *Fitter) load(c lightcurve.Curve, o Options) {
	f.offsets = !o.ZeroOffsets
	f.time, f.flux, f.weight, f.bands = f.time[:0], f.flux[:0], f.weight[:0], f.bands[:0]
	if first := slices.IndexFunc(c.Points, usable); first >= 0 {
		f.zero = c.Points[first].MJD
	}
	for _, name := range c.Bands() {
		b := band{name: name, first: len(f.time)}
		for _, p := range c.Points {
			if p.Band != name || !usable(p) {
				continue
			}
			weight := 1 / (p.FluxErrUJy * p.FluxErrUJy)
			f.time = append(f.time, p.MJD-f.zero)
			f.flux = append(f.flux, p.FluxUJy)
			f.weight = append(f.weight, weight)
			b.weight += weight
			b.meanFlux += weight * p.FluxUJy
		}
		b.end = len(f.time)
		if b.end-b.first <= f.linearParameters() {
			f.time, f.flux, f.weight = f.time[:b.first], f.flux[:b.first], f.weight[:b.first]
			continue
		}
		b.meanFlux /= b.weight
		if !f.offsets {
			b.meanFlux = 0
		}
		for k := b.first; k < b.end; k++ {
			b.scatter += f.weight[k] * (f.flux[k] - b.meanFlux) * (f.flux[k] - b.meanFlux)
		}
		f.bands = append(f.bands, b)
	}
	f.reserve()
}

// reserve makes room for what belongs to each point.
func (f *Fitter) reserve() {
	n := len(f.time)
	f.height = slices.Grow(f.height[:0], n)[:n]
	f.exponentials = slices.Grow(f.exponentials[:0], n)[:n]
	f.derivative = slices.Grow(f.derivative[:0], n)[:n]
}

// usable says whether a point has a date, a flux and an error, of which the
// square can be inverted.
func usable(p lightcurve.Point) bool {
	const tiny, huge = 1e-100, 1e100
	return math.Abs(p.MJD) < huge && math.Abs(p.FluxUJy) < huge && p.FluxErrUJy > tiny && p.FluxErrUJy < huge
}
