package simulate

import "math/rand/v2"

// Class is the true nature of an object.
type Class string

// The classes of the simulated sky.
const (
	RRLyrae    Class = "rr-lyrae"
	Eclipsing  Class = "eclipsing-binary"
	LongPeriod Class = "long-period-variable"
	Asteroid   Class = "asteroid"
	Supernova  Class = "supernova"
	AGN        Class = "agn"
	Artefact   Class = "artefact"
)

// traits are what the plan and the catalogues need to know of a class.
type traits struct {
	class     Class
	share     float64 // of the night's alerts
	repeat    float64 // probability of a second alert in the same night
	star      bool    // a star stands at its place in the reference image
	galaxy    bool    // a galaxy does
	bright    float64 // range of magnitudes
	faint     float64
	mostOlder int        // most detections before the last month
	draw      curveMaker // nil for a supernova: see supernovae
}

var population = [...]traits{
	{class: RRLyrae, share: 0.20, repeat: 0.35, star: true, bright: 14, faint: 18.8, mostOlder: 700, draw: rrLyrae},
	{class: Eclipsing, share: 0.18, repeat: 0.35, star: true, bright: 14, faint: 18.3, mostOlder: 300, draw: eclipsing},
	{class: LongPeriod, share: 0.17, repeat: 0.35, star: true, bright: 14.5, faint: 17.3, mostOlder: 900, draw: longPeriod},
	{class: Asteroid, share: 0.20, bright: 16.5, faint: 20.2, draw: asteroid},
	{class: Supernova, share: 0.02, repeat: 0.5, galaxy: true, bright: 16.8, faint: 19.3},
	{class: AGN, share: 0.08, repeat: 0.35, galaxy: true, bright: 16, faint: 18.8, mostOlder: 400, draw: agn},
	{class: Artefact, share: 0.15, bright: 15.5, faint: 20.2, draw: artefact},
}

// drawTraits picks a class for a new object. Shares count alerts, so a class
// that is often seen twice gets fewer objects.
func drawTraits(r *rand.Rand) (index uint8) {
	total := 0.0
	for _, t := range population {
		total += t.share / (1 + t.repeat)
	}
	x := r.Float64() * total
	for i, t := range population {
		if x -= t.share / (1 + t.repeat); x < 0 {
			return uint8(i)
		}
	}
	return uint8(len(population) - 1)
}
