package dust

import "math"

// polynomial is c[0] + c[1] y + c[2] y^2 + ...
func polynomial(y float64, c ...float64) float64 {
	sum := 0.0
	for i := len(c) - 1; i >= 0; i-- {
		sum = sum*y + c[i]
	}
	return sum
}

// cardelli are a(x) and b(x) of equations 2 to 5 of the paper, where
// A(x) = A_V (a + b/R_V).
func cardelli(x float64) (a, b float64) {
	switch {
	case x < 1.1:
		y := math.Pow(x, 1.61)
		return 0.574 * y, -0.527 * y
	case x < 3.3:
		y := x - 1.82
		return polynomial(y, 1, 0.17699, -0.50447, -0.02427, 0.72085, 0.01979, -0.77530, 0.32999),
			polynomial(y, 0, 1.41338, 2.28305, 1.07233, -5.38434, -0.62251, 5.30260, -2.09002)
	case x < 8:
		a = 1.752 - 0.316*x - 0.104/((x-4.67)*(x-4.67)+0.341)
		b = -3.090 + 1.825*x + 1.206/((x-4.62)*(x-4.62)+0.263)
		if y := x - 5.9; y > 0 {
			a += polynomial(y, 0, 0, -0.04473, -0.009779)
			b += polynomial(y, 0, 0, 0.2130, 0.1207)
		}
		return a, b
	}
	y := x - 8
	return polynomial(y, -1.073, -0.628, 0.137, -0.070), polynomial(y, 13.670, 4.257, -0.420, 0.374)
}
