package pubsub

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"nightwire.dev/infra/local/pubsub/journal"
)

// topic is a journal and the subscriptions that read it.
type topic struct {
	number        uint64
	definition    *pubsubpb.Topic
	journal       *journal.Journal
	subscriptions []*subscription
}

// openJournal opens a topic's journal, and tells its subscriptions of what is
// there.
func (s *Server) openJournal(t *topic) (err error) {
	t.journal, err = journal.Open(s.path(t.number, journalKind), s.options.SegmentBytes, s.number,
		func(r *journal.Record, marks map[uint64]uint32) (err error) {
			s.last = max(s.last, r.Seq)
			for _, sub := range t.subscriptions {
				err = errors.Join(err, sub.recover(r, marks[sub.number]))
			}
			return err
		})
	if err == nil {
		s.last = max(s.last, t.journal.Newest())
	}
	return err
}

// publish stores the messages, offers them to the topic's subscriptions, and
// returns their ids.
func (s *Server) publish(name string, messages ...*pubsubpb.PubsubMessage) ([]string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.topics[name]
	if t == nil {
		return nil, notFound("topic", name)
	}
	records, err := t.journal.Append(len(messages), func(dst []byte, i int) ([]byte, error) {
		return appendMessage(dst, messages[i])
	})
	if err != nil {
		return nil, unavailable("publish to "+name, err)
	}
	ids := make([]string, len(messages))
	for i, r := range records {
		ids[i] = messageID(r.Seq)
		for _, sub := range t.subscriptions {
			if sub.wants(messages[i].GetAttributes()) {
				sub.add(r, 0)
			}
		}
		if err := r.Release(); err != nil {
			s.log.ErrorContext(s.stopping, "record not released", "topic", name, "error", err)
		}
	}
	return ids, nil
}

// appendMessage appends a message as the journal holds it: in the protocol's
// encoding, but the data apart, so that nobody copies it who reads the rest.
// Four bytes say how long the rest is, which comes first. The id and the time are
// not in it, but follow from the record's number.
func appendMessage(dst []byte, m *pubsubpb.PubsubMessage) ([]byte, error) {
	rest := &pubsubpb.PubsubMessage{Attributes: m.GetAttributes(), OrderingKey: m.GetOrderingKey()}
	dst = binary.BigEndian.AppendUint32(dst, uint32(proto.Size(rest)))
	dst, err := proto.MarshalOptions{}.MarshalAppend(dst, rest)
	return append(dst, m.GetData()...), err
}

// readMessage reads a message into buf's memory, or into new, which it returns
// too.
func readMessage(r *journal.Record, buf []byte) (*pubsubpb.PubsubMessage, []byte, error) {
	record, buf, err := r.Read(buf)
	if err != nil {
		return nil, buf, err
	}
	m := &pubsubpb.PubsubMessage{}
	data := 4 + binary.BigEndian.Uint32(record)
	if err := proto.Unmarshal(record[4:data], m); err != nil {
		return nil, buf, fmt.Errorf("parse record %d: %w", r.Seq, err)
	}
	m.Data, m.MessageId, m.PublishTime = record[data:], messageID(r.Seq), timestamppb.New(published(r.Seq))
	return m, buf, nil
}

func messageID(seq uint64) string { return strconv.FormatUint(seq, 10) }

// published is when the number was given.
func published(seq uint64) time.Time { return time.Unix(0, int64(seq)).UTC() }
