package salt2

import "math"

// matrix is symmetric, in the order z, t0, x0, x1, c; only the lower triangle
// counts.
type matrix [parameters][parameters]float64

type vector [parameters]float64

// mask says which parameters take part.
type mask [parameters]bool

// solve finds x in A x = b for the parameters that take part, where A has
// damping times its diagonal added; the others are 0. It returns false if the
// matrix is not positive definite to the precision of its numbers.
func (a *matrix) solve(b *vector, part *mask, damping float64) (x vector, ok bool) {
	l, ok := a.cholesky(part, damping)
	if !ok {
		return x, false
	}
	l.substitute(b, &x)
	return x, true
}

// inverse is A^-1 of the parameters that take part, and 0 elsewhere.
func (a *matrix) inverse(part *mask) (inv matrix, ok bool) {
	l, ok := a.cholesky(part, 0)
	if !ok {
		return inv, false
	}
	for j := range part {
		if part[j] {
			var e, column vector
			e[j] = 1
			l.substitute(&e, &column)
			for i := range column {
				inv[i][j] = column[i]
			}
		}
	}
	for i := range inv {
		for j := range i {
			mean := (inv[i][j] + inv[j][i]) / 2
			inv[i][j], inv[j][i] = mean, mean
		}
	}
	return inv, true
}

// factor is Cholesky's factor of the matrix scaled to a unit diagonal, since
// the parameters' units differ by many orders of magnitude.
type factor struct {
	l     matrix // with the inverse of the diagonal on the diagonal
	scale vector // 0 for what takes no part
	part  *mask
}

func (a *matrix) cholesky(part *mask, damping float64) (f factor, ok bool) {
	const singular = 1e-13 // of a unit diagonal, what is left is rounding
	f.part = part
	for i := range a {
		if !part[i] {
			continue
		}
		if !(a[i][i] > 0) || math.IsInf(a[i][i], 0) {
			return f, false
		}
		f.scale[i] = 1 / math.Sqrt(a[i][i])
	}
	for i := range a {
		if !part[i] {
			continue
		}
		for j := 0; j <= i; j++ {
			if !part[j] {
				continue
			}
			sum := a[i][j] * f.scale[i] * f.scale[j]
			if i == j {
				sum += damping
			}
			for k := range j {
				sum -= f.l[i][k] * f.l[j][k]
			}
			if i != j {
				f.l[i][j] = sum * f.l[j][j]
				continue
			}
			if !(sum > singular) {
				return f, false
			}
			f.l[i][i] = 1 / math.Sqrt(sum)
		}
	}
	return f, true
}

func (f *factor) substitute(b, x *vector) {
	for i := range x {
		if !f.part[i] {
			continue
		}
		sum := b[i] * f.scale[i]
		for k := range i {
			sum -= f.l[i][k] * x[k]
		}
		x[i] = sum * f.l[i][i]
	}
	for i := parameters - 1; i >= 0; i-- {
		if !f.part[i] {
			continue
		}
		sum := x[i]
		for k := i + 1; k < parameters; k++ {
			sum -= f.l[k][i] * x[k]
		}
		x[i] = sum * f.l[i][i]
	}
	for i := range x {
		x[i] *= f.scale[i]
	}
}

// amplitudes are the sums that the two amplitudes of the model need: x0 of the
// first component and x0 x1 of the second are found by linear least squares.
type amplitudes struct{ a00, a01, a11, b0, b1, rr float64 }

// chiSquare is that of given amplitudes.
func (s *amplitudes) chiSquare(x0, x1 float64) float64 {
	y := x0 * x1
	return s.rr - 2*(x0*s.b0+y*s.b1) + x0*x0*s.a00 + 2*x0*y*s.a01 + y*y*s.a11
}

// best are x0 and x1 with the least chi2 inside their bounds. The region is
// convex in the amplitudes, so the least is inside or on one of its edges.
func (s *amplitudes) best(b0, b1 Bounds) (x0, x1 float64) {
	if det := s.a00*s.a11 - s.a01*s.a01; det > 1e-12*s.a00*s.a11 {
		x0 = (s.b0*s.a11 - s.b1*s.a01) / det
		x1 = (s.b1*s.a00 - s.b0*s.a01) / (det * x0)
		if x0 >= b0.Low && x0 <= b0.High && x1 >= b1.Low && x1 <= b1.High {
			return x0, x1
		}
	}
	least := math.Inf(1)
	try := func(a, b float64) {
		if chi2 := s.chiSquare(a, b); chi2 < least {
			least, x0, x1 = chi2, a, b
		}
	}
	for _, edge := range [2]float64{b1.Low, b1.High} {
		norm := s.a00 + edge*(2*s.a01+edge*s.a11)
		if norm > 0 {
			try(b0.clamp((s.b0+edge*s.b1)/norm), edge)
		}
	}
	for _, edge := range [2]float64{b0.Low, b0.High} {
		if edge != 0 && !math.IsInf(edge, 0) && s.a11 > 0 {
			try(edge, b1.clamp((s.b1-edge*s.a01)/(edge*s.a11)))
		}
	}
	if math.IsInf(least, 1) { // the model has no light at any point
		return b0.clamp(0), b1.clamp(0)
	}
	return x0, x1
}
