// Package archive keeps every alert: one Avro file in the stream's bucket,
// written once, and one ledger row that says what became of each Kafka record.
//
// A raw message from the connector enters. The bucket's own notification, not
// a message of ours, tells the rest of the system about the new file, so no
// crash can separate the two.
//
// Idempotency key: the object's name, which follows from the alert alone. The
// file is created only where none exists; whoever finds it there compares the
// content and says duplicate, or conflict.
//
// A raw message that was sent again says so, and its file hands the mark on, so
// that the function filter notifies nobody who is not meant to be.
package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/ledger"
	"nightwire.dev/shared/logging"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey"
	"nightwire.dev/shared/telemetry"
	"nightwire.dev/shared/warehouse"
)

// Name is the function's name: its entry point, and its subscription.
const Name = "archive"

// table takes rows; *warehouse.Table is one.
type table interface {
	Append(ctx context.Context, row warehouse.Row) error
}

// Archive is the function.
type Archive struct {
	Stream  names.Stream
	Decoder *packet.Decoder
	Vault   *Vault
	Ledger  table
	Log     *slog.Logger
}

// Handle archives the alert of one raw message.
func (f *Archive) Handle(ctx context.Context, m *event.Message) error {
	from, err := origin.Parse(m.Attributes)
	if err != nil {
		return err
	}
	e := entry{origin: from, mark: event.ReplayMark(m.Attributes), bytes: len(m.Data), sha256: digest(m.Data)}
	p, a, err := f.read(ctx, m.Data)
	if err == nil {
		object := survey.Object(&a)
		logging.About(ctx, string(f.Stream), object.ObjectID, object.Candid)
		e.place(a, object)
	}
	switch {
	case event.IsPermanent(err):
		return f.reject(ctx, e, err)
	case err != nil:
		return fmt.Errorf("archive: %w", err)
	}
	result, err := f.Vault.Store(ctx, e.file(p))
	if err != nil {
		return fmt.Errorf("archive %s: %w", e.object.Path(), err)
	}
	if result.Outcome == ledger.Conflict {
		f.Log.ErrorContext(ctx, "two packets with one identity and different content", "object", result.Name)
	}
	return f.record(ctx, e, result, "")
}

// read reads an alert that the stream's readers may see. One that they may not
// is refused for that first, whatever else is wrong with it: a fault names
// values, and the ledger and the logs would show them.
func (f *Archive) read(ctx context.Context, data []byte) (*packet.Packet, alert.Alert, error) {
	p, err := f.Decoder.Decode(ctx, data)
	if err != nil {
		return nil, alert.Alert{}, fmt.Errorf("decode: %w", err)
	}
	a, err := survey.Read(f.Stream, p)
	if refused := survey.CheckAudience(f.Stream, &a); refused != nil && (err == nil || a.ProgramID.Known) {
		return nil, a, refused
	}
	if err != nil {
		return nil, a, fmt.Errorf("read alert: %w", err)
	}
	return p, a, nil
}

// reject writes the ledger row and passes the reason on, so that the message
// goes to the dead-letter topic.
func (f *Archive) reject(ctx context.Context, e entry, reason error) error {
	var audience *survey.AudienceError
	if errors.As(reason, &audience) && audience.Private() {
		f.Log.ErrorContext(ctx, "private alert on a public stream", "alarm", true,
			"topic", e.origin.Topic, "partition", e.origin.Partition, "offset", e.origin.Offset)
		telemetry.Private(ctx)
	}
	if err := f.record(ctx, e, Result{Outcome: ledger.Rejected}, reason.Error()); err != nil {
		return err
	}
	return reason
}

func (f *Archive) record(ctx context.Context, e entry, result Result, reason string) error {
	telemetry.Outcome(ctx, string(result.Outcome))
	if err := f.Ledger.Append(ctx, e.row(result, reason, time.Now())); err != nil {
		return fmt.Errorf("ledger of %s/%d offset %d: %w", e.origin.Topic, e.origin.Partition, e.origin.Offset, err)
	}
	return nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
