package pubsub

import (
	"fmt"
	"strconv"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"nightwire.dev/infra/local/pubsub/journal"
)

// topic is the subscriptions to it.
type topic struct {
	number        uint64
	definition    *pubsubpb.Topic
	subscriptions []*subscription
}

// publish has each subscription of the topic store the messages that it wants, and
// returns their ids. After an error some may have been stored.
func (s *Server) publish(name string, messages ...*pubsubpb.PubsubMessage) (ids []string, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.topics[name]
	if t == nil {
		return nil, notFound("topic", name)
	}
	for _, m := range messages {
		seq := s.number()
		for _, sub := range t.subscriptions {
			if err := sub.take(seq, m); err != nil {
				return nil, unavailable("publish to "+name, err)
			}
		}
		ids = append(ids, messageID(seq))
	}
	return ids, nil
}

// take stores a message that the subscription wants, and offers it.
func (sub *subscription) take(seq uint64, m *pubsubpb.PubsubMessage) error {
	if !sub.wants(m.GetAttributes()) {
		return nil
	}
	data, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	r, err := sub.journal.Append(seq, data)
	if err != nil {
		return err
	}
	sub.add(r, 0)
	return nil
}

// readMessage reads a message. Its id and its time are those of its record's
// number.
func readMessage(r *journal.Record) (*pubsubpb.PubsubMessage, error) {
	data, err := r.Read()
	if err != nil {
		return nil, err
	}
	m := &pubsubpb.PubsubMessage{}
	if err := proto.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("parse record %d: %w", r.Seq, err)
	}
	m.MessageId, m.PublishTime = messageID(r.Seq), timestamppb.New(published(r.Seq))
	return m, nil
}

func messageID(seq uint64) string { return strconv.FormatUint(seq, 10) }

// published is when the number was given.
func published(seq uint64) time.Time { return time.Unix(0, int64(seq)).UTC() }
