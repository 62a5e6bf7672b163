package expression

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/lightcurve"
)

// historyWeight is about what a pass over the light curve costs.
const historyWeight = 100

// history is the functions of the light curve that an alert carries: this
// detection and the earlier ones, each once. Unless they say otherwise they
// count positive detections alone, those brighter than the reference. A band
// is one of the survey's, or any.
var history = []Function{
	{
		Name: "n_detections", About: "How many positive detections in a band, this one included, the last days hold [d].",
		Example: "n_detections('any', 30) >= 5",
		overloads: []overload{{
			parameters: []parameter{bandNamed("band"), {name: "days", kind: number}}, result: integer, weight: historyWeight, check: checkBands,
			call: func(r *Run, a []item) item {
				return ofInt(int64(len(r.recent(string(a[0].text), a[1].number()))))
			},
		}},
	},
	{
		Name: "rise_rate", About: "How fast the object brightens in a band, over the positive detections of the last days [mag/d]: the slope of the " +
			"straight line through them, positive when it becomes brighter. Missing with fewer than two, or within an hour.",
		Example: "rise_rate('r', 5) > 0.1",
		overloads: []overload{{
			parameters: []parameter{bandNamed("band"), {name: "days", kind: number}}, result: number, weight: historyWeight, check: checkBands,
			call: func(r *Run, a []item) item { return riseRate(r.recent(string(a[0].text), a[1].number())) },
		}},
	},
	{
		Name: "mag_at", About: "AB magnitude in a band so many days before this alert, between the two positive detections around that time. " +
			"Missing where there are none.",
		Example: "mag_at('r', 0) < mag_at('r', 3) - 1.0",
		overloads: []overload{{
			parameters: []parameter{bandNamed("band"), {name: "days_ago", kind: number}}, result: number, weight: historyWeight, check: checkBands,
			call: func(r *Run, a []item) item {
				return magAt(r.recent(string(a[0].text), math.MaxFloat64), r.now()-a[1].number())
			},
		}},
	},
	{
		Name: "peak_mag", About: "AB magnitude of the brightest positive detection in a band.", Example: "peak_mag('any') < 17.0",
		overloads: []overload{{
			parameters: []parameter{bandNamed("band")}, result: number, weight: historyWeight, check: checkBands,
			call: func(r *Run, a []item) item {
				brightest := item{}
				for _, p := range r.recent(string(a[0].text), math.MaxFloat64) {
					if mag, _ := p.Mag(); !brightest.known || mag < brightest.number() {
						brightest = ofNumber(mag)
					}
				}
				return brightest
			},
		}},
	},
	{
		Name: "colour", About: "Difference of the magnitudes in two bands, the first less the second [mag]: of the latest two positive detections " +
			"that are not more than so many days apart.",
		Example: "colour('g', 'r', 1) < 0.2",
		overloads: []overload{{
			parameters: []parameter{bandNamed("blue"), bandNamed("red"), {name: "days", kind: number}}, result: number, weight: historyWeight, check: checkBands,
			call: func(r *Run, a []item) item {
				return colour(slices.Clone(r.recent(string(a[0].text), math.MaxFloat64)), r.recent(string(a[1].text), math.MaxFloat64), a[2].number())
			},
		}},
	},
	{
		Name: "age_days", About: "How long ago the alert's first positive detection was made [d]. Surveys send some 30 d of history (ZTF) or a year (LSST).",
		Example: "age_days() < 3",
		overloads: []overload{{result: number, weight: historyWeight, call: func(r *Run, _ []item) item {
			seen := r.recent(anyBand, math.MaxFloat64)
			if len(seen) == 0 {
				return item{}
			}
			return ofNumber(r.now() - seen[0].MJD)
		}}},
	},
	{
		Name: "positive_span_days", About: "From the first positive detection to the last [d]: what moves is not seen twice in one place. " +
			"0 with one, missing with none.",
		Example: "positive_span_days() > 30.0 / 1440",
		overloads: []overload{{result: number, weight: historyWeight, call: func(r *Run, _ []item) item {
			seen := r.recent(anyBand, math.MaxFloat64)
			if len(seen) == 0 {
				return item{}
			}
			return ofNumber(seen[len(seen)-1].MJD - seen[0].MJD)
		}}},
	},
	{
		Name: "days_since_limit", About: "From the last upper limit before the first positive detection to that detection [d]: how well the rise was caught.",
		Example: "days_since_limit() < 2",
		overloads: []overload{{result: number, weight: historyWeight, call: func(r *Run, _ []item) item {
			seen := r.recent(anyBand, math.MaxFloat64)
			if len(seen) == 0 {
				return item{}
			}
			since := item{}
			for _, limit := range r.curve().Limits {
				if limit.MJD < seen[0].MJD {
					since = ofNumber(seen[0].MJD - limit.MJD)
				}
			}
			return since
		}}},
	},
}

const anyBand = "any"

// bands are the surveys' bands, the bluest first.
var bands = map[string][]string{
	schemas.ZTF: {"g", "r", "i"}, schemas.LSST: {"u", "g", "r", "i", "z", "y"},
}

func bandNamed(name string) parameter { return parameter{name: name, kind: text} }

// checkBands refuses a band that the survey does not have.
func checkBands(l *Language, arguments []code) string {
	for _, a := range arguments {
		if a.kind != text || a.literal == nil {
			continue
		}
		if band := string(a.literal.text); band != anyBand && !slices.Contains(bands[l.Survey], band) {
			return fmt.Sprintf("there is no band %q; it is %s or %s", band, strings.Join(bands[l.Survey], ", "), anyBand)
		}
	}
	return ""
}

// now is when the alert's detection was made, MJD (UTC).
func (r *Run) now() float64 {
	for _, p := range r.curve().Points {
		if p.Trigger {
			return p.MJD
		}
	}
	return alert.MJD(r.alert.ObservedAt)
}

// recent are the positive detections in a band during the last days, in order
// of time. What the survey lists after this alert does not count.
func (r *Run) recent(band string, days float64) []lightcurve.Point {
	now := r.now()
	r.seen = r.seen[:0]
	for _, p := range r.curve().Points {
		if p.Positive() && p.MJD <= now && p.MJD >= now-days && (band == anyBand || p.Band == band) {
			r.seen = append(r.seen, p)
		}
	}
	return r.seen
}

// shortest is the time within which a rate says nothing: an hour, in days.
const shortest = 1.0 / 24

// riseRate is the slope of the least-squares line, in mag/d, upwards when the
// object becomes brighter.
func riseRate(seen []lightcurve.Point) item {
	if len(seen) < 2 || seen[len(seen)-1].MJD-seen[0].MJD < shortest {
		return item{}
	}
	var meanTime, meanMag float64
	for _, p := range seen {
		mag, _ := p.Mag()
		meanTime += (p.MJD - seen[0].MJD) / float64(len(seen))
		meanMag += mag / float64(len(seen))
	}
	var covariance, variance float64
	for _, p := range seen {
		mag, _ := p.Mag()
		t := p.MJD - seen[0].MJD - meanTime
		covariance += t * (mag - meanMag)
		variance += t * t
	}
	return ofNumber(-covariance / variance)
}

// magAt is the magnitude at a date, on the straight line between the points
// around it.
func magAt(seen []lightcurve.Point, mjd float64) item {
	for i, p := range seen {
		mag, _ := p.Mag()
		if p.MJD == mjd {
			return ofNumber(mag)
		}
		if p.MJD < mjd {
			continue
		}
		if i == 0 {
			return item{}
		}
		before, _ := seen[i-1].Mag()
		part := (mjd - seen[i-1].MJD) / (p.MJD - seen[i-1].MJD)
		return ofNumber(before + part*(mag-before))
	}
	return item{}
}

// colour is that of the latest pair that is close enough in time.
func colour(blue, red []lightcurve.Point, days float64) item {
	for i := len(blue) - 1; i >= 0; i-- {
		for j := len(red) - 1; j >= 0; j-- {
			if math.Abs(blue[i].MJD-red[j].MJD) <= days {
				b, _ := blue[i].Mag()
				r, _ := red[j].Mag()
				return ofNumber(b - r)
			}
		}
	}
	return item{}
}
