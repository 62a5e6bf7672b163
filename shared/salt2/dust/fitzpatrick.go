package dust

// ultraviolet is k(x) = E(x-V)/E(B-V) of Fitzpatrick's equations 1 and 2 with
// the coefficients for R_V = 3.1: a line, the bump at 2175 Angstrom and the
// rise in the far ultraviolet.
func ultraviolet(x float64) float64 {
	const (
		centre, width = 4.596, 0.99
		slope         = -0.824 + 4.717/RV
		offset        = 2.030 - 3.007*slope
	)
	d := x*x - centre*centre
	k := offset + slope*x + 3.23*x*x/(d*d+x*x*width*width)
	if y := x - 5.9; y >= 0 {
		k += 0.41 * (0.5392*y*y + 0.05644*y*y*y)
	}
	return k
}

// spline is the natural cubic spline through the law's points from the
// infrared to the edge of the ultraviolet, solved once.
var spline = newSpline()

const knots = 9

type naturalSpline struct {
	x, k   [knots]float64 // inverse micrometres, and k at them
	second [knots]float64 // second derivatives, 0 at both ends
}

func newSpline() (s naturalSpline) {
	for i, wave := range [knots]float64{0, 26500, 12200, 6000, 5470, 4670, 4110, 2700, 2600} {
		if i > 0 {
			s.x[i] = 1e4 / wave
		}
	}
	s.k = [knots]float64{
		-RV,
		0.26469 - RV,
		0.82925 - RV,
		polynomial(RV, -0.422809, 1.00270, 2.13572e-4) - RV,
		polynomial(RV, -5.13540e-2, 1.00216, -7.35778e-5) - RV,
		polynomial(RV, 0.700127, 1.00184, -3.32598e-5) - RV,
		polynomial(RV, 1.19456, 1.01707, -5.46959e-3, 7.97809e-4, -4.45636e-5) - RV,
		ultraviolet(s.x[7]),
		ultraviolet(s.x[8]),
	}
	// The tridiagonal system of a natural spline, by elimination.
	var diagonal, right [knots]float64
	for i := 1; i < knots-1; i++ {
		before, after := s.x[i]-s.x[i-1], s.x[i+1]-s.x[i]
		diagonal[i] = 2 * (before + after)
		right[i] = 6 * ((s.k[i+1]-s.k[i])/after - (s.k[i]-s.k[i-1])/before)
		if i > 1 {
			ratio := before / diagonal[i-1]
			diagonal[i] -= ratio * before
			right[i] -= ratio * right[i-1]
		}
	}
	for i := knots - 2; i > 0; i-- {
		s.second[i] = (right[i] - (s.x[i+1]-s.x[i])*s.second[i+1]) / diagonal[i]
	}
	return s
}

// fitzpatrick is A(x) for E(B-V) = 1, that is k(x) + R_V.
func fitzpatrick(x float64) float64 {
	if x >= 1e4/2700. {
		return RV + ultraviolet(x)
	}
	i := 0
	for x > spline.x[i+1] {
		i++
	}
	h := spline.x[i+1] - spline.x[i]
	a, b := (spline.x[i+1]-x)/h, (x-spline.x[i])/h
	return RV + a*spline.k[i] + b*spline.k[i+1] +
		((a*a*a-a)*spline.second[i]+(b*b*b-b)*spline.second[i+1])*h*h/6
}
