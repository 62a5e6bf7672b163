// Package survey reads the alert out of a packet for whichever survey sent it,
// by way of survey/ztf and survey/lsst, which hold all that differs.
package survey

import (
	"fmt"

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
	case ztf.Survey:
		return ztf.Read(p)
	case lsst.Survey:
		return lsst.Read(p)
	default:
		return alert.Alert{}, fmt.Errorf("no survey %q", stream.Survey())
	}
}

// Night is the night to which an alert belongs, as YYYY-MM-DD; kafkaTopic is
// the topic that it came from, if any.
func Night(a *alert.Alert, kafkaTopic string) string {
	if a.Survey == lsst.Survey {
		return lsst.Night(a)
	}
	return ztf.Night(a, kafkaTopic)
}

// Object is the alert's place in the archive.
func Object(a *alert.Alert, kafkaTopic string) names.Object {
	return names.Object{Schema: a.Schema, Night: Night(a, kafkaTopic), ObjectID: a.ObjectID, Candid: fmt.Sprint(a.Candid)}
}

// programs are the ZTF programmes whose alerts each stream's readers may see.
var programs = map[names.Stream][]int{names.ZTF: {1}, names.ZTFPartnership: {2, 3}}

// CheckAudience refuses an alert that the readers of the stream may not see,
// or that belongs to readers of another stream.
func CheckAudience(stream names.Stream, a *alert.Alert) error {
	allowed, restricted := programs[stream]
	if !restricted {
		return nil
	}
	for _, program := range allowed {
		if a.ProgramID.Known && a.ProgramID.Value == program {
			return nil
		}
	}
	return &PrivateError{Stream: stream, ProgramID: a.ProgramID.Value}
}

// PrivateError is an alert of one audience on the stream of another.
type PrivateError struct {
	Stream    names.Stream
	ProgramID int
}

func (e *PrivateError) Error() string {
	return fmt.Sprintf("programid %d does not belong on stream %s", e.ProgramID, e.Stream)
}

// Permanent tells that trying again cannot help.
func (e *PrivateError) Permanent() bool { return true }
