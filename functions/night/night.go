// Package night closes each night with proof, and repairs what it can.
//
// A message of the topic dawn enters: a night, YYYY-MM-DD, or nothing, which
// means the night that it is. The function compares what the connectors told of
// Kafka's offsets with the ledger, the archive's files, the rows and the filters'
// evaluations. What leaves is a certificate in the bucket of products, as JSON
// and as a page, a row of nights, errors in the log that name what is missing,
// and, for files that lack a row or an evaluation, their notifications once
// more, marked as replays of which filters notify whoever has not been told. At
// the end it tells the function tarball.
//
// It never waits. While something may still come, it keeps what it knows in the
// certificate and returns an error, so that Pub/Sub brings the dawn again, later
// and later; the next look goes on from there. It ends when nothing is missing,
// or when patience is over and no look was better than the one before.
//
// Idempotency key: the night. A dawn that comes twice, or to two instances at
// once, looks twice; certificates are written over the one that was read, and
// no other.
package night

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/storage"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/replay"
	"nightwire.dev/shared/telemetry"
	"nightwire.dev/shared/warehouse"
	"nightwire.dev/shared/watermark"
)

// Name is the function's name: its entry point, and its subscription.
const Name = "night"

// evidence is where a night's account comes from; *evidence.Sources is one.
type evidence interface {
	OfNight(ctx context.Context, night string) (*certificate.Account, error)
}

// sender sends files' notifications again; *replay.Sender is one.
type sender interface {
	Send(ctx context.Context, files iter.Seq2[replay.Object, error], progress func(replay.Report)) (replay.Report, error)
}

// table takes rows; *warehouse.Table is one.
type table interface {
	Append(ctx context.Context, row warehouse.Row) error
}

// Function closes the nights of one stream.
type Function struct {
	Resources names.Resources
	Evidence  evidence
	Products  *storage.BucketHandle
	Replays   sender
	Nights    table
	Tarball   *pubsub.Publisher
	Patience  time.Duration // how long nothing may get better before a certificate is final
	Log       *slog.Logger

	now func() time.Time // of tests
}

// Handle takes one look at a night.
func (f *Function) Handle(ctx context.Context, m *event.Message) error {
	night, err := f.nightOf(m)
	if err != nil {
		return err
	}
	at := f.clock()
	account, err := f.Evidence.OfNight(ctx, night)
	if err != nil {
		return err
	}
	before, err := f.read(ctx, night)
	if err != nil {
		return err
	}
	c := account.Close(at)
	c.Dawn = m.ID
	if wait := carryOn(before.certificate, c, f.Patience); wait {
		if err := f.repair(ctx, account, c); err != nil {
			return err
		}
	}
	if err := f.write(ctx, c, before.generation); err != nil {
		return err
	}
	if !c.Final() {
		return &waiting{c}
	}
	return f.finish(ctx, c)
}

// nightOf is the night that a message asks for.
func (f *Function) nightOf(m *event.Message) (string, error) {
	night := strings.TrimSpace(string(m.Data))
	if night == "" {
		return watermark.Present(f.Resources.Stream, f.asked(m)), nil
	}
	if _, err := time.Parse(time.DateOnly, night); err != nil {
		return "", &fault{fmt.Sprintf("dawn of %.40q: want a night, YYYY-MM-DD, or nothing", night)}
	}
	return night, nil
}

// asked is when the message was first sent. It may come again on the next day.
func (f *Function) asked(m *event.Message) time.Time {
	if m.PublishTime.IsZero() {
		return f.clock()
	}
	return m.PublishTime
}

func (f *Function) clock() time.Time {
	if f.now != nil {
		return f.now()
	}
	return time.Now()
}

// finish tells what a final certificate says: the log, the table, and the
// function tarball.
func (f *Function) finish(ctx context.Context, c *certificate.Certificate) error {
	f.report(ctx, c)
	telemetry.Certified(ctx, c.At, c.Counts())
	if err := f.Nights.Append(ctx, warehouse.Row{Values: row(c)}); err != nil {
		return fmt.Errorf("row of night %s: %w", c.Night, err)
	}
	_, err := f.Tarball.Publish(ctx, &pubsub.Message{Data: []byte(c.Night)}).Get(ctx)
	if status.Code(err) == codes.NotFound {
		f.Log.InfoContext(ctx, "there is no topic that asks for tarballs", "night", c.Night)
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask for the tarball of %s: %w", c.Night, err)
	}
	return nil
}

// mostLogged bounds the names in one line of the log.
const mostLogged = 20

// report names what is missing, with a line for each cause.
func (f *Function) report(ctx context.Context, c *certificate.Certificate) {
	about := []any{"stream", c.Stream, "night", c.Night}
	for _, l := range c.Losses {
		lines := l.Lines()
		f.Log.ErrorContext(ctx, "night is not complete: "+l.Cause.Meaning(), append(about,
			"cause", string(l.Cause), "count", l.Count, "missing", lines[:min(len(lines), mostLogged)], "certificate", names.CertificateObject(c.Night))...)
	}
	for _, doubt := range c.Doubts {
		f.Log.ErrorContext(ctx, "night is unproven", append(about, "doubt", doubt)...)
	}
	f.Log.InfoContext(ctx, "night is closed", append(about, "state", string(c.State), "records", c.Records, "files", c.Files,
		"missing", c.Missing, "sentAgain", c.Repair.Sent, "repaired", c.Repaired())...)
}

// waiting is a night whose certificate is not final. Its event comes again.
type waiting struct{ c *certificate.Certificate }

func (w *waiting) Error() string { return fmt.Sprintf("night %s: %s", w.c.Night, w.c.Verdict()) }

// Waiting tells that nothing went wrong.
func (w *waiting) Waiting() bool { return true }

// fault is a message that asks for no night.
type fault struct{ reason string }

func (f *fault) Error() string   { return f.reason }
func (f *fault) Permanent() bool { return true }
