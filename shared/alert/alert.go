// Package alert is an alert as an astronomer means it: what changed, where,
// when, in which band, and what was seen there before. The packages under
// survey make it from a packet's record; functions read it.
//
// A missing value is a Maybe that says so. No -999, no "t"-or-"1" and no zero
// that stands for "not measured" comes past this package.
package alert

import (
	"fmt"
	"math"
	"regexp"
	"time"

	"nightwire.dev/shared/packet"
)

// Alert is one alert of any survey.
type Alert struct {
	Survey   string // "ztf", "lsst"
	Schema   string // the survey's schema version: "4.02", "9.0"
	ObjectID string // as the survey names the object in the sky
	Candid   int64  // the detection: candid, or diaSourceId

	ObservedAt time.Time // UTC; start of the exposure (ZTF), its middle (LSST)
	RADeg      float64   // right ascension, J2000, degrees
	DecDeg     float64   // declination, J2000, degrees

	// ProgramID is ZTF's: 1 public, 2 partnership, 3 Caltech.
	ProgramID Maybe[int]

	// Record is everything that the survey sent, in its own names.
	Record packet.Value
}

// Maybe is a value that may be missing.
type Maybe[T any] struct {
	Value T
	Known bool
}

// Some is a value that is known.
func Some[T any](value T) Maybe[T] { return Maybe[T]{Value: value, Known: true} }

// Fault is an error of an alert's content: the same alert will fail again.
type Fault struct {
	Field  string // the survey's own name
	Reason string
}

func (f *Fault) Error() string { return fmt.Sprintf("%s: %s", f.Field, f.Reason) }

// Permanent tells that trying again cannot help.
func (f *Fault) Permanent() bool { return true }

// plainName is what may become part of an object's name in the archive.
var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$`)

// The dates between which an observation is believed.
var (
	firstLight = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	lastLight  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Believable says whether something may have been observed then: between 1990
// and 2100.
func Believable(at time.Time) bool { return !at.Before(firstLight) && !at.After(lastLight) }

// Validate checks what the archive relies on: an identity, a date, a place.
func (a *Alert) Validate() error {
	switch {
	case !plainName.MatchString(a.Schema):
		return &Fault{"schema version", fmt.Sprintf("%q is not a version", a.Schema)}
	case !plainName.MatchString(a.ObjectID):
		return &Fault{"object id", fmt.Sprintf("%q is not a plain name", a.ObjectID)}
	case a.Candid <= 0:
		return &Fault{"detection id", fmt.Sprintf("%d is not positive", a.Candid)}
	case !Believable(a.ObservedAt):
		return &Fault{"observation date", fmt.Sprintf("%s is not between 1990 and 2100", a.ObservedAt.Format(time.DateOnly))}
	case math.IsNaN(a.RADeg) || a.RADeg < 0 || a.RADeg > 360:
		return &Fault{"ra", fmt.Sprintf("%v is not between 0 and 360 degrees", a.RADeg)}
	case math.IsNaN(a.DecDeg) || a.DecDeg < -90 || a.DecDeg > 90:
		return &Fault{"dec", fmt.Sprintf("%v is not between -90 and 90 degrees", a.DecDeg)}
	}
	return nil
}
