package supernova

import (
	"fmt"
	"math"

	"nightwire.dev/shared/lightcurve"
)

// The rule of a plausible type Ia. Each of its clauses that does not hold is a
// doubt:
//
//   - chi-square is not too large: its p-value is at least 0.001;
//   - the stretch and the colour are those of normal ones, |x1| < 3 and
//     |c| < 0.3, their errors are not larger than that, and all are finite;
//   - a free redshift does not end on its upper bound;
//   - two points at least of 3 sigma lie in the 20 days before the maximum,
//     and two in the 40 after it, of the supernova's own time;
//   - such points are in two bands at least, since one has no colour.
const (
	leastP        = 0.001
	mostX1        = 3.0
	mostC         = 0.3
	nearBound     = 0.001 // of the bounds' distance
	daysBefore    = 20.0
	daysAfter     = 40.0
	leastSides    = 2
	leastBands    = 2
	leastSideSNR  = 3
	doubtErrors   = "an error is not finite"
	doubtBound    = "the redshift ends on its upper bound"
	doubtOneBand  = "the points near the maximum are in one band only"
	doubtNoBefore = "too few points before the maximum"
	doubtNoAfter  = "too few points after the maximum"
)

// doubts are the clauses of the rule that a fit does not fulfil.
func (f *Fitter) doubts(c lightcurve.Curve, s *SALT) []string {
	var doubts []string
	doubt := func(doubtful bool, format string, values ...any) {
		if doubtful {
			doubts = append(doubts, fmt.Sprintf(format, values...))
		}
	}
	e := s.Errors
	doubt(s.PValue < leastP, "p-value is below %g", leastP)
	doubt(math.Abs(s.X1) >= mostX1, "|x1| is not below %g", mostX1)
	doubt(math.Abs(s.C) >= mostC, "|c| is not below %g", mostC)
	doubt(e.X1 > mostX1, "x1 is uncertain by more than %g", mostX1)
	doubt(e.C > mostC, "c is uncertain by more than %g", mostC)
	doubt(!finite(e.Z+e.T0+e.X0+e.X1+e.C) || e.T0 == 0 || e.X0 == 0 || e.X1 == 0 || e.C == 0, doubtErrors)
	if !s.ZFixed {
		near := nearBound * (f.config.ZHigh - f.config.ZLow)
		doubt(f.config.ZHigh-s.Z < near, doubtBound)
	}
	before, after, bands := aroundMaximum(c, s)
	doubt(before < leastSides, doubtNoBefore)
	doubt(after < leastSides, doubtNoAfter)
	doubt(bands < leastBands, doubtOneBand)
	return doubts
}

// aroundMaximum counts the used points on both sides of the maximum, and the
// bands that they are in.
func aroundMaximum(c lightcurve.Curve, s *SALT) (before, after, bands int) {
	seen := map[string]bool{}
	for i, p := range c.Points {
		phase := (p.MJD - s.T0) / (1 + s.Z)
		if !s.Used[i] || p.SNR() < leastSideSNR || phase < -daysBefore || phase > daysAfter {
			continue
		}
		seen[p.Band] = true
		if phase < 0 {
			before++
		} else {
			after++
		}
	}
	return before, after, len(seen)
}
