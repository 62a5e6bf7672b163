package bazin

import "math"

// shape is the curve of height one. Its rates are a, of the rise, and b, of the
// fall.
type shape struct{ peak, a, b float64 }

// shapeOf is the shape with these e-folding times.
func shapeOf(peak, riseDays, fallDays float64) shape {
	return shape{peak: peak, a: 1 / riseDays, b: 1 / fallDays}
}

// at is the height of the shape, and what its derivatives have in common:
// exp(bv) and exp(-av), both over the larger of them, and the denominator.
func (s shape) at(t float64) (height float64, e exponentials) {
	v := t - s.peak
	if v >= 0 {
		e = exponentials{v: v, fall: 1, rise: math.Exp(-(s.a + s.b) * v)}
		e.sum = s.a + s.b*e.rise
		return (s.a + s.b) * math.Exp(-s.b*v) / e.sum, e
	}
	e = exponentials{v: v, fall: math.Exp((s.a + s.b) * v), rise: 1}
	e.sum = s.a*e.fall + s.b
	return (s.a + s.b) * math.Exp(s.a*v) / e.sum, e
}

type exponentials struct{ v, fall, rise, sum float64 }

// gradient is the derivative of the height with respect to the peak's time and
// the logarithms of the e-folding times of rise and fall.
func (s shape) gradient(height float64, e exponentials) [shapeParameters]float64 {
	a, b := s.a, s.b
	both := 1 / (a + b)
	return [shapeParameters]float64{
		height * a * b * (e.fall - e.rise) / e.sum,
		-height * a * (both - (e.fall-b*e.v*e.rise)/e.sum),
		-height * b * (both - (a*e.v*e.fall+e.rise)/e.sum),
	}
}

// bazin are the parameters of Bazin's equation for the shape: t0, the two times
// and the height of its peak for an amplitude of one.
func (s shape) bazin() (t0, rise, fall, height float64) {
	delay := math.Log(s.a/s.b) / (s.a + s.b)
	return s.peak - delay, 1 / (s.a + s.b), 1 / s.b, math.Exp(-s.b*delay) * s.a / (s.a + s.b)
}
