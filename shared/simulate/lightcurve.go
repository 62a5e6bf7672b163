package simulate

import (
	"math"
	"math/rand/v2"
)

// lightCurve gives the flux of an object above its reference image, in
// nanomaggies, at a Julian date and in a filter (1 g, 2 r, 3 i).
type lightCurve func(jd float64, fid int32) float64

// A class draws light curves that are likely to show something tonight; mag
// is its brightness, such as the mean of a star in r.
type curveMaker func(r *rand.Rand, mag, tonight float64) lightCurve

// Colours against r, by filter.
type colours [4]float64

func rrLyrae(r *rand.Rand, mag, tonight float64) lightCurve {
	colour := colours{1: 0.25, 3: -0.1}
	period := uniform(r, 0.44, 0.72)
	amplitude := uniform(r, 0.5, 1.2)
	start := r.Float64()
	scale := colours{1: 1, 2: 0.72, 3: 0.56}
	return func(jd float64, fid int32) float64 {
		phase := fraction((jd-tonight)/period + start)
		saw := phase/0.85 - 0.5 // slow decline, from bright to faint
		if phase > 0.85 {
			saw = 0.5 - (phase-0.85)/0.15
		}
		mean := mag + colour[fid]
		return magFlux(mean+amplitude*scale[fid]*saw) - magFlux(mean)
	}
}

func eclipsing(r *rand.Rand, mag, tonight float64) lightCurve {
	colour := colours{1: uniform(r, 0.2, 0.9), 3: -0.2}
	period := math.Exp(uniform(r, math.Log(0.3), math.Log(5)))
	width := uniform(r, 0.03, 0.08) // of the period
	deep, shallow := uniform(r, 0.3, 0.7), uniform(r, 0.05, 0.4)
	start := normal(r, 0, 0.3*width)
	return func(jd float64, fid int32) float64 {
		phase := fraction((jd-tonight)/period + start)
		first := deep * gauss(min(phase, 1-phase)/width)
		second := shallow * gauss((phase-0.5)/width)
		return -magFlux(mag+colour[fid]) * max(first, second)
	}
}

func longPeriod(r *rand.Rand, mag, tonight float64) lightCurve {
	colour := colours{1: uniform(r, 0.9, 1.8), 3: -0.9}
	period := uniform(r, 80, 480)
	amplitude := uniform(r, 0.3, 1.5)
	start := r.Float64()
	return func(jd float64, fid int32) float64 {
		mean := mag + colour[fid]
		return magFlux(mean+amplitude*math.Sin(2*math.Pi*((jd-tonight)/period+start))) - magFlux(mean)
	}
}

// agn sums waves with random phases and amplitudes that grow with the square
// root of the period: near to a random walk, and known at any date.
func agn(r *rand.Rand, mag, tonight float64) lightCurve {
	const waves = 8
	var period, start [waves]float64
	for i := range waves {
		period[i] = 4 * math.Pow(2, float64(i)) * uniform(r, 0.8, 1.25)
		start[i] = r.Float64()
	}
	colour := colours{1: uniform(r, 0, 0.5), 3: -0.2}
	amplitude := uniform(r, 0.05, 0.2)
	return func(jd float64, fid int32) float64 {
		change := 0.0
		for i := range waves {
			change += math.Sqrt(period[i]/100) * math.Sin(2*math.Pi*((jd-tonight)/period[i]+start[i]))
		}
		mean := mag + colour[fid]
		return magFlux(mean+amplitude*change) - magFlux(mean)
	}
}

// asteroid is there for one exposure.
func asteroid(r *rand.Rand, mag, tonight float64) lightCurve {
	colour := colours{1: uniform(r, 0.4, 0.7), 3: -0.15}
	return func(jd float64, fid int32) float64 {
		if math.Abs(jd-tonight) > exposureDays/2 {
			return 0
		}
		return magFlux(mag + colour[fid])
	}
}

// artefact is a fault of the camera or of the subtraction: it has tonight's
// flux tonight, and comes back at one visit in eight.
func artefact(r *rand.Rand, mag, tonight float64) lightCurve {
	seed := r.Uint64()
	sign := 1.0
	if r.Float64() < 0.6 {
		sign = -1
	}
	return func(jd float64, _ int32) float64 {
		if math.Abs(jd-tonight) < exposureDays/2 {
			return sign * magFlux(mag)
		}
		again := seeded(seed, forGlitch, int(jd*1e5))
		if again.IntN(8) > 0 {
			return 0
		}
		return sign * magFlux(mag+normal(again, 0, 0.4))
	}
}

func gauss(x float64) float64 { return math.Exp(-x * x / 2) }

// fraction is the part of x above the next lower whole number.
func fraction(x float64) float64 { return x - math.Floor(x) }
