package salt2

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// drawMatrix draws a positive definite matrix in units as different as ours.
func drawMatrix(t *rapid.T) (a matrix) {
	var l matrix
	for i := range l {
		for j := range i {
			l[i][j] = rapid.Float64Range(-1, 1).Draw(t, "l")
		}
		l[i][i] = rapid.Float64Range(0.3, 2).Draw(t, "d")
	}
	unit := vector{1e3, 1, 1e6, 1, 10}
	for i := range a {
		for j := range a {
			for k := range a {
				a[i][j] += l[i][k] * l[j][k] * unit[i] * unit[j]
			}
		}
	}
	return a
}

func TestInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := drawMatrix(t)
		part := mask{rapid.Bool().Draw(t, "z"), true, true, rapid.Bool().Draw(t, "x1"), true}
		inverse, ok := a.inverse(&part)
		if !ok {
			t.Fatal("a positive definite matrix has no inverse")
		}
		for i := range a {
			for j := range a {
				sum, want := 0.0, 0.0
				for k := range a {
					if part[i] {
						sum += a[i][k] * inverse[k][j]
					}
				}
				if i == j && part[i] {
					want = 1
				}
				if !part[i] {
					sum = inverse[i][j]
				}
				// The products of different units cancel: relative to them.
				if scale := math.Sqrt(a[i][i] / a[j][j]); math.Abs(sum-want) > 1e-9*math.Max(1, scale) && part[j] {
					t.Fatalf("A times its inverse at %d %d: %g", i, j, sum)
				}
			}
		}
	})
	singular := matrix{{1, 1}, {1, 1}}
	if _, ok := singular.inverse(&mask{true, true}); ok {
		t.Error("a singular matrix has an inverse")
	}
	if _, ok := singular.inverse(&mask{true, false, true}); ok {
		t.Error("a matrix with a zero on its diagonal has an inverse")
	}
}

func TestBestAmplitudes(t *testing.T) {
	t.Parallel()
	x0, x1 := Bounds{0, math.Inf(1)}, Bounds{-5, 5}
	rapid.Check(t, func(t *rapid.T) {
		// Sums of three points: two components and a flux each.
		var s amplitudes
		for range 3 {
			a := rapid.Float64Range(1e-3, 2).Draw(t, "m0")
			b := rapid.Float64Range(-1, 1).Draw(t, "m1")
			f := rapid.Float64Range(-2, 10).Draw(t, "flux")
			s.a00 += a * a
			s.a01 += a * b
			s.a11 += b * b
			s.b0 += a * f
			s.b1 += b * f
			s.rr += f * f
		}
		b0, b1 := s.best(x0, x1)
		if b0 < x0.Low || b1 < x1.Low || b1 > x1.High {
			t.Fatalf("x0 %g, x1 %g: out of bounds", b0, b1)
		}
		least := s.chiSquare(b0, b1)
		for range 50 {
			a := rapid.Float64Range(0, 20).Draw(t, "x0")
			b := rapid.Float64Range(-5, 5).Draw(t, "x1")
			if chi2 := s.chiSquare(a, b); chi2 < least-1e-9 {
				t.Fatalf("chi2 %g at x0 %g, x1 %g; %g at %g, %g is not the best", chi2, a, b, least, b0, b1)
			}
		}
	})
}
