package simulate

import (
	"math"
	"math/rand/v2"
)

// What a stream of random numbers is for. Each purpose has its own stream, so
// that asking for one thing never shifts another.
const (
	forPlan uint64 = iota + 1
	forFields
	forCadence
	forExposure
	forReadout
	forObject
	forFlux
	forShape
	forCandidate
	forForced
	forScene
	forNoise
	forGlitch
)

// stream gives the random numbers of one purpose and one thing, which is named
// by its indices.
func (n *Night) stream(purpose uint64, thing ...int) *rand.Rand {
	return seeded(n.seed, purpose, thing...)
}

func seeded(seed, purpose uint64, thing ...int) *rand.Rand {
	h := mix(seed ^ purpose)
	for _, t := range thing {
		h = mix(h ^ uint64(t))
	}
	return rand.New(rand.NewPCG(h, mix(h)))
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014): close
// inputs give unrelated outputs.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// uniform draws between lo and hi.
func uniform(r *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }

// normal draws from a Gaussian cut at two and a half sigma, where a wild value
// would only be a nuisance.
func normal(r *rand.Rand, mean, sigma float64) float64 {
	return mean + sigma*min(max(r.NormFloat64(), -2.5), 2.5)
}

var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// decimals rounds to so many places after the point.
func decimals(x float64, places int) float64 {
	p := powersOfTen[places]
	return math.Round(x*p) / p
}

// single is decimals in the type of an Avro float.
func single(x float64, places int) float32 { return float32(decimals(x, places)) }
