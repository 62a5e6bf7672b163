package bazin

import "math"

// shapeParameters are the coordinates of the search: the peak's time and the
// logarithms of the e-folding times of rise and fall.
const shapeParameters = 3

// coordinates are a place in the search; times are relative to the fitter's.
type coordinates [shapeParameters]float64

func (c coordinates) shape() shape { return shapeOf(c[0], math.Exp(c[1]), math.Exp(c[2])) }

// band is the points of one band and, after a projection, the amplitude (of the
// shape of height one) and the offset that suit them best.
type band struct {
	name              string
	first, end        int // its points are [first, end)
	weight            float64
	meanFlux          float64 // zero if offsets are held, as all means are then
	scatter           float64 // weighted sum of squares of the fluxes about it
	amplitude, offset float64
	meanHeight        float64
	spread            float64 // weighted sum of squares of the heights about their mean
}

// chiSquare is the chi-square at a place, for the best amplitudes and offsets,
// which it leaves in the bands.
func (f *Fitter) chiSquare(c coordinates) float64 {
	s := c.shape()
	total := 0.0
	for i := range f.bands {
		b := &f.bands[i]
		for k := b.first; k < b.end; k++ {
			f.height[k], f.exponentials[k] = s.at(f.time[k])
		}
		total += f.solve(b)
	}
	return total
}

// leastSpread is the part of the heights' sum of squares that their spread has
// to exceed: with less the band saw nothing of the shape, only rounding.
const leastSpread = 1e-12

// solve finds amplitude and offset of a band and returns its chi-square.
func (f *Fitter) solve(b *band) float64 {
	height, flux, weight := f.height[b.first:b.end], f.flux[b.first:b.end], f.weight[b.first:b.end]
	b.meanHeight = 0
	if f.offsets {
		for k, h := range height {
			b.meanHeight += weight[k] * h
		}
		b.meanHeight /= b.weight
	}
	b.spread = 0
	along, squares := 0.0, 0.0
	for k, h := range height {
		centred := h - b.meanHeight
		b.spread += weight[k] * centred * centred
		along += weight[k] * centred * (flux[k] - b.meanFlux)
		squares += weight[k] * h * h
	}
	b.amplitude = 0
	if along > 0 && b.spread > leastSpread*squares {
		b.amplitude = along / b.spread
	}
	b.offset = b.meanFlux - b.amplitude*b.meanHeight
	chiSquare := 0.0
	for k, h := range height {
		residual := flux[k] - b.offset - b.amplitude*h
		chiSquare += weight[k] * residual * residual
	}
	return chiSquare
}

// linear are the normal equations of the projected problem at a place.
type linear struct {
	gradient [shapeParameters]float64 // minus half the derivative of chi-square
	matrix   matrix
	whole    [shapeParameters]float64 // its diagonal for fixed amplitudes and offsets
}

// leastShare is the part of the diagonal for fixed amplitudes that has to be
// left once they are free. With less, the points cannot tell the coordinate
// from an amplitude, and what is left is rounding.
const leastShare = 1e-12

// silent says whether the points tell nothing of a coordinate.
func (l *linear) silent(p int) bool { return !(l.matrix[p][p] > leastShare*l.whole[p]) }

// linearise gives the normal equations at the place where chiSquare was called
// last.
func (f *Fitter) linearise(c coordinates) linear {
	s := c.shape()
	var l linear
	for i := range f.bands {
		b := &f.bands[i]
		if b.amplitude == 0 {
			continue
		}
		means := f.derivatives(s, b)
		var with [shapeParameters]float64 // the derivatives' products with the heights
		var n linear
		for k := b.first; k < b.end; k++ {
			w, centred := f.weight[k], f.height[k]-b.meanHeight
			residual := f.flux[k] - b.offset - b.amplitude*f.height[k]
			for p := range shapeParameters {
				d := f.derivative[k][p] - means[p]
				f.derivative[k][p] = d
				with[p] += w * d * centred
				n.gradient[p] += w * d * residual
				for q := range p + 1 {
					n.matrix[p][q] += w * d * f.derivative[k][q]
				}
			}
		}
		for p := range shapeParameters {
			l.gradient[p] += b.amplitude * n.gradient[p]
			l.whole[p] += b.amplitude * b.amplitude * n.matrix[p][p]
			for q := range p + 1 {
				l.matrix[p][q] += b.amplitude * b.amplitude * (n.matrix[p][q] - with[p]*with[q]/b.spread)
				l.matrix[q][p] = l.matrix[p][q]
			}
		}
	}
	return l
}

// derivatives fills in those of a band's heights and returns their means.
func (f *Fitter) derivatives(s shape, b *band) (means [shapeParameters]float64) {
	for k := b.first; k < b.end; k++ {
		f.derivative[k] = s.gradient(f.height[k], f.exponentials[k])
		if f.offsets {
			for p, d := range f.derivative[k] {
				means[p] += f.weight[k] * d / b.weight
			}
		}
	}
	return means
}
