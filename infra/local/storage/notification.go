package storage

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc"
)

// Publisher publishes notifications, as a client of Pub/Sub's own protocol does.
// What it does not accept is published again.
type Publisher interface {
	Publish(context.Context, *pubsubpb.PublishRequest, ...grpc.CallOption) (*pubsubpb.PublishResponse, error)
}

// notification is a notification configuration: which new objects of a bucket
// are told to which topic.
type notification struct {
	Kind             string   `json:"kind"`
	ID               string   `json:"id"`
	Topic            string   `json:"topic"`
	EventTypes       []string `json:"event_types"`
	ObjectNamePrefix string   `json:"object_name_prefix,omitempty"`
	PayloadFormat    string   `json:"payload_format"`
}

// What there is to be told here: that an object was made, by its resource.
const (
	finalize      = "OBJECT_FINALIZE"
	payloadFormat = "JSON_API_V1"
)

// topicPrefix stands before the topic's own name in a configuration; gcloud
// leaves it out of a request.
const topicPrefix = "//pubsub.googleapis.com/"

var topicName = regexp.MustCompile(`^projects/[^/]+/topics/[^/]+$`)

func (n *notification) check() error {
	topic := strings.TrimPrefix(n.Topic, topicPrefix)
	n.Topic = topicPrefix + topic
	switch {
	case !topicName.MatchString(topic):
		return invalid("Invalid Google Cloud Pub/Sub topic: '%s'", n.Topic)
	case n.PayloadFormat != payloadFormat:
		return unsupported("the payload format " + n.PayloadFormat)
	case !slices.Equal(n.EventTypes, []string{finalize}):
		return unsupported("notifications of other events than " + finalize + ", to be said in event_types")
	}
	return nil
}

// insertNotification makes a configuration that is told of every later object.
func (b *bucket) insertNotification(_ http.ResponseWriter, r *http.Request) (any, error) {
	var n notification
	if err := errors.Join(decode(r.Body, &n), n.check()); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	n.Kind, n.ID = "storage#notification", strconv.Itoa(b.lastID+1)
	if err := b.commit(record{Notification: &n}); err != nil {
		return nil, err
	}
	s := b.senders[n.ID]
	s.start()
	return s.notification, nil
}

func (b *bucket) listNotifications(http.ResponseWriter, *http.Request) (any, error) {
	var items []notification
	for _, id := range slices.Sorted(maps.Keys(b.senders)) {
		items = append(items, b.senders[id].notification)
	}
	return list[notification]{Kind: "storage#notifications", Items: items}, nil
}

// deleteNotification takes a configuration away, with what is pending for it.
func (b *bucket) deleteNotification(_ http.ResponseWriter, r *http.Request) (any, error) {
	s, ok := b.senders[r.PathValue("id")]
	if !ok {
		return nil, notFound("The specified notification configuration does not exist: %s", r.PathValue("id"))
	}
	if err := b.commit(record{Forgotten: s.ID}); err != nil {
		return nil, err
	}
	s.stop()
	return nil, nil
}

// A publish call tells of at most so many objects, which keeps it within
// Pub/Sub's limit of 10 MB, since names and attributes have theirs. One that failed is tried again after a pause.
const (
	maxBatch       = 100
	publishTimeout = 30 * time.Second
	pause          = 500 * time.Millisecond
)

// sender tells the topic of one notification configuration.
type sender struct {
	notification
	bucket *bucket
	queue  []span // of what Pub/Sub is still to be told; the bucket's lock guards it
	wake   chan struct{}
	ctx    context.Context // ends with the configuration, or with the server
	stop   context.CancelFunc
}

func newSender(b *bucket, n notification) *sender {
	s := &sender{notification: n, bucket: b, wake: make(chan struct{}, 1)}
	s.ctx, s.stop = context.WithCancel(b.server.running)
	return s
}

// notice queues a new object, if it is to be told of.
func (s *sender) notice(c *change, at span) {
	if c.Staged == "" || !strings.HasPrefix(c.Object.Name, s.ObjectNamePrefix) {
		return
	}
	s.queue = append(s.queue, at)
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// told takes from the queue what Pub/Sub has accepted.
func (s *sender) told(upTo int64) {
	for len(s.queue) > 0 && s.queue[0].offset <= upTo {
		s.queue = s.queue[1:]
	}
}

// start sends until the sender is stopped; what it has not sent stays pending in
// the journal.
func (s *sender) start() {
	s.bucket.server.senders.Go(func() {
		for s.ctx.Err() == nil {
			if err := s.send(); err != nil && s.ctx.Err() == nil {
				s.bucket.server.options.Logger.WarnContext(s.ctx, "send notifications", slog.String("topic", s.Topic), slog.Any("error", err))
				_ = gax.Sleep(s.ctx, pause)
			}
		}
	})
}

// send waits until there is something to tell, makes one call, and notes how far
// Pub/Sub has accepted. Where the journal cannot keep that, these objects are
// told once more after a restart.
func (s *sender) send() error {
	b := s.bucket
	b.mu.Lock()
	batch := slices.Clone(s.queue[:min(len(s.queue), maxBatch)])
	b.mu.Unlock()
	if len(batch) == 0 {
		select {
		case <-s.wake:
		case <-s.ctx.Done():
		}
		return nil
	}
	messages := make([]*pubsubpb.PubsubMessage, len(batch))
	for i, at := range batch {
		c, err := b.journal.change(at)
		if err != nil {
			return err
		}
		if messages[i], err = s.message(c); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(s.ctx, publishTimeout)
	defer cancel()
	request := &pubsubpb.PublishRequest{Topic: strings.TrimPrefix(s.Topic, topicPrefix), Messages: messages}
	if _, err := b.server.options.Publisher.Publish(ctx, request); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	upTo := batch[len(batch)-1].offset
	err := b.commit(record{Told: s.ID, UpTo: upTo})
	s.told(upTo)
	return err
}

func (s *sender) message(c change) (*pubsubpb.PubsubMessage, error) {
	payload, err := json.Marshal(s.bucket.link(c.Object))
	m := &pubsubpb.PubsubMessage{Data: payload, Attributes: map[string]string{
		"notificationConfig": "projects/_/buckets/" + c.Object.Bucket + "/notificationConfigs/" + s.ID,
		"eventType":          finalize,
		"payloadFormat":      s.PayloadFormat,
		"bucketId":           c.Object.Bucket,
		"objectId":           c.Object.Name,
		"objectGeneration":   strconv.FormatInt(c.Object.Generation, 10),
		"eventTime":          c.Object.Updated.Format(time.RFC3339Nano),
	}}
	if c.Replaced != 0 {
		m.Attributes["overwroteGeneration"] = strconv.FormatInt(c.Replaced, 10)
	}
	return m, err
}
