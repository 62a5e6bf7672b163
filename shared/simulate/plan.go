package simulate

import (
	"cmp"
	"math"
	"slices"
)

const (
	alertsPerField = 50
	mostFields     = 336 // seven blocks
	blockFields    = 48  // visited once, then once more in another filter
	exposureDays   = 40.0 / 86400
	duskFraction   = 0.17 // first exposure, fraction of the UTC day
	nightFraction  = 2 * mostFields * exposureDays
	readouts       = 64 // readout channels of the camera
)

// cast is an object as the plan knows it: what it is, where on the camera, and
// in which of the field's two visits it gives an alert.
type cast struct {
	field   int16
	traits  uint8
	readout uint8
	rank    int16 // 1, 2, ... among the objects of this field and readout
	passes  uint8 // bit 0 the first visit, bit 1 the second
}

// appearance is one alert: an object in one of the two visits of its field.
type appearance struct {
	object int32
	pass   uint8
}

// plan chooses tonight's fields, puts objects into them, and orders the alerts
// by time. Fields are visited in blocks: all fields of a block once, and 32
// minutes later all of them again.
func (n *Night) plan(alerts int) {
	n.chooseFields(min(mostFields, (alerts+alertsPerField-1)/alertsPerField))
	var seen [2][][]appearance // by visit and field
	for pass := range seen {
		seen[pass] = make([][]appearance, len(n.fields))
	}
	for f := range n.fields {
		quota := alerts*(f+1)/len(n.fields) - alerts*f/len(n.fields)
		for _, a := range n.castField(f, quota) {
			seen[a.pass][f] = append(seen[a.pass][f], a)
		}
	}
	n.alerts = make([]appearance, 0, alerts)
	for start := 0; start < len(n.fields); start += blockFields {
		end := min(start+blockFields, len(n.fields))
		for pass := range seen {
			n.alerts = append(n.alerts, slices.Concat(seen[pass][start:end]...)...)
		}
	}
}

// castField draws the objects of one field until they give so many alerts.
func (n *Night) castField(f, quota int) []appearance {
	r := n.stream(forPlan, f)
	var ranks [readouts]int16
	var alerts []appearance
	for len(alerts) < quota {
		c := cast{field: int16(f), traits: drawTraits(r), readout: uint8(r.IntN(readouts))}
		c.passes = 1 << r.IntN(2)
		if r.Float64() < population[c.traits].repeat && len(alerts)+2 <= quota {
			c.passes = 3
		}
		ranks[c.readout]++
		c.rank = ranks[c.readout]
		for pass := range uint8(2) {
			if c.passes&(1<<pass) != 0 {
				alerts = append(alerts, appearance{object: int32(len(n.objects)), pass: pass})
			}
		}
		n.objects = append(n.objects, c)
	}
	return alerts
}

// chooseFields takes fields that stand high during the night, from those that
// set first to those that rise last, most of them away from the Milky Way.
func (n *Night) chooseFields(count int) {
	const reach = 55 // degrees of right ascension beyond the meridian
	r := n.stream(forFields)
	west := siderealTime(n.jd+duskFraction) - reach
	span := 360*nightFraction + 2*reach
	var up []field
	for _, f := range grid() {
		plane := math.Abs(galacticLatitude(f.ra, f.dec)) < 12
		if avoid := r.Float64() < 0.9; plane && avoid {
			continue
		}
		if wrap(f.ra-west) < span {
			up = append(up, f)
		}
	}
	slices.SortStableFunc(up, func(a, b field) int {
		return cmp.Compare(wrap(a.ra-west), wrap(b.ra-west))
	})
	count = min(count, len(up))
	for k := range count {
		n.fields = append(n.fields, up[k*len(up)/count])
	}
}
