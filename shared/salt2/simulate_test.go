package salt2

import (
	"math"
	"math/rand/v2"
)

// sky draws light curves of supernovae as a survey sees them: two bands, each
// every second or third night, a fifth of the nights lost.
type sky struct {
	model *Model
	bands []*Band
	until float64 // rest-frame days after maximum
	rand  *rand.Rand
}

func newSky(m *Model, bands []*Band, seed uint64) *sky {
	return &sky{m, bands, 45, rand.New(rand.NewPCG(seed, 2007))}
}

// supernova draws parameters: x0 falls with the square of the distance.
func (s *sky) supernova() Params {
	z := 0.02 + 0.13*s.rand.Float64()
	return Params{
		Z: z, T0: 59000 + 300*s.rand.Float64(), X1: math.Max(-3, math.Min(3, s.rand.NormFloat64())), C: 0.1 * s.rand.NormFloat64(),
		X0: 3e-6 / (z * z) * math.Pow(10, 0.06*s.rand.NormFloat64()),
	}
}

// observe measures the part of the supernova's light curve that comes first.
func (s *sky) observe(p Params, part float64) []Observation {
	var all []Observation
	from, to := p.T0-18*(1+p.Z), p.T0+s.until*(1+p.Z)
	to = from + part*(to-from)
	depth := 20.5 + 0.3*s.rand.NormFloat64()
	for _, b := range s.bands[:2] {
		for t := from + 3*s.rand.Float64(); t < to; t += 2 + s.rand.Float64() {
			if s.rand.Float64() < 0.2 {
				continue
			}
			const zeroPoint = 25
			flux := s.model.BandFlux(p, b, t, zeroPoint)
			sigma := math.Hypot(math.Pow(10, 0.4*(zeroPoint-depth))/5, math.Sqrt(math.Max(flux, 0)/10))
			all = append(all, Observation{t, b, flux + sigma*s.rand.NormFloat64(), sigma, zeroPoint})
		}
	}
	return all
}
