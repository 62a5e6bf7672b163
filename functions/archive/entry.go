package archive

import (
	"time"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/warehouse"
)

// entry is what we know of one Kafka record while it is being archived.
type entry struct {
	origin origin.Origin
	mark   map[string]string // of a replay; empty for news
	bytes  int
	sha256 string // of the bytes as sent, hexadecimal

	// The rest is unknown while the record has not been read.
	alert  alert.Alert
	object names.Object
}

func (e *entry) place(a alert.Alert, o names.Object) { e.alert, e.object = a, o }

// file is the alert as the vault keeps it.
func (e *entry) file(p *packet.Packet) File {
	return File{Object: e.object, Content: p.File(), SHA256: e.sha256, Origin: e.origin, Mark: e.mark, Alert: &e.alert}
}

// row is the entry's row in the ledger.
func (e *entry) row(result Result, reason string, now time.Time) warehouse.Row {
	values := warehouse.Values{
		"outcome":     string(result.Outcome),
		"kafka":       warehouse.Values(e.origin.Columns()),
		"sha256":      e.sha256,
		"bytes":       int64(e.bytes),
		"recorded_at": now,
		"night":       e.night(now),
	}
	if reason != "" {
		values["reason"] = reason
	}
	if e.alert.Candid != 0 {
		values["objectId"], values["candid"] = e.alert.ObjectID, e.alert.Candid
	}
	if result.Name != "" {
		values["object"], values["generation"] = result.Name, result.Generation
	}
	return warehouse.Row{Values: values}
}

// night is the alert's night. A record that is no alert of the stream counts
// for the UTC date on which Kafka took it or, if Kafka did not say, we did.
func (e *entry) night(now time.Time) string {
	switch {
	case e.object.Night != "":
		return e.object.Night
	case !e.origin.Timestamp.IsZero():
		return e.origin.Timestamp.Format(time.DateOnly)
	default:
		return now.UTC().Format(time.DateOnly)
	}
}
