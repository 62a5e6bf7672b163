package filter

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/telemetry"
)

// mostInFlight bounds the messages that this instance has on their way, and so
// the memory that they take: an alert without its stamps is some 100 kB.
const mostInFlight = 256

// topics publishes to the filters' topics, with one publisher for each.
type topics struct {
	client    *pubsub.Client
	resources names.Resources
	timeout   time.Duration // of one publish, with the client's own retries
	slots     chan struct{}

	mu         sync.Mutex
	publishers map[string]*pubsub.Publisher // by the topic's name
}

func newTopics(client *pubsub.Client, resources names.Resources, timeout time.Duration) *topics {
	return &topics{
		client: client, resources: resources, timeout: timeout,
		slots: make(chan struct{}, mostInFlight), publishers: map[string]*pubsub.Publisher{},
	}
}

func (t *topics) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.publishers {
		p.Stop()
	}
}

// publisher is the one of a topic, made at its first message.
func (t *topics) publisher(kind string) *pubsub.Publisher {
	topic := t.resources.Topic(kind)
	t.mu.Lock()
	defer t.mu.Unlock()
	p, ok := t.publishers[topic]
	if !ok {
		p = t.client.Publisher(t.resources.TopicPath(topic))
		p.PublishSettings.ByteThreshold = 1e6 // larger batches run into gRPC's 4 MB
		p.PublishSettings.Timeout = t.timeout
		t.publishers[topic] = p
	}
	return p
}

// news is what all messages about one alert have in common.
type news struct {
	alert  *alert.Alert
	record []byte // JSON
	from   filter.Provenance
}

// notify publishes a match, and returns once Pub/Sub has it.
func (t *topics) notify(ctx context.Context, n *news, m filter.Match) (err error) {
	ctx, end := telemetry.Span(ctx, "match "+m.Filter.Name)
	defer func() { end(err) }()
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	attributes := filter.Attributes(n.alert, m, n.from)
	telemetry.Carry(ctx, attributes)
	_, err = t.publisher(m.Filter.Topic).Publish(ctx, &pubsub.Message{
		Data: filter.AppendMessage(nil, n.record, n.alert, m, n.from), Attributes: attributes,
	}).Get(ctx)
	return err
}

// notice is what a filter's readers are told when it is paused.
type notice struct {
	Filter string    `json:"filter"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	Resume string    `json:"resume"`
}

// warn tells a filter's readers that it is paused.
func (t *topics) warn(ctx context.Context, f *filter.Filter, n notice) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	_, err = t.publisher(f.Topic).Publish(ctx, &pubsub.Message{Data: text, Attributes: map[string]string{
		names.AttributeNotice: "paused", "filter": f.Name, "stream": string(t.resources.Stream),
	}}).Get(ctx)
	return err
}

func noTopic(err error) bool { return status.Code(err) == codes.NotFound }

// closedTopic says whether a topic will take nothing until somebody changes it.
func closedTopic(err error) bool {
	code := status.Code(err)
	return code == codes.PermissionDenied || code == codes.FailedPrecondition
}

// refused says whether a message is such that Pub/Sub will never take it.
func refused(err error) bool {
	return errors.Is(err, pubsub.ErrOversizedMessage) || status.Code(err) == codes.InvalidArgument
}
