package bazin

import "math"

// solve solves the normal equations for the coordinates that are not held, with
// their diagonal enlarged by the damping. It says whether they have a solution.
func (l *linear) solve(held [shapeParameters]bool, damping float64) (step coordinates, solved bool) {
	factor, solved := l.cholesky(held, damping)
	if !solved {
		return step, false
	}
	return factor.solve(l.gradient), true
}

// cholesky is a lower triangle whose product with its transpose is a matrix
// scaled to a unit diagonal; scale undoes that. Held coordinates are a row of
// the unit matrix, and their scale is zero.
type cholesky struct {
	triangle matrix
	scale    [shapeParameters]float64
}

// leastPivot is the smallest pivot of a scaled matrix that is no rounding.
const leastPivot = 1e-12

func (l *linear) cholesky(held [shapeParameters]bool, damping float64) (c cholesky, ok bool) {
	for p := range held {
		if !held[p] {
			if l.silent(p) {
				return c, false
			}
			c.scale[p] = 1 / math.Sqrt(l.matrix[p][p])
		}
	}
	for p := range shapeParameters {
		for q := range p + 1 {
			sum := l.matrix[p][q] * c.scale[p] * c.scale[q]
			if p == q {
				sum = 1 + damping
			}
			for k := range q {
				sum -= c.triangle[p][k] * c.triangle[q][k]
			}
			if p > q {
				c.triangle[p][q] = sum / c.triangle[q][q]
				continue
			}
			if !(sum > leastPivot) {
				return c, false
			}
			c.triangle[p][p] = math.Sqrt(sum)
		}
	}
	return c, true
}

// solve gives the solution for a right-hand side; zero where held.
func (c *cholesky) solve(right [shapeParameters]float64) (x coordinates) {
	for p := range x {
		x[p] = right[p] * c.scale[p]
		for k := range p {
			x[p] -= c.triangle[p][k] * x[k]
		}
		x[p] /= c.triangle[p][p]
	}
	for p := shapeParameters - 1; p >= 0; p-- {
		for k := p + 1; k < shapeParameters; k++ {
			x[p] -= c.triangle[k][p] * x[k]
		}
		x[p] /= c.triangle[p][p]
	}
	for p := range x {
		x[p] *= c.scale[p]
	}
	return x
}

// inverse is the inverse of the matrix; zero in the rows that are held.
func (c *cholesky) inverse() (m matrix) {
	for p := range shapeParameters {
		var unit [shapeParameters]float64
		unit[p] = 1
		column := c.solve(unit)
		for q := range shapeParameters {
			m[q][p] = column[q]
		}
	}
	return m
}

func dot(a, b [shapeParameters]float64) float64 {
	sum := 0.0
	for p := range a {
		sum += a[p] * b[p]
	}
	return sum
}
