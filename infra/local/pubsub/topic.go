package pubsub

import (
	"context"
	"slices"
	"sync"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"nightwire.dev/infra/local/pubsub/journal"
)

// deletedTopic is what a subscription shows as its topic when that is no more.
const deletedTopic = "_deleted-topic_"

// topic is a journal and the subscriptions that read it. A deleted topic lives
// on, without its name, until the last of them is deleted.
type topic struct {
	number     uint64
	definition *pubsubpb.Topic
	journal    *journal.Journal

	mu            sync.Mutex // held from append to fan-out, so that no message falls between
	deleted       bool
	subscriptions []*subscription
}

// publish appends the batch of messages and offers them to the subscriptions.
func (t *topic) publish(b *journal.Batch, messages []*pubsubpb.PubsubMessage) (first uint64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.deleted {
		return 0, topicNotFound(t.definition.GetName())
	}
	first, err = t.journal.Append(b)
	if err != nil {
		return 0, status.Errorf(codes.Unavailable, "publish to %s: %v", t.definition.GetName(), err)
	}
	end := first + uint64(len(messages))
	for _, sub := range t.subscriptions {
		var unwanted []uint64
		for i, m := range messages {
			if !sub.wants(m.GetAttributes()) {
				unwanted = append(unwanted, first+uint64(i))
			}
		}
		sub.queue.Extend(end, unwanted...)
	}
	return first, nil
}

// read reads a message into buf's memory, or into new, which it returns too.
func (t *topic) read(seq uint64, buf []byte) (record, []byte, error) {
	buf, err := t.journal.Read(seq, buf)
	if err != nil {
		return record{}, nil, err
	}
	r, err := parseRecord(buf)
	return r, buf, err
}

// readers lists the topic's subscriptions.
func (t *topic) readers() []*subscription {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.subscriptions)
}

// batches keeps the memory of batches for the next publish.
var batches = sync.Pool{New: func() any { return new(journal.Batch) }}

// keptBytes is the largest buffer that is kept for reuse: some alerts, but not
// one of the rare requests of 10 MB.
const keptBytes = 2 << 20

// Publish publishes to the topic of that full name, in this process: the same
// as the method of the protocol. It returns the messages' ids.
func (s *Server) Publish(ctx context.Context, topic string, messages ...*pubsubpb.PubsubMessage) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, status.FromContextError(err).Err()
	}
	t, err := s.topic(topic)
	if err != nil {
		return nil, err
	}
	b := batches.Get().(*journal.Batch)
	defer func() {
		if b.Cap() <= keptBytes {
			batches.Put(b)
		}
	}()
	b.Reset()
	now := timestamppb.Now()
	for _, m := range messages {
		err := b.Add(func(dst []byte) ([]byte, error) { return appendRecord(dst, m, now) })
		if err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "publish to %s: %v", topic, err)
		}
	}
	first, err := t.publish(b, messages)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(messages))
	for i := range ids {
		ids[i] = messageID(t.number, first+uint64(i))
	}
	return ids, nil
}

// topic finds a topic by its full name.
func (s *Server) topic(name string) (*topic, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.named[name]; t != nil {
		return t, nil
	}
	return nil, topicNotFound(name)
}

func topicNotFound(name string) error {
	return status.Errorf(codes.NotFound, "topic not found: %s", name)
}
