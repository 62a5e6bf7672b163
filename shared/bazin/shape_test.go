package bazin

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// anyPlace draws coordinates within the bounds of the search.
func anyPlace(t *rapid.T) coordinates {
	return coordinates{
		rapid.Float64Range(-50, 50).Draw(t, "peak"),
		rapid.Float64Range(math.Log(MinDays), math.Log(MaxRiseDays)).Draw(t, "log rise"),
		rapid.Float64Range(math.Log(MinDays), math.Log(MaxFallDays)).Draw(t, "log fall"),
	}
}

// TestShapeIsBazins compares the shape of height one with the equation as it is
// printed, near the peak, where that does not overflow.
func TestShapeIsBazins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anyPlace(t).shape()
		mjd := s.peak + rapid.Float64Range(-40, 200).Draw(t, "days")
		t0, rise, fall, height := s.bazin()
		v := mjd - t0
		want := math.Exp(-v/fall) / (1 + math.Exp(-v/rise)) / height
		got, _ := s.at(mjd)
		if math.Abs(got-want) > 1e-9*want+1e-300 {
			t.Errorf("height is %v, by Bazin's equation %v", got, want)
		}
		if !(rise > 0 && rise < fall) {
			t.Errorf("rise %v, fall %v", rise, fall)
		}
		// The brightest moment of that equation, where its derivative is zero.
		if peak := t0 + rise*math.Log(fall/rise-1); math.Abs(peak-s.peak) > 1e-9*(1+fall) {
			t.Errorf("the peak is at %v, by Bazin's equation at %v", s.peak, peak)
		}
	})
}

func TestShapeHasOnePeak(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anyPlace(t).shape()
		if top, _ := s.at(s.peak); top != 1 {
			t.Errorf("height at the peak is %v", top)
		}
		near := rapid.Float64Range(0.001, 1e4).Draw(t, "days")
		far := near * rapid.Float64Range(1.01, 100).Draw(t, "farther")
		for _, side := range []float64{-1, 1} {
			a, _ := s.at(s.peak + side*near)
			b, _ := s.at(s.peak + side*far)
			if !(a >= 0 && a <= 1 && b >= 0 && b <= a) {
				t.Errorf("heights %v and %v at %v and %v days", a, b, side*near, side*far)
			}
		}
	})
}

// TestGradient compares derivatives with central differences, whose own error
// is below 1e-8 of the height for these steps.
func TestGradient(t *testing.T) {
	t.Parallel()
	const h = 1e-5
	rapid.Check(t, func(t *rapid.T) {
		at := anyPlace(t)
		mjd := at[0] + rapid.Float64Range(-60, 200).Draw(t, "days")
		height, e := at.shape().at(mjd)
		got := at.shape().gradient(height, e)
		for p := range at {
			up, down := at, at
			up[p] += h
			down[p] -= h
			high, _ := up.shape().at(mjd)
			low, _ := down.shape().at(mjd)
			if want := (high - low) / (2 * h); math.Abs(got[p]-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("derivative %d is %v, by differences %v", p, got[p], want)
			}
		}
	})
}

// TestSlopes does the same for the parameters of Bazin's equation.
func TestSlopes(t *testing.T) {
	t.Parallel()
	const h = 1e-5
	rapid.Check(t, func(t *rapid.T) {
		at := anyPlace(t)
		values := func(at coordinates) [4]float64 {
			t0, rise, fall, height := at.shape().bazin()
			return [4]float64{t0, rise, fall, math.Log(height)}
		}
		s := at.shape().slopes()
		got := [4]coordinates{s.t0, s.rise, s.fall, s.logHeight}
		for p := range at {
			up, down := at, at
			up[p] += h
			down[p] -= h
			high, low := values(up), values(down)
			for i := range got {
				if want := (high[i] - low[i]) / (2 * h); math.Abs(got[i][p]-want) > 1e-6*(1+math.Abs(want)) {
					t.Errorf("derivative %d of parameter %d is %v, by differences %v", p, i, got[i][p], want)
				}
			}
		}
	})
}

// TestSlopeOfChiSquare: the normal equations point down as steeply as
// chi-square, with amplitudes and offsets solved for, really falls.
func TestSlopeOfChiSquare(t *testing.T) {
	t.Parallel()
	const h = 1e-6
	rapid.Check(t, func(t *rapid.T) {
		f := &Fitter{offsets: rapid.Bool().Draw(t, "offsets")}
		for i := range 12 {
			f.time = append(f.time, float64(3*i))
			f.flux = append(f.flux, rapid.Float64Range(-10, 100).Draw(t, "flux"))
			f.weight = append(f.weight, rapid.Float64Range(0.1, 2).Draw(t, "weight"))
		}
		b := band{name: "g", end: len(f.time)}
		for k, w := range f.weight {
			b.weight += w
			b.meanFlux += w * f.flux[k]
		}
		b.meanFlux /= b.weight
		if !f.offsets {
			b.meanFlux = 0
		}
		f.bands = []band{b}
		f.reserve()
		at := coordinates{
			rapid.Float64Range(5, 28).Draw(t, "peak"),
			rapid.Float64Range(0.5, 3).Draw(t, "log rise"), rapid.Float64Range(0.5, 4).Draw(t, "log fall"),
		}
		chiSquare := f.chiSquare(at)
		if f.bands[0].amplitude < 1 {
			t.Skip("nothing brightens")
		}
		l := f.linearise(at)
		for p := range at {
			up, down := at, at
			up[p] += h
			down[p] -= h
			want := -(f.chiSquare(up) - f.chiSquare(down)) / (4 * h)
			if math.Abs(l.gradient[p]-want) > 1e-4*(1+math.Abs(want))+1e-8*chiSquare {
				t.Errorf("slope %d is %v, by differences %v", p, l.gradient[p], want)
			}
		}
	})
}
