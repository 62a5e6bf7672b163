package models

import "math"

// The demonstration supernova. It rises within 18 days, falls like a type Ia,
// is redder the later, has a second maximum in the red, and a spectrum with a
// few absorption bands. All of it was drawn by hand and fitted to nothing.
const (
	riseDays    = 18.0
	peakWave    = 4400.0
	peakFlux    = 0.562 // in 1e-12 erg/s/cm2/Angstrom, that of AB magnitude 10 at peakWave
	temperature = 11000.0
)

// absorption bands: centre and width in Angstrom, depth.
var absorption = [...]struct{ centre, width, depth float64 }{
	{3800, 150, 0.35}, {4950, 180, 0.2}, {6150, 130, 0.3}, {8250, 220, 0.3},
}

// flux is the supernova of x0 = 1, x1 = 0, c = 0.
func flux(phase, wave float64) float64 { return peakFlux * spectrum(wave) * light(phase, wave) }

// spectrum is that of the maximum, about 1 at peakWave: a black body, dark in
// the ultraviolet.
func spectrum(wave float64) float64 {
	const planck = 1.4388e8 // h c / k in Angstrom K
	x := peakWave / wave
	s := math.Pow(x, 5) * math.Expm1(planck/(peakWave*temperature)) / math.Expm1(planck/(wave*temperature))
	s *= logistic((wave - 3300) / 250)
	for _, a := range absorption {
		s *= 1 - a.depth*gauss((wave-a.centre)/a.width)
	}
	return s
}

// light is the light curve at a wavelength, about 1 at the maximum: it swells
// and fades as u e^(1-u) of the time u since the explosion, to one power before
// the maximum and to another after it. A slow tail and the second maximum are
// added.
func light(phase, wave float64) float64 {
	since := phase + riseDays
	if since <= 0 {
		return 0
	}
	const growth, tailShare, tailDays = 2.6, 0.1, 55
	peak := riseDays + 3.5*math.Tanh((wave-peakWave)/3000) // redder light peaks later
	decay := 3.8 - 0.9*math.Tanh((wave-5200)/1500)         // and fades more slowly
	u := since / peak
	swell := math.Pow(u*math.Exp(1-u), growth+(decay-growth)*logistic((u-1)/0.12))
	tail := -tailShare * math.Expm1(-math.Pow(u, 4)) * math.Exp(-(since-peak)/tailDays)
	second := 0.25 * logistic((wave-6900)/350) * gauss((phase-26)/7)
	return swell + tail + second
}

// stretched is what x1 = 1 adds to flux: a slower rise and a slower fall, as if
// the days were longer. It is bounded so that no supernova of |x1| < 3 is
// darker than nothing.
func stretched(phase, wave float64) float64 {
	const stretch, step, most = 0.09, 1e-3, 0.33
	now := light(phase, wave)
	if now == 0 {
		return 0
	}
	change := stretch * (light(phase*(1-step), wave)/now - 1) / step
	return flux(phase, wave) * most * math.Tanh(change/most)
}

// variance0 is the relative variance of supernovae about the model: 3 % near
// the maximum in the optical, more elsewhere.
func variance0(phase, wave float64) float64 {
	sigma := 0.03 + 0.03*phase*phase/900 + 0.06*math.Exp(-(wave-2300)/600)
	return sigma * sigma
}

// variance1 is what x1 adds to it.
func variance1(_, _ float64) float64 { return 1e-4 }

// covariance01 has a correlation of 0.2.
func covariance01(phase, wave float64) float64 {
	return 0.2 * math.Sqrt(variance0(phase, wave)*variance1(phase, wave))
}

// colourScatter is the relative error that all points of a band share.
func colourScatter(wave float64) float64 {
	red := (wave - 5500) / 6000
	return 0.02 + 0.05*math.Exp(-(wave-2300)/700) + 0.03*red*red
}

func gauss(x float64) float64 { return math.Exp(-x * x / 2) }

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
