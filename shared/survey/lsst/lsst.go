// Package lsst reads the alerts of the Vera C. Rubin Observatory's Legacy
// Survey of Space and Time: what differs from other surveys, and nothing else.
//
// Source: the alert schemas 7.4, 9.0, 10.0 and 11.0 of the Rubin project; the
// data products definition document LSE-163 for the meaning of the ids.
package lsst

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
)

// Read makes an alert of a packet's record.
func Read(p *packet.Packet) (alert.Alert, error) {
	source := p.Record.Get("diaSource")
	if source.IsNull() {
		return alert.Alert{}, &alert.Fault{Field: "diaSource", Reason: "missing: this is not an LSST alert"}
	}
	a := alert.Alert{
		Survey:     schemas.LSST,
		Schema:     Version(p.Schema),
		ObjectID:   objectID(p.Record),
		Candid:     source.Get("diaSourceId").Int(),
		ObservedAt: alert.Time(mjd(source)),
		RADeg:      source.Get("ra").Float(),
		DecDeg:     source.Get("dec").Float(),
		Record:     p.Record,
	}
	if a.ObservedAt.IsZero() {
		return a, &alert.Fault{Field: "midpointMjdTai", Reason: fmt.Sprintf("%.6f is not a Modified Julian Date", source.Get("midpointMjdTai").Float())}
	}
	return a, a.Validate()
}

// Version is the version in the name of the record: "9.0" of lsst.v9_0.alert.
func Version(s *packet.Schema) string {
	for part := range strings.SplitSeq(s.Name, ".") {
		if version, ok := strings.CutPrefix(part, "v"); ok {
			return strings.ReplaceAll(version, "_", ".")
		}
	}
	return s.Strings["version"]
}

// objectID is the diaObjectId or, for a solar system object, which has no
// diaObject, "sso-" and its ssObjectId. A source may belong to neither.
func objectID(record packet.Value) string {
	for _, path := range [][]string{{"diaObject", "diaObjectId"}, {"diaSource", "diaObjectId"}} {
		if id := record.Get(path...).Int(); id != 0 {
			return strconv.FormatInt(id, 10)
		}
	}
	for _, path := range [][]string{{"diaSource", "ssObjectId"}, {"ssSource", "ssObjectId"}, {"ssObject", "ssObjectId"}} {
		if id := record.Get(path...).Int(); id != 0 {
			return "sso-" + strconv.FormatInt(id, 10)
		}
	}
	return "unassociated"
}

// Night is the night at the telescope, from noon to noon: the date of the
// observation in a time zone twelve hours behind UTC.
func Night(a *alert.Alert) string {
	return a.ObservedAt.Add(-12 * time.Hour).Format(time.DateOnly)
}

// mjd is the middle of the exposure, UTC.
func mjd(source packet.Value) float64 {
	return alert.MJDFromTAI(source.Get("midpointMjdTai").Float())
}
