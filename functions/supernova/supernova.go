// Package supernova fits the light curve of every likely extragalactic
// transient while it still matters, and tells of those that may be supernovae
// of type Ia.
//
// A match of the filter extragalactic enters. Its attributes name the archived
// file, which is read; the light curve in it is fitted with a SALT model and
// with a rise and a fall without a model: see shared/supernova, which also has
// the rule of a plausible type Ia. Two rows leave, of supernova_fits and of
// transient_fits, a plot where there is a fit, and a message on
// <stream>-supernova where the fit is plausible. A light curve that cannot be
// fitted is a row with the reason, and no error.
//
// # Again
//
// Idempotency key: candid, the model's hash and the digest of the settings. An
// event that comes twice makes rows twice; the views fits and rises show one.
// The plot is written over with the same bytes. With other settings it is
// another fit: its row stands beside the first, it is told again, and the plot
// is the last's.
//
// The message is published at least once, and nearly always once: the plot is
// written last, and its metadata say that Pub/Sub has confirmed the message and
// that the rows are stored, so that whoever gets the event again finds the proof
// there. Two instances with one event at one time, or one that dies between
// message and plot, make two messages; the attribute fit is the same in both.
//
// # Replays
//
// An event with the attribute nightwire.replay is fitted and recorded again, and
// published only if nightwire.notify names supernova.
package supernova

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/archived"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/logging"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/supernova"
	"nightwire.dev/shared/telemetry"
	"nightwire.dev/shared/warehouse"
)

// Name is the function's name: its entry point, its subscription, and the kind
// of its topic.
const Name = "supernova"

// table takes rows; *warehouse.Table is one.
type table interface {
	Append(ctx context.Context, row warehouse.Row) error
}

// Function is the function. It is safe for concurrent use.
type Function struct {
	Resources  names.Resources
	Archive    *archived.Reader
	Products   *storage.BucketHandle // where plots go
	Topic      *pubsub.Publisher     // of plausible supernovae
	Fits       table                 // supernova_fits
	Transients table                 // transient_fits
	Fitter     *supernova.Fitter
}

// Handle fits the light curve of one alert.
func (f *Function) Handle(ctx context.Context, m *event.Message) error {
	if isNotice(m) {
		return nil
	}
	o, err := f.object(m)
	if err != nil {
		return err
	}
	logging.About(ctx, string(f.Resources.Stream), m.Attributes["objectId"], m.Attributes["candid"])
	if err := f.handle(ctx, m, o); err != nil {
		return fmt.Errorf("supernova fit of %s: %w", o.Name, err)
	}
	return nil
}

func (f *Function) handle(ctx context.Context, m *event.Message, o event.Object) error {
	_, a, err := f.Archive.Read(ctx, o)
	if err != nil {
		return err
	}
	w := newWork(f.Fitter, &a, o, m.Replay(), time.Now())
	telemetry.Fitted(ctx, "salt", w.saltCPU)
	telemetry.Fitted(ctx, "transient", w.transientCPU)
	if err := f.record(ctx, w); err != nil {
		return err
	}
	if err := f.tell(ctx, m, w); err != nil {
		return err
	}
	return f.draw(ctx, w)
}

// record writes both rows.
func (f *Function) record(ctx context.Context, w *work) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := f.Fits.Append(ctx, warehouse.Row{Values: w.saltRow()}); err != nil {
			return fmt.Errorf("row of supernova_fits: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		if err := f.Transients.Append(ctx, warehouse.Row{Values: w.transientRow()}); err != nil {
			return fmt.Errorf("row of transient_fits: %w", err)
		}
		return nil
	})
	return group.Wait()
}
