package salt2

import (
	"math"
	"slices"
)

// point is an observation in photons/s/cm2, where the model is at home.
type point struct {
	mjd, flux float64
	variance  float64 // of the measurement
	band      int     // of the fitter
	index     int     // of the observation
	kept      bool    // inside the ranges of phase and wavelength

	weight float64 // one over the variance, the model's own included
	common float64 // the part of the flux's error that its whole band shares
	model  float64 // of the latest evaluation
	slope  vector  // of the model by the parameters
	sample
}

// curve is the light curve of one fit: its points band after band, and in
// order of time within each.
type curve struct {
	points []point
	spans  []span // of each of the fitter's bands
}

// span is where a band's points lie.
type span struct{ from, to int }

// take fills the curve with the observations that can be used.
func (l *curve) take(data []Observation, bands []*Band, usable []bool) {
	l.points = l.points[:0]
	for b, band := range bands {
		from := len(l.points)
		for i := range data {
			o := &data[i]
			if o.Band != band || !usable[b] || !o.measured() {
				continue
			}
			scale := band.scale(o.ZeroPoint)
			sigma := o.FluxErr / scale
			l.points = append(l.points, point{
				mjd: o.MJD, flux: o.Flux / scale, variance: sigma * sigma, weight: 1 / (sigma * sigma),
				band: b, index: i, kept: true,
			})
		}
		slices.SortStableFunc(l.points[from:], func(a, b point) int {
			switch {
			case a.mjd < b.mjd:
				return -1
			case a.mjd > b.mjd:
				return 1
			}
			return 0
		})
		l.spans[b] = span{from, len(l.points)}
	}
}

// measured says whether the numbers are a measurement.
func (o *Observation) measured() bool {
	sum := o.MJD + o.Flux + o.FluxErr + o.ZeroPoint
	return o.FluxErr > 0 && !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// kept is the number of points that take part, and the first and last time.
func (l *curve) kept() (count int, first, last float64) {
	first, last = math.Inf(1), math.Inf(-1)
	for i := range l.points {
		if p := &l.points[i]; p.kept {
			count++
			first, last = min(first, p.mjd), max(last, p.mjd)
		}
	}
	return count, first, last
}
