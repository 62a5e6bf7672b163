// Package ztf reads the alerts of the Zwicky Transient Facility: what differs
// from other surveys, and nothing else. A packet's record enters, an
// alert.Alert or its photometry leaves.
//
// Source: the ZTF alert schemas 3.3 and 4.02, and their field descriptions.
package ztf

import (
	"fmt"
	"strings"
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
)

// Read makes an alert of a packet's record.
func Read(p *packet.Packet) (alert.Alert, error) {
	record := p.Record
	candidate := record.Get("candidate")
	if candidate.IsNull() {
		return alert.Alert{}, &alert.Fault{Field: "candidate", Reason: "missing: this is not a ZTF alert"}
	}
	a := alert.Alert{
		Survey:     schemas.ZTF,
		Schema:     record.Get("schemavsn").Text(),
		ObjectID:   record.Get("objectId").Text(),
		Candid:     record.Get("candid").Int(),
		ObservedAt: alert.Time(alert.MJDFromJD(candidate.Get("jd").Float())),
		RADeg:      candidate.Get("ra").Float(),
		DecDeg:     candidate.Get("dec").Float(),
		Record:     record,
	}
	if program := candidate.Get("programid"); !program.IsNull() {
		a.ProgramID = alert.Some(int(program.Int()))
	}
	if a.ObservedAt.IsZero() {
		return a, &alert.Fault{Field: "jd", Reason: fmt.Sprintf("%.6f is not a Julian date", candidate.Get("jd").Float())}
	}
	return a, a.Validate()
}

// Night is the night to which an alert belongs: the UTC date of the
// observation, which at Palomar does not change before the night has ended. The
// survey names its Kafka topics after the same date.
func Night(a *alert.Alert) string { return a.ObservedAt.Format(time.DateOnly) }

// IsPositive settles isdiffpos: "t" or "1" (in very old packets the number 1)
// is a positive subtraction, "f" or "0" a negative one; detections of one
// packet mix both spellings. Upper limits have none.
func IsPositive(v packet.Value) alert.Maybe[bool] {
	switch v.Kind() {
	case packet.String:
		switch strings.ToLower(v.Text()) {
		case "t", "1", "true":
			return alert.Some(true)
		case "f", "0", "false":
			return alert.Some(false)
		}
	case packet.Int, packet.Long:
		return alert.Some(v.Int() == 1)
	case packet.Boolean:
		return alert.Some(v.Bool())
	}
	return alert.Maybe[bool]{}
}

// NoMatch is what the survey writes where it looked for a neighbour and found
// none: in ssdistnr, ssmagnr, distpsnr1, sgscore1 and their like.
const NoMatch = -999

// noName is what the survey writes for the name of what it did not find: in
// ssnamenr.
const noName = "null"

// IsMissing says whether a value is null, or what the survey writes for null.
func IsMissing(v packet.Value) bool {
	switch v.Kind() {
	case packet.Null:
		return true
	case packet.Float, packet.Double:
		return v.Float() == NoMatch
	case packet.String:
		return string(v.Bytes()) == noName
	default:
		return false
	}
}

// Number is a measured number: null and -999 are both a missing value.
func Number(v packet.Value) alert.Maybe[float64] {
	if v.IsNull() || v.Float() == NoMatch {
		return alert.Maybe[float64]{}
	}
	return alert.Some(v.Float())
}
