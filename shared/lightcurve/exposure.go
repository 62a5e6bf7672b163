package lightcurve

import (
	"cmp"
	"math"
	"slices"

	"nightwire.dev/shared/alert"
)

// exposureDays tells exposures apart: two measurements in one band that are
// less than 10 seconds apart come from one exposure, of which both surveys take
// 30 seconds.
const exposureDays = 10.0 / 86400

// oncePerExposure leaves one point of each exposure, the best one. The sort is
// stable: points of one date stay in the order in which they were given.
func (c *Curve) oncePerExposure() {
	slices.SortStableFunc(c.Points, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.Band, b.Band), cmp.Compare(a.MJD, b.MJD))
	})
	kept := c.Points[:0]
	for _, p := range c.Points {
		last := len(kept) - 1
		switch {
		case last < 0 || p.Band != kept[last].Band || p.MJD-kept[last].MJD >= exposureDays:
			kept = append(kept, p)
		case p.replaces(kept[last]):
			kept[last] = p
		}
	}
	c.Points = kept
	c.order()
}

// replaces prefers forced photometry to an earlier point q of the exposure. Of
// two forced measurements the later given counts, whatever it found: to choose
// by the flux would widen the noise. Of two detections, the one that stands out
// more counts.
func (p Point) replaces(q Point) bool {
	if p.Forced || q.Forced {
		return p.Forced
	}
	return math.Abs(p.SNR()) > math.Abs(q.SNR())
}

// limitOncePerExposure leaves the first limit of each exposure.
func (c *Curve) limitOncePerExposure() {
	slices.SortStableFunc(c.Limits, func(a, b alert.Limit) int {
		return cmp.Or(cmp.Compare(a.Band, b.Band), cmp.Compare(a.MJD, b.MJD))
	})
	c.Limits = slices.CompactFunc(c.Limits, func(a, b alert.Limit) bool {
		return a.Band == b.Band && math.Abs(b.MJD-a.MJD) < exposureDays
	})
	c.order()
}
