package bazin_test

import (
	"math"
	"math/rand/v2"

	"nightwire.dev/shared/lightcurve"
)

// truth is a transient that the tests make up.
type truth struct {
	t0, rise, fall    float64 // of Bazin's equation; t0 in MJD
	amplitude, offset map[string]float64
}

// flux is Bazin's equation as it is printed.
func (tr truth) flux(band string, mjd float64) float64 {
	v := mjd - tr.t0
	return tr.amplitude[band]*math.Exp(-v/tr.fall)/(1+math.Exp(-v/tr.rise)) + tr.offset[band]
}

// campaign says how a transient is observed.
type campaign struct {
	bands        []string
	before       float64 // days from the first visit to t0
	after        float64
	every        float64 // days between the visits in a band
	lost         float64 // share of the visits
	sky          float64 // noise of a visit, microjansky
	onlyDetected bool    // points of 3 sigma, as alerts have them
}

// observe makes a light curve with noise of the size of its errors.
func (c campaign) observe(r *rand.Rand, tr truth) lightcurve.Curve {
	var curve lightcurve.Curve
	for t := tr.t0 - c.before; t < tr.t0+c.after; t += c.every {
		for i, band := range c.bands {
			if r.Float64() < c.lost {
				continue
			}
			p := lightcurve.Point{MJD: t + 0.03*float64(i) + 0.2*r.Float64(), Band: band}
			flux := tr.flux(band, p.MJD)
			p.FluxErrUJy = math.Sqrt(c.sky*c.sky + 0.0004*flux*flux)
			p.FluxUJy = flux + p.FluxErrUJy*r.NormFloat64()
			if !c.onlyDetected || p.FluxUJy > 3*p.FluxErrUJy {
				curve.Points = append(curve.Points, p)
			}
		}
	}
	return curve
}

// anyTruth draws a transient: from days to months, g and r within a magnitude.
func anyTruth(r *rand.Rand) truth {
	rise := math.Exp(uniform(r, math.Log(1), math.Log(10)))
	fall := rise * math.Exp(uniform(r, math.Log(1.5), math.Log(15)))
	bright := math.Exp(uniform(r, math.Log(30), math.Log(1000)))
	return truth{
		t0: 60000 + uniform(r, -5, 5), rise: rise, fall: fall,
		amplitude: map[string]float64{"g": bright, "r": bright * uniform(r, 0.5, 2), "i": bright * uniform(r, 0.5, 2)},
		offset:    map[string]float64{"g": uniform(r, -10, 10), "r": uniform(r, -10, 10), "i": 0},
	}
}

func uniform(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

// part is the first share of a light curve.
func part(c lightcurve.Curve, share float64) lightcurve.Curve {
	return lightcurve.Curve{Points: c.Points[:int(share*float64(len(c.Points)))]}
}
