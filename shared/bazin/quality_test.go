package bazin_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/optimize"
	"nightwire.dev/shared/bazin"
	"nightwire.dev/shared/lightcurve"
)

// heavySearch is the lowest chi-square that a long search finds: Bazin's
// equation as it is printed, amplitudes and offsets by the normal equations,
// and the simplex of Nelder and Mead from the best of many random places. It
// shares nothing with the fit but the bounds.
func heavySearch(r *rand.Rand, c lightcurve.Curve, o bazin.Options) float64 {
	const places, followed = 500, 10
	first, last := c.Points[0].MJD-bazin.BeyondDays, c.Points[len(c.Points)-1].MJD+bazin.BeyondDays
	// x is the peak and the logarithms of the e-folding times, all from 0 to 1.
	chiSquare := func(x []float64) float64 {
		for _, value := range x {
			if !(value >= 0 && value <= 1) {
				return math.Inf(1)
			}
		}
		rise := bazin.MinDays * math.Pow(bazin.MaxRiseDays/bazin.MinDays, x[1])
		fall := bazin.MinDays * math.Pow(bazin.MaxFallDays/bazin.MinDays, x[2])
		knee := 1 / (1/rise + 1/fall)
		t0 := first + x[0]*(last-first) - knee*math.Log(fall/knee-1)
		return linearChiSquare(c, t0, knee, fall, !o.ZeroOffsets)
	}
	type place struct {
		x         []float64
		chiSquare float64
	}
	var starts []place
	for range places {
		x := []float64{r.Float64(), r.Float64(), r.Float64()}
		starts = append(starts, place{x, chiSquare(x)})
	}
	slices.SortFunc(starts, func(a, b place) int { return int(math.Copysign(1, a.chiSquare-b.chiSquare)) })
	best := starts[0].chiSquare
	settings := &optimize.Settings{MajorIterations: 400, Converger: &optimize.FunctionConverge{Absolute: 1e-4, Iterations: 60}}
	for _, start := range starts[:followed] {
		found, err := optimize.Minimize(optimize.Problem{Func: chiSquare}, start.x, settings, &optimize.NelderMead{SimplexSize: 0.05})
		if err == nil {
			best = min(best, found.F)
		}
	}
	return best
}

// linearChiSquare is the chi-square of a shape for the best amplitudes, none of
// them negative, and offsets.
func linearChiSquare(c lightcurve.Curve, t0, rise, fall float64, offsets bool) float64 {
	total := 0.0
	for _, band := range c.Bands() {
		var s, ss, w, y, sy, yy float64
		for _, p := range c.Points {
			if p.Band != band {
				continue
			}
			v := p.MJD - t0
			height := math.Exp(-v/fall-math.Log1p(math.Exp(-v/rise))) / p.FluxErrUJy
			if v < -600*rise {
				height = 0
			}
			one, flux := 1/p.FluxErrUJy, p.FluxUJy/p.FluxErrUJy
			s, ss, w = s+height*one, ss+height*height, w+one*one
			y, sy, yy = y+flux*one, sy+flux*height, yy+flux*flux
		}
		if offsets {
			ss, sy, yy = ss-s*s/w, sy-s*y/w, yy-y*y/w
		}
		total += yy
		if sy > 0 && ss > 1e-12 {
			total -= sy * sy / ss
		}
	}
	return total
}

// TestAsGoodAsHeavySearch: of fits to whole curves and to their first half and
// third, with and without offsets, at most one in a hundred ends more than 0.1
// above the lowest chi-square that the long search finds.
func TestAsGoodAsHeavySearch(t *testing.T) {
	t.Parallel()
	const curves = 150
	r := rand.New(rand.NewPCG(21, 12))
	fitter := new(bazin.Fitter)
	fits, worse, unfinished := 0, 0, 0
	for i := range curves {
		seen := campaign{
			bands: []string{"g", "r", "i"}[:2+i%2], before: uniform(r, 0, 30), after: uniform(r, 10, 90),
			every: uniform(r, 2, 4), lost: 0.2, sky: 8, onlyDetected: i%3 == 0,
		}
		c := part(seen.observe(r, anyTruth(r)), []float64{1, 0.5, 0.34}[i%3])
		options := bazin.Options{ZeroOffsets: i%4 == 0}
		result := fitter.Fit(c, options)
		check(t, result)
		switch result.Reason {
		case "":
		case bazin.NotConverged:
			unfinished++
			continue
		default:
			continue
		}
		fits++
		c = c.Where(func(p lightcurve.Point) bool { // without the bands that have too few
			return slices.ContainsFunc(result.Bands, func(b bazin.Band) bool { return b.Name == p.Band })
		})
		c = c.Where(func(p lightcurve.Point) bool { // without the bands that have too few
			return slices.ContainsFunc(result.Bands, func(b bazin.Band) bool { return b.Name == p.Band })
		})
		if own := chiSquare(c, result); math.Abs(own-result.ChiSquare) > 1e-6*(1+own) {
			t.Errorf("curve %d: chi-square is said to be %v, and is %v", i, result.ChiSquare, own)
		}
		if lowest := heavySearch(r, c, options); result.ChiSquare > lowest+0.1 {
			worse++
			t.Logf("curve %d of %d points: chi-square %.3f, the long search %.3f", i, len(c.Points), result.ChiSquare, lowest)
		}
	}
	t.Logf("of %d fits %d are worse by 0.1, and %d others did not converge", fits, worse, unfinished)
	if 100*worse > fits || 100*unfinished > fits || fits < curves/2 {
		t.Errorf("of %d fits %d are worse by 0.1, and %d others did not converge", fits, worse, unfinished)
	}
}

// BenchmarkFit fits supernovae as they are when they are discovered, at their
// peak and when they are over.
func BenchmarkFit(b *testing.B) {
	for name, seen := range map[string]campaign{
		"20 points":  {bands: []string{"g", "r"}, before: 10, after: 10, every: 2, sky: 8},
		"60 points":  {bands: []string{"g", "r"}, before: 20, after: 40, every: 2, sky: 8},
		"150 points": {bands: []string{"g", "r", "i"}, before: 30, after: 70, every: 2, sky: 8},
	} {
		b.Run(name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			var curves []lightcurve.Curve
			for range 64 {
				curves = append(curves, seen.observe(r, anyTruth(r)))
			}
			fitter := new(bazin.Fitter)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				fitter.Fit(curves[i%len(curves)], bazin.Options{})
				i++
			}
		})
	}
}
