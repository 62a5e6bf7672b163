// Package filter asks every filter about every archived alert, and tells the
// filters' readers what was chosen.
//
// The bucket's notification of a new file enters. The alert is read and
// evaluated; each match leaves as a message of its filter's topic and as a row
// of filter_matches, and each alert as one row of evaluations, by which a
// night can be proved complete. The filters are the files in the folder
// filters/ of the products bucket: see catalogue.
//
// # Once
//
// Idempotency key: candid, filter and version. A match is notified once though
// the event comes twice, also to two instances at one time:
//
//   - Before anything is published, an object that may be created only once,
//     the claim, names the filters that will be notified of the alert.
//   - After Pub/Sub has confirmed all, and the matches have their rows, the row
//     of evaluations says which were notified. It is the proof.
//   - Whoever finds a claim asks evaluations. What is proved is not published
//     again. What is not is another's to publish, until the claim is older than
//     its lease; then it is taken over. All work under a claim ends well within
//     the lease.
//   - On an error the claim is given back, with the names of those whose
//     publish was confirmed.
//
// One gap is left, which Pub/Sub has itself: where an instance dies, or cannot
// be told the answer, between Pub/Sub's acceptance of a message and the row, the
// match is notified again after the lease. The attributes filter, version and
// candid are the same in both messages.
//
// # Replays
//
// An event with the attribute nightwire.replay, or of a file with that metadata,
// is evaluated and recorded, and published to nobody but the filters that
// nightwire.notify names. Claims hold for these too; and since the bucket does not
// keep them for good, evaluations is asked also where there is none. Such an event is judged by
// filters at least as new as itself, so that a filter that was resumed just
// before does run; and what a person sends again by name does not count against
// a filter's matches an hour.
//
// # Safety
//
// A filter is paused, by an object beside it, where it chooses more alerts an
// hour than it says, exceeds its limits again and again, or has no topic that
// takes its messages. The other filters go on. The rows of evaluations say for which alerts a filter
// was paused or failed, so that these can be sent to it later.
package filter

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/storage"
	"nightwire.dev/shared/archived"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/logging"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// Name is the function's name: its entry point, and its subscription.
const Name = "filter"

// table takes rows; *warehouse.Table is one.
type table interface {
	Append(ctx context.Context, row warehouse.Row) error
}

// Options are what the function works with.
type Options struct {
	Resources   names.Resources
	Archive     *archived.Reader
	Products    *storage.BucketHandle // with the filters, and the claims
	Topics      *pubsub.Client
	Evaluations table
	Matches     table
	History     history
	Lease       time.Duration // how long a claim is respected
	Refresh     time.Duration // how often to look for changed filters
	Log         *slog.Logger
}

// Function is the function. It is safe for concurrent use.
type Function struct {
	Options
	catalogue *catalogue
	claims    *claims
	topics    *topics
	allowance *allowance
	strikes   *strikes
	outages   *outages
	pauses    pauses
	now       func() time.Time
}

// New makes the function. It reads nothing before its first event.
func New(o Options) *Function {
	return newFunction(o, time.Now)
}

func newFunction(o Options, now func() time.Time) *Function {
	f := &Function{
		Options:   o,
		claims:    &claims{bucket: o.Products, history: o.History, lease: o.Lease, now: now},
		topics:    newTopics(o.Topics, o.Resources, o.Lease/4),
		allowance: &allowance{history: o.History, log: o.Log},
		strikes:   newStrikes(),
		outages:   &outages{failed: map[string]outage{}},
		now:       now,
	}
	f.catalogue = newCatalogue(o.Products, o.Resources.Stream, o.Refresh, o.Log, now)
	f.catalogue.resumed = f.beginAnew
	return f
}

// Close ends what runs beside the handlers.
func (f *Function) Close() {
	f.catalogue.close()
	f.topics.close()
}

// Handle evaluates one archived alert.
func (f *Function) Handle(ctx context.Context, m *event.Message) error {
	o, isNew, err := m.Object()
	if err != nil || !isNew {
		return err
	}
	logging.About(ctx, string(f.Resources.Stream), o.Metadata["objectId"], o.Metadata["candid"])
	if err := f.filter(ctx, m.Marked(o), o); err != nil {
		return fmt.Errorf("filter %s: %w", o.Name, err)
	}
	return nil
}

func (f *Function) filter(ctx context.Context, m *event.Message, o event.Object) error {
	filters, err := f.filtersFor(ctx, m)
	if err != nil {
		return err
	}
	_, a, err := f.Archive.Read(ctx, o)
	if err != nil {
		return err
	}
	e := newEvaluation(&a, o, m.Replay(), filters, f.now())
	e.add(filters.set.Evaluate(&a))
	f.judge(ctx, e)
	due := e.due(m)
	if len(due) == 0 {
		return f.record(ctx, e)
	}
	return f.notify(ctx, e, due)
}

// filtersFor are the filters in force. Whoever sends an alert again to some of
// them may just have resumed or changed one.
func (f *Function) filtersFor(ctx context.Context, m *event.Message) (*loaded, error) {
	if m.Attributes[names.AttributeNotify] != "" {
		return f.catalogue.since(ctx, m.PublishTime)
	}
	return f.catalogue.get(ctx)
}
