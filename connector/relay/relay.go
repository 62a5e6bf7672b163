// Package relay moves one stream's records from Kafka to Pub/Sub.
//
// Records enter through a consumer group, so that two processes may share a
// stream; they leave through package publish. A record is read, entered in its
// partition's account (package offsets), published, confirmed by Pub/Sub, and
// only then does the committed offset move past it. Whatever dies, at whatever
// moment, the record is read again. main runs one Relay a stream.
package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/googleapis/gax-go/v2"

	"nightwire.dev/connector/config"
	"nightwire.dev/connector/offsets"
	"nightwire.dev/connector/publish"
	"nightwire.dev/connector/status"
	"nightwire.dev/shared/logging"
	"nightwire.dev/shared/names"
)

// restartPause comes between a session that failed and the next one.
const restartPause = 2 * time.Second

// Relay is one stream's way from Kafka to Pub/Sub.
type Relay struct {
	stream       config.Stream
	drainTimeout time.Duration
	publisher    *publish.Publisher
	status       *status.Stream
	process      string        // what reports call it
	due          chan struct{} // has room for one: a report is to be made soon
}

// New makes the relay of one stream. It connects to nothing yet.
func New(client *pubsub.Client, resources names.Resources, stream config.Stream, drainTimeout time.Duration, board *status.Board) *Relay {
	s := board.Stream(stream.Stream, stream.Kafka.GroupID)
	return &Relay{
		stream:       stream,
		drainTimeout: drainTimeout,
		publisher:    publish.New(client, resources, publish.Settings{MaxOutstandingBytes: stream.MaxOutstandingBytes, TraceOneIn: stream.TraceOneIn}, s),
		status:       s,
		process:      processName(),
		due:          make(chan struct{}, 1),
	}
}

// What another session does not mend.
var (
	// errUnusable marks settings that librdkafka refuses.
	errUnusable = errors.New("kafka settings cannot be used")
	// errBroken marks a Kafka client that neither works nor closes any more:
	// only a new process has done with it.
	errBroken = errors.New("the Kafka client has broken down, and the process ends to be started again")
)

// Run relays until ctx ends, then drains: what was read is confirmed and
// committed, as far as the drain timeout allows, the group is left, and a last
// report of Kafka's offsets says so. The error is nil then. Kafka's and
// Pub/Sub's failures do not end Run; only settings that librdkafka refuses do,
// and its client's breaking down.
func (r *Relay) Run(ctx context.Context) (err error) {
	ctx = logging.With(ctx, slog.String("stream", string(r.stream.Stream)))
	ctx, end := context.WithCancel(ctx)
	work, abandon := outlive(ctx, r.drainTimeout)
	defer abandon()
	reported := make(chan struct{})
	go func() { defer close(reported); r.report(ctx) }()
	defer func() {
		end()
		<-reported
		r.tell(work, err == nil) // after the last record, which the session has awaited
		r.stopPublisher(work)
	}()
	for {
		err = r.session(ctx, work)
		switch {
		case errors.Is(err, errUnusable), errors.Is(err, errBroken):
			return fmt.Errorf("stream %s: %w", r.stream.Stream, err)
		case ctx.Err() != nil:
			return nil
		}
		slog.ErrorContext(ctx, "session with Kafka failed; starting another", "error", err)
		r.status.KafkaError()
		r.status.Connecting(err)
		if gax.Sleep(ctx, restartPause) != nil {
			return nil
		}
	}
}

// outlive returns a context that ends some time after ctx does, so that all parts
// of the drain share one deadline; abandon ends it at once.
func outlive(ctx context.Context, by time.Duration) (work context.Context, abandon context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		defer cancel()
		_ = gax.Sleep(work, by) // ends early where the work is abandoned
	})
	return work, func() { stop(); cancel() }
}

func (r *Relay) stopPublisher(work context.Context) {
	if err := r.publisher.Stop(work); err != nil {
		slog.WarnContext(work, "Pub/Sub client is still busy with records that will be read again", "error", err)
	}
}

// session is one membership of the consumer group, from joining to leaving. It
// reads until ctx ends; what was read is published for as long as work lasts.
func (r *Relay) session(ctx, work context.Context) error {
	consumer, err := newConsumer(r.stream.ConsumerProperties())
	if err != nil {
		return err
	}
	go forwardLogs(ctx, consumer.Logs())
	admin, err := kafka.NewAdminClientFromConsumer(consumer)
	if err != nil {
		return errors.Join(fmt.Errorf("open kafka admin client: %w", err), consumer.Close())
	}
	work, abandon := context.WithCancel(work)
	s := &session{
		relay:      r,
		consumer:   consumer,
		admin:      admin,
		work:       work,
		partitions: map[offsets.Place]*partition{},
	}
	err = s.run(ctx)
	s.drain()
	abandon()
	return cmp.Or(s.leave(), err)
}

func newConsumer(properties map[string]string) (*kafka.Consumer, error) {
	settings := kafka.ConfigMap{"go.logs.channel.enable": true}
	for name, value := range properties {
		settings[name] = value
	}
	consumer, err := kafka.NewConsumer(&settings)
	if err == nil {
		return consumer, nil
	}
	if properties["sasl.mechanism"] == "GSSAPI" {
		return nil, fmt.Errorf("%w: %w (the bundled librdkafka has no Kerberos: build with -tags dynamic against one that has)", errUnusable, err)
	}
	return nil, fmt.Errorf("%w: %w", errUnusable, err)
}
