package simulate

import (
	"math"
	"math/rand/v2"

	"nightwire.dev/shared/salt2"
)

const (
	pixelArcsec  = 1.012
	columns      = 3072 // of a readout channel
	rows         = 3080
	channelPitch = 0.9 // degrees between neighbouring readout channels
	surveyStart  = 2458200.5
	plainSight   = 6.5 // signal to noise ratio that an alert should have
)

// object is one thing on the sky, or one fault on the camera.
type object struct {
	traits
	index   int
	field   int
	readout uint8
	rank    int16
	passes  uint8
	name    string
	x, y    float64 // on the readout channel, pixels
	ra, dec float64
	curve   lightCurve
	light   salt2.Params // of a supernova
	near    neighbour
	glitch  glitch
	first   float64       // Julian date of the first detection
	older   int           // detections before the last month
	earlier []measurement // of the last month, without tonight
}

// neighbour is the nearest source in the reference image.
type neighbour struct {
	distance float64 // pixels
	angle    float64 // radians from the x axis of the image
	mag      float64 // in r
	galaxy   bool
}

// object makes an object of the plan, with all that happened to it before
// tonight.
func (n *Night) object(index int32) object {
	c := n.objects[index]
	o := object{
		traits: population[c.traits], index: int(index),
		field: int(c.field), readout: c.readout, rank: c.rank, passes: c.passes,
	}
	r := n.stream(forObject, o.index)
	o.x, o.y = uniform(r, 0, columns), uniform(r, 0, rows)
	o.place(n.fields[o.field])
	o.glitch = glitch(r.IntN(int(glitches)))
	n.lightUp(&o, r)
	if o.class != Asteroid {
		o.earlier = n.lastMonth(&o)
	}
	o.first = n.firstDetection(&o, r)
	o.name = n.objectName(o.index, o.first)
	return o
}

// place puts the object on the sky: eight by eight readout channels, with
// gaps, around the centre of the field.
func (o *object) place(f field) {
	dx := (float64(o.readout%8)-3.5)*channelPitch + (o.x-columns/2)*pixelArcsec/3600
	dy := (float64(o.readout/8)-3.5)*channelPitch + (o.y-rows/2)*pixelArcsec/3600
	o.dec = f.dec + dy
	o.ra = wrap(f.ra + dx/math.Cos(radians(o.dec)))
}

// lightUp draws a brightness and a light curve until tonight's alerts stand
// clear of the noise, a little brighter at each attempt. What is still too
// faint then becomes a marginal detection (measure sees to that).
func (n *Night) lightUp(o *object, r *rand.Rand) {
	var frames []frame
	for pass := range 2 {
		if o.alertsIn(pass) {
			frames = append(frames, n.expose(visit{field: o.field, pass: pass}, o.readout))
		}
	}
	mag := uniform(r, o.bright, o.faint)
	for attempt := range 10 {
		try := mag - 0.3*float64(attempt)
		o.near = o.drawNeighbour(r, try)
		if o.class == Supernova {
			o.light = n.light.explode(r, try, frames[0].jd)
			o.curve = n.light.lightCurve(o.light)
		} else {
			o.curve = o.draw(r, try, frames[0].jd)
		}
		clear := true
		for i := range frames {
			f := &frames[i]
			signal := math.Abs(f.counts(o.curve(f.jd, f.fid)))
			clear = clear && signal > plainSight*o.noise(f, signal)
		}
		if clear {
			return
		}
	}
}

func (o *object) drawNeighbour(r *rand.Rand, mag float64) neighbour {
	near := neighbour{angle: uniform(r, 0, 2*math.Pi), galaxy: o.galaxy}
	switch {
	case o.star:
		near.distance, near.mag = uniform(r, 0.02, 0.4), mag
	case o.class == AGN:
		near.distance, near.mag = uniform(r, 0.05, 0.35), mag
	case o.galaxy:
		near.distance, near.mag = uniform(r, 0.4, 6), uniform(r, 16.5, 20)
	case o.class == Artefact && r.IntN(2) == 0:
		near.distance, near.mag = uniform(r, 0, 1.2), uniform(r, 12.5, 15.5)
	default:
		near.distance, near.mag = uniform(r, 3, 22), uniform(r, 17, 22)
		near.galaxy = r.IntN(2) == 0
	}
	return near
}

// firstDetection settles since when the object is known.
func (n *Night) firstDetection(o *object, r *rand.Rand) float64 {
	if o.mostOlder > 0 {
		o.older = 2 + r.IntN(o.mostOlder)
		return decimals(uniform(r, surveyStart, n.jd-60), 7)
	}
	for i := range o.earlier {
		if o.earlier[i].detected() {
			return o.earlier[i].jd
		}
	}
	pass := 0
	if !o.alertsIn(pass) {
		pass = 1
	}
	return n.expose(visit{field: o.field, pass: pass}, o.readout).jd
}

// alertsIn tells whether the object gives an alert in a visit of tonight.
func (o *object) alertsIn(pass int) bool { return o.passes&(1<<pass) != 0 }

// hasHistory tells whether an alert carries a list of earlier visits. Moving
// objects have none, and some newcomers neither.
func (o *object) hasHistory(past []measurement) bool {
	if o.class == Artefact && o.index%2 == 0 {
		for i := range past {
			if past[i].detected() {
				return true
			}
		}
		return false
	}
	return len(past) > 0
}
