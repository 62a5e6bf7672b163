// Package survey reads the alert out of a packet for whichever survey sent it,
// by way of survey/ztf and survey/lsst, which hold all that differs.
package survey

import (
	"fmt"
	"slices"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey/lsst"
	"nightwire.dev/shared/survey/ztf"
)

// Read makes an alert of a packet that came on the stream. A *alert.Fault
// says what no other try will change.
func Read(stream names.Stream, p *packet.Packet) (alert.Alert, error) {
	switch stream.Survey() {
	case schemas.ZTF:
		return ztf.Read(p)
	case schemas.LSST:
		return lsst.Read(p)
	default:
		return alert.Alert{}, fmt.Errorf("no survey %q", stream.Survey())
	}
}

// Night is the night to which an alert belongs, as YYYY-MM-DD.
func Night(a *alert.Alert) string {
	if a.Survey == schemas.LSST {
		return lsst.Night(a)
	}
	return ztf.Night(a)
}

// Object is the alert's place in the archive.
func Object(a *alert.Alert) names.Object {
	return names.Object{Schema: a.Schema, Night: Night(a), ObjectID: a.ObjectID, Candid: fmt.Sprint(a.Candid)}
}

// CheckAudience refuses an alert that the readers of the stream may not see,
// or that belongs to readers of another stream.
func CheckAudience(stream names.Stream, a *alert.Alert) error {
	programs := stream.Programs()
	if len(programs) == 0 || a.ProgramID.Known && slices.Contains(programs, a.ProgramID.Value) {
		return nil
	}
	return &AudienceError{Stream: stream, ProgramID: a.ProgramID}
}

// AudienceError is an alert of one audience on the stream of another.
type AudienceError struct {
	Stream    names.Stream
	ProgramID alert.Maybe[int]
}

func (e *AudienceError) Error() string {
	if !e.ProgramID.Known {
		return fmt.Sprintf("programid is missing, and stream %s needs it", e.Stream)
	}
	return fmt.Sprintf("programid %d does not belong on stream %s", e.ProgramID.Value, e.Stream)
}

// Private says whether an alert that is not public came on a public stream.
func (e *AudienceError) Private() bool { return e.Stream == names.ZTF }

// Permanent tells that trying again cannot help.
func (e *AudienceError) Permanent() bool { return true }
