// Package night closes each night with proof, and repairs what it can.
//
// A message of the topic dawn enters: a night, YYYY-MM-DD, or nothing, which
// means the night that it is and the one before it, whose last alerts came after
// its own dawn. The function compares what the connectors told of
// Kafka's offsets with the ledger, the archive's files, the rows and the filters'
// evaluations. What leaves is a certificate in the bucket of products, as JSON
// and as a page, a row of nights, errors in the log that name what is missing,
// and, for files that lack a row or an evaluation, their notifications once
// more, marked as replays of which filters notify whoever should have been told
// and has not. At the end it tells the function tarball.
//
// It never waits. While something may still come, it keeps what it knows in the
// certificate and returns an error, so that Pub/Sub brings the dawn again, later
// and later; the next look goes on from there. It ends when nothing is missing,
// or when patience is over and nothing got better, though notifications were sent
// again, twice. Before Pub/Sub would make a dead letter of the dawn, the function
// sends the dawn anew.
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
	Dawn      *pubsub.Publisher // its own topic
	Tarball   *pubsub.Publisher
	Patience  time.Duration // how long nothing may get better before a certificate is final
	Budget    time.Duration // how old a look may be that still sends notifications again
	Log       *slog.Logger

	now func() time.Time // of tests
}

// Handle takes one look at a night.
func (f *Function) Handle(ctx context.Context, m *event.Message) error {
	d, err := f.read(m)
	if err != nil {
		return err
	}
	if d.night == "" {
		return f.callLast(ctx, d)
	}
	c, err := f.look(ctx, d)
	switch {
	case err != nil:
		return err
	case c.Final():
		return f.finish(ctx, c)
	case m.Attempt >= lastAttempts:
		return f.call(ctx, d)
	}
	return &waiting{c}
}

// look makes the certificate that there can be now, and keeps it.
func (f *Function) look(ctx context.Context, d dawn) (*certificate.Certificate, error) {
	at := f.clock()
	account, err := f.Evidence.OfNight(ctx, d.night)
	if err != nil {
		return nil, err
	}
	before, err := f.kept(ctx, d.night)
	if err != nil {
		return nil, err
	}
	c := account.Close(at, d.asked)
	c.Dawn = d.id
	if r := f.Resources; r.Project != names.LocalProject {
		c.Project, c.Suffix = r.Project, r.Suffix
	}
	if wait := carryOn(before.certificate, c, f.Patience); wait {
		if err := f.repair(ctx, account, c); err != nil {
			return nil, err
		}
	}
	return c, f.write(ctx, c, before.generation)
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
	if gone := c.Lost(certificate.NoFile).Count + c.Lost(certificate.FileGone).Count; gone > 0 {
		// One that was made before may hold them, and nothing else.
		f.Log.WarnContext(ctx, "no tarball is asked for while files are gone from the archive", "night", c.Night, "count", gone)
		return nil
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
