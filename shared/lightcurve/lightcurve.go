// Package lightcurve is what was seen of one object over time: fluxes on the
// difference image by date and band, in microjansky.
//
// One alert enters, or several alerts of one object, or a table that an
// astronomer wrote; a Curve leaves, in which every measurement stands once and
// in order of time. Filters count and compare its points; the fits of
// shared/salt2 and shared/bazin take it as their data.
package lightcurve

import (
	"cmp"
	"math"
	"slices"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/survey"
)

// Curve is the light curve of one object. Points and limits are in order of
// time; a limit is an observation that saw nothing, and never a point.
type Curve struct {
	Points []Point
	Limits []alert.Limit
}

// Point is one measurement of the flux that the object has beyond the template.
type Point struct {
	MJD        float64 // UTC, days
	Band       string  // g, r, i (ZTF); u, g, r, i, z, y (LSST)
	FluxUJy    float64 // microjansky, negative where the template was brighter
	FluxErrUJy float64 // 1 sigma
	Candid     alert.Maybe[int64]
	Trigger    bool // it triggered the alert; the history repeats it in fewer digits
	Forced     bool // measured at the object's place, seen or not
}

// Of is the curve of the detections of an alert, the one that triggered it and
// those of its history; the same candid counts once. A detection whose flux or
// error is no number is none, nor is one or a limit with a date that
// alert.Believable refuses.
func Of(a *alert.Alert) Curve {
	detections, limits := survey.Photometry(a)
	c := Curve{Points: make([]Point, 0, len(detections)), Limits: measured(limits)}
	for _, d := range detections {
		p := Point{
			MJD: d.MJD, Band: d.Band, FluxUJy: d.FluxUJy, FluxErrUJy: d.FluxErrUJy, Candid: d.Candid,
			Trigger: d.Candid == alert.Some(a.Candid),
		}
		if p.measured() {
			c.Points = append(c.Points, p)
		}
	}
	c.distinct()
	return c
}

// ForFit is the curve that a fit should have: the forced photometry of an
// alert, and its detections in the exposures without. No exposure counts twice.
func ForFit(a *alert.Alert) Curve {
	c := Of(a)
	detected := c.Points
	forced := survey.Forced(a)
	c.Points = make([]Point, 0, len(forced)+len(detected))
	for _, f := range forced {
		p := Point{MJD: f.MJD, Band: f.Band, FluxUJy: f.FluxUJy, FluxErrUJy: f.FluxErrUJy, Forced: true}
		if p.measured() {
			c.Points = append(c.Points, p)
		}
	}
	c.Points = append(c.Points, detected...)
	c.order()
	c.oncePerExposure()
	return c
}

// Merge is the curve of several alerts of one object: each detection once, as
// the alert has it that it triggered, and each limit once. With forced photometry
// among them it is a curve for a fit, and no exposure counts twice: of several
// forced measurements of one exposure the last given counts, so the curve of the
// latest alert should be the last.
func Merge(curves ...Curve) Curve {
	var all Curve
	for _, c := range curves {
		all.Points = append(all.Points, c.Points...)
		all.Limits = append(all.Limits, c.Limits...)
	}
	all.distinct()
	if slices.ContainsFunc(all.Points, func(p Point) bool { return p.Forced }) {
		all.oncePerExposure()
	}
	all.limitOncePerExposure()
	return all
}

func measured(limits []alert.Limit) []alert.Limit {
	return slices.DeleteFunc(limits, func(l alert.Limit) bool { return !believable(l.MJD) || !finite(l.Mag) })
}

// measured says whether a point has a date, a flux and an error.
func (p Point) measured() bool {
	return believable(p.MJD) && finite(p.FluxUJy) && finite(p.FluxErrUJy) && p.FluxErrUJy > 0
}

func believable(mjd float64) bool { return alert.Believable(alert.Time(mjd)) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// order puts points and limits in order of time; of one date, by band.
func (c *Curve) order() {
	slices.SortStableFunc(c.Points, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.MJD, b.MJD), cmp.Compare(a.Band, b.Band))
	})
	slices.SortStableFunc(c.Limits, func(a, b alert.Limit) int {
		return cmp.Or(cmp.Compare(a.MJD, b.MJD), cmp.Compare(a.Band, b.Band))
	})
}

// distinct leaves one point of each candid, in order of time.
func (c *Curve) distinct() {
	slices.SortStableFunc(c.Points, func(a, b Point) int { return cmp.Compare(preference(a), preference(b)) })
	seen := make(map[int64]bool, len(c.Points))
	c.Points = slices.DeleteFunc(c.Points, func(p Point) bool {
		if !p.Candid.Known {
			return false
		}
		again := seen[p.Candid.Value]
		seen[p.Candid.Value] = true
		return again
	})
	c.order()
}

// preference puts the measurement of the alert itself before its repetitions.
func preference(p Point) int {
	if p.Trigger {
		return 0
	}
	return 1
}
