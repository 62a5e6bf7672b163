package pubsub

import (
	"fmt"
	"strconv"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// record is a message as the journal holds it: the wire format of PubsubMessage
// without its id, which follows from the record's place in the journal.
type record struct {
	data        []byte // the journal's buffer, not a copy
	attributes  map[string]string
	published   time.Time
	orderingKey string
}

// appendRecord appends the message's record.
func appendRecord(dst []byte, m *pubsubpb.PubsubMessage, published *timestamppb.Timestamp) ([]byte, error) {
	return proto.MarshalOptions{}.MarshalAppend(dst, &pubsubpb.PubsubMessage{
		Data:        m.GetData(),
		Attributes:  m.GetAttributes(),
		OrderingKey: m.GetOrderingKey(),
		PublishTime: published,
	})
}

// parseRecord reads a record without copying its data, which proto.Unmarshal
// would do.
func parseRecord(b []byte) (record, error) {
	var r record
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return record{}, fmt.Errorf("parse record: %w", protowire.ParseError(n))
		}
		b = b[n:]
		if kind != protowire.BytesType {
			return record{}, fmt.Errorf("parse record: field %d has wire type %d", number, kind)
		}
		value, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return record{}, fmt.Errorf("parse record: field %d: %w", number, protowire.ParseError(n))
		}
		b = b[n:]
		if err := r.set(number, value); err != nil {
			return record{}, fmt.Errorf("parse record: field %d: %w", number, err)
		}
	}
	return r, nil
}

// set takes one field of PubsubMessage.
func (r *record) set(number protowire.Number, value []byte) error {
	switch number {
	case 1:
		r.data = value
	case 2:
		// A map's entry is a message of a key (1) and a value (2); both strings.
		var entry [3]string
		for len(value) > 0 {
			field, _, n := protowire.ConsumeTag(value)
			if n < 0 || field > 2 {
				return fmt.Errorf("map entry is malformed")
			}
			text, m := protowire.ConsumeString(value[n:])
			if m < 0 {
				return protowire.ParseError(m)
			}
			entry[field] = text
			value = value[n+m:]
		}
		if r.attributes == nil {
			r.attributes = make(map[string]string, 8)
		}
		r.attributes[entry[1]] = entry[2]
	case 4:
		var stamp timestamppb.Timestamp
		if err := proto.Unmarshal(value, &stamp); err != nil {
			return err
		}
		r.published = stamp.AsTime()
	case 5:
		r.orderingKey = string(value)
	}
	return nil
}

// message is the record as the protocol shows it.
func (r record) message(id string) *pubsubpb.PubsubMessage {
	return &pubsubpb.PubsubMessage{
		Data:        r.data,
		Attributes:  r.attributes,
		MessageId:   id,
		PublishTime: timestamppb.New(r.published),
		OrderingKey: r.orderingKey,
	}
}

// idsPerTopic is the space of message ids of one topic.
const idsPerTopic = 1_000_000_000_000

// messageID is unique over all topics and for ever: numbers of topics and
// sequence numbers are never given twice.
func messageID(topic, seq uint64) string {
	return strconv.FormatUint(topic*idsPerTopic+seq, 10)
}
