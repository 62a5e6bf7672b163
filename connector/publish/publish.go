// Package publish hands Kafka records to Pub/Sub and says when each is safe.
//
// A Record enters and leaves as a message of the stream's raw topic; a gap, or
// a record too large for Pub/Sub, leaves as a notice of the dead-letter topic.
// A refused publish is tried again for ever, with growing pauses: nothing is
// skipped. Only a report of watermarks is tried once: the next one says more.
// What is on its way is bounded in bytes, so memory does not grow with the lag.
// The relay is the caller.
package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"github.com/googleapis/gax-go/v2"
	"golang.org/x/sync/semaphore"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
)

// Settings are the publisher's limits; zero values stand for the defaults.
type Settings struct {
	MaxOutstandingBytes int64         // default 64 MiB
	Timeout             time.Duration // of one publish, with the client's own retries; default 60 s
	FirstPause          time.Duration // before the first repetition; default 250 ms
	LongestPause        time.Duration // default 30 s
	ReportTimeout       time.Duration // of a report; default 10 s
	TraceOneIn          int           // one record in so many is traced; 0: none
}

func (s Settings) withDefaults() Settings {
	if s.MaxOutstandingBytes == 0 {
		s.MaxOutstandingBytes = 64 << 20
	}
	if s.Timeout == 0 {
		s.Timeout = time.Minute
	}
	if s.FirstPause == 0 {
		s.FirstPause = 250 * time.Millisecond
	}
	if s.LongestPause == 0 {
		s.LongestPause = 30 * time.Second
	}
	if s.ReportTimeout == 0 {
		s.ReportTimeout = 10 * time.Second
	}
	return s
}

// meter is told what becomes of the messages.
type meter interface {
	Reserved(bytes int64)  // taken from the budget, or, negative, given back
	Published(bytes int)   // a record is safe in the raw topic
	Noticed(reason string) // a notice is safe in the dead-letter topic
	PublishFailed()        // one publish was refused, and will be repeated
	Outage(err error)      // publishing began to fail; nil: it works again
}

// Publisher publishes one stream.
type Publisher struct {
	stream   names.Stream
	settings Settings
	meter    meter
	budget   *semaphore.Weighted
	outage   outage
	waiting  sync.WaitGroup

	raw, deadLetter, watermarks *pubsub.Publisher
}

// New makes the stream's publisher. Stop it when done.
func New(client *pubsub.Client, resources names.Resources, settings Settings, m meter) *Publisher {
	settings = settings.withDefaults()
	open := func(topic string, timeout time.Duration) *pubsub.Publisher {
		p := client.Publisher(resources.TopicPath(topic))
		p.PublishSettings.ByteThreshold = 1e6 // larger batches run into gRPC's 4 MB
		p.PublishSettings.CountThreshold = pubsub.MaxPublishRequestCount
		p.PublishSettings.Timeout = timeout
		return p
	}
	return &Publisher{
		stream:     resources.Stream,
		settings:   settings,
		meter:      m,
		budget:     semaphore.NewWeighted(settings.MaxOutstandingBytes),
		outage:     outage{meter: m},
		raw:        open(resources.RawTopic(), settings.Timeout),
		deadLetter: open(resources.DeadLetterTopic(), settings.Timeout),
		watermarks: open(resources.WatermarksTopic(), settings.ReportTimeout),
	}
}

// Reserve waits until the record fits the budget, or ctx is done.
func (p *Publisher) Reserve(ctx context.Context, r Record) error {
	if err := p.budget.Acquire(ctx, p.weight(r)); err != nil {
		return err
	}
	p.meter.Reserved(p.weight(r))
	return nil
}

// TryReserve is Reserve without waiting.
func (p *Publisher) TryReserve(r Record) bool {
	if !p.budget.TryAcquire(p.weight(r)) {
		return false
	}
	p.meter.Reserved(p.weight(r))
	return true
}

// Release gives back what was reserved for a record that is not published.
func (p *Publisher) Release(r Record) {
	p.budget.Release(p.weight(r))
	p.meter.Reserved(-p.weight(r))
}

// weight of one huge record is the whole budget, so that it can pass alone.
func (p *Publisher) weight(r Record) int64 {
	return min(r.weight(), p.settings.MaxOutstandingBytes)
}

// Publish sends a record that has been reserved. It returns at once; confirmed
// is called when Pub/Sub has the record, or the notice that stands in for one
// too large. If ctx ends first it is never called.
func (p *Publisher) Publish(ctx context.Context, r Record, confirmed func()) {
	message := r.message(p.stream, p.settings.TraceOneIn)
	first := p.raw.Publish(ctx, message)
	p.waiting.Go(func() {
		defer p.Release(r)
		err := p.await(ctx, p.raw, message, first)
		switch {
		case err == nil:
			p.meter.Published(len(r.Value))
			confirmed()
		case errors.Is(err, pubsub.ErrOversizedMessage):
			slog.ErrorContext(ctx, "record is too large for Pub/Sub and stays in Kafka alone",
				"topic", r.Origin.Topic, "partition", r.Origin.Partition, "offset", r.Origin.Offset, "bytes", len(r.Value))
			p.notify(ctx, r.oversizeNotice(p.stream), confirmed)
		}
	})
}

// ReportGap sends the notice of a gap; confirmed is as for Publish.
func (p *Publisher) ReportGap(ctx context.Context, at offsets.Place, g offsets.Gap, confirmed func()) {
	p.waiting.Go(func() { p.notify(ctx, gapNotice(p.stream, at, g), confirmed) })
}

func (p *Publisher) notify(ctx context.Context, notice *pubsub.Message, confirmed func()) {
	err := p.await(ctx, p.deadLetter, notice, p.deadLetter.Publish(ctx, notice))
	if err == nil {
		p.meter.Noticed(notice.Attributes[event.AttributeReason])
		confirmed()
	}
}

// await repeats the publish until Pub/Sub has the message. The error is nil,
// or ctx's, or that the message is too large for ever.
func (p *Publisher) await(ctx context.Context, topic *pubsub.Publisher, message *pubsub.Message, result *pubsub.PublishResult) error {
	pause := gax.Backoff{Initial: p.settings.FirstPause, Max: p.settings.LongestPause, Multiplier: 2}
	failed := false
	for {
		_, err := result.Get(ctx)
		if err == nil || errors.Is(err, pubsub.ErrOversizedMessage) || ctx.Err() != nil {
			return err
		}
		if !failed {
			failed = true
			p.outage.begin(ctx, err)
			defer p.outage.end(ctx)
		}
		p.meter.PublishFailed()
		if err := gax.Sleep(ctx, pause.Pause()); err != nil {
			return err
		}
		result = topic.Publish(ctx, message)
	}
}

// Stop waits for what was handed in, then frees the client's goroutines. Until
// the contexts given to Publish have ended it may wait for ever; after that,
// while the client still tries to send, until ctx ends.
func (p *Publisher) Stop(ctx context.Context) error {
	p.waiting.Wait()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p.raw.Stop()
		p.deadLetter.Stop()
		p.watermarks.Stop()
	}()
	select {
	case <-stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop publishing: %w", ctx.Err())
	}
}
