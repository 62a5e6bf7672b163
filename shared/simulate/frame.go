package simulate

import "math"

const (
	historyDays  = 29      // how far back the history of an alert goes
	siderealLead = 0.00273 // of a day, by which the sky comes earlier each night
	gain         = 6.2     // electrons for a DN
)

// visit is one look at a field. Each visited night has two, in two filters.
type visit struct {
	field   int
	daysAgo int
	pass    int // 0 or 1
}

// frame is what one readout channel recorded in one exposure, and how well.
type frame struct {
	visit
	jd         float64
	fraction   float64 // of the UTC day
	nid        int
	pid        int64
	fid        int32
	fieldID    int32
	readout    int32
	seeing     float64 // full width at half maximum, pixels
	background float64 // DN a pixel
	zeroPoint  float64 // magnitude of 1 DN
	limit      float64 // five-sigma magnitude for a point source
	dx, dy     float64 // pointing error, pixels

	calibration float64 // scatter of the calibrators, mag
	colourTerm  float64
}

// Typical conditions by filter: g, r, i.
var (
	darkLimit     = [...]float64{1: 20.75, 2: 20.6, 3: 20.0}
	typicalZero   = [...]float64{1: 26.2, 2: 26.25, 3: 25.65}
	moonDimming   = [...]float64{1: 0.9, 2: 0.6, 3: 0.3}
	typicalColour = [...]float64{1: -0.05, 2: 0.1, 3: 0.03}
	typicalGround = [...]float64{1: 160, 2: 320, 3: 420}
)

// observed tells whether the survey came to a field so many days ago. Some
// fields are visited each second night, some each fifth; clouds close others.
func (n *Night) observed(f, daysAgo int) bool {
	if daysAgo == 0 {
		return true
	}
	share := uniform(n.stream(forCadence, f), 0.2, 0.5)
	cloudy := n.stream(forCadence, -1, daysAgo).Float64() < 0.15
	return !cloudy && n.stream(forCadence, f, daysAgo).Float64() < share/0.85
}

// expose gives the frame of a visit on one readout channel. All channels of
// an exposure share the time, the filter and the weather.
func (n *Night) expose(v visit, readout uint8) frame {
	f := frame{
		visit: v, nid: n.nid - v.daysAgo,
		readout: int32(readout), fieldID: n.fields[v.field].id,
	}
	slot := v.field/blockFields*2*blockFields + v.pass*blockFields + v.field%blockFields
	f.fraction = decimals(duskFraction+float64(slot)*exposureDays+float64(v.daysAgo)*siderealLead, 7)
	f.jd = n.jd - float64(v.daysAgo) + f.fraction
	f.pid = processingID(f.nid, f.fraction, f.readout)
	f.fid = n.filter(v)

	e := n.stream(forExposure, v.field, v.daysAgo, v.pass)
	c := n.stream(forReadout, v.field, v.daysAgo, v.pass, int(readout))
	extinction := math.Abs(normal(e, 0, 0.12))
	moon := moonlight(f.jd) * moonDimming[f.fid]
	f.seeing = 2.1*math.Exp(normal(e, 0, 0.15)) + normal(c, 0, 0.04)
	f.zeroPoint = decimals(typicalZero[f.fid]-extinction+normal(c, 0, 0.03), 4)
	f.limit = decimals(darkLimit[f.fid]-moon-extinction-2.5*math.Log10(f.seeing/2)+normal(c, 0, 0.05), 4)
	f.background = typicalGround[f.fid] * (1 + 2*moon) * uniform(e, 0.9, 1.1)
	f.dx, f.dy = normal(e, 0, 4), normal(e, 0, 4)
	f.calibration = 0.02 + math.Abs(normal(c, 0, 0.012))
	f.colourTerm = typicalColour[f.fid] + normal(c, 0, 0.01)
	return f
}

// filter gives the filter of a visit: g and r in either order, or r and i for
// one field in ten.
func (n *Night) filter(v visit) int32 {
	pair := [2]int32{1, 2}
	if n.stream(forExposure, v.field).IntN(10) == 0 {
		pair = [2]int32{2, 3}
	}
	swap := n.stream(forExposure, v.field, v.daysAgo).IntN(2)
	return pair[v.pass^swap]
}

// counts turns a flux in nanomaggies into DN.
func (f *frame) counts(flux float64) float64 { return flux * math.Pow(10, 0.4*(f.zeroPoint-22.5)) }

// skyNoise is the one-sigma noise of a point source's flux, in DN.
func (f *frame) skyNoise() float64 { return math.Pow(10, 0.4*(f.zeroPoint-f.limit)) / 5 }

// psfSigma is the width of the point spread function, in pixels.
func (f *frame) psfSigma() float64 { return f.seeing / 2.3548 }

// pixelNoise is the noise of one pixel of the difference image that makes
// skyNoise for a Gaussian point spread function.
func (f *frame) pixelNoise() float64 {
	return f.skyNoise() / (2 * math.Sqrt(math.Pi) * f.psfSigma())
}

// magFlux is in nanomaggies.
func magFlux(mag float64) float64 { return math.Pow(10, 0.4*(22.5-mag)) }
