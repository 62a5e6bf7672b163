package publish

import (
	"strconv"
	"time"

	"cloud.google.com/go/pubsub/v2"

	"nightwire.dev/shared/names"
)

// Record is one Kafka record.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	Timestamp time.Time // zero if Kafka gave none
	Value     []byte    // nil for a tombstone
}

// Gap is a range of offsets that Kafka no longer has and that we had not read.
type Gap struct {
	Topic     string
	Partition int32
	From, To  int64 // To is not included
	Reason    string
}

// Why a range of offsets cannot be read.
const (
	// ReasonGap: the log starts after the offset that we were to read next.
	ReasonGap = "gap"
	// ReasonRewound: the log ends before that offset, as after a topic was
	// deleted and made again. It is then read from its start.
	ReasonRewound = "rewound"

	reasonOversize = "oversize"
)

// overhead is what a record costs in memory beside its value.
const overhead = 1 << 10

func (r Record) weight() int64 { return int64(len(r.Value)) + overhead }

// message carries the value as it is; the coordinates are the attributes.
func (r Record) message(stream names.Stream) *pubsub.Message {
	attributes := r.coordinates(stream)
	attributes["encoding"] = encoding(r.Value)
	return &pubsub.Message{Data: r.Value, Attributes: attributes}
}

// oversizeNotice stands in for a record that Pub/Sub can never take. The record
// stays in Kafka, named by its coordinates.
func (r Record) oversizeNotice(stream names.Stream) *pubsub.Message {
	attributes := r.coordinates(stream)
	attributes["function"] = "connector"
	attributes["reason"] = reasonOversize
	attributes["bytes"] = strconv.Itoa(len(r.Value))
	return &pubsub.Message{Attributes: attributes}
}

func (r Record) coordinates(stream names.Stream) map[string]string {
	attributes := map[string]string{
		"stream":          string(stream),
		"kafka.topic":     r.Topic,
		"kafka.partition": strconv.Itoa(int(r.Partition)),
		"kafka.offset":    strconv.FormatInt(r.Offset, 10),
	}
	if !r.Timestamp.IsZero() {
		attributes["kafka.timestamp"] = strconv.FormatInt(r.Timestamp.UnixMilli(), 10)
	}
	return attributes
}

func (g Gap) notice(stream names.Stream) *pubsub.Message {
	return &pubsub.Message{Attributes: map[string]string{
		"stream":          string(stream),
		"function":        "connector",
		"reason":          g.Reason,
		"kafka.topic":     g.Topic,
		"kafka.partition": strconv.Itoa(int(g.Partition)),
		"gap.from":        strconv.FormatInt(g.From, 10),
		"gap.to":          strconv.FormatInt(g.To, 10),
	}}
}

// encoding names the container by its first bytes: an Avro object container
// file, or the wire format of a schema registry.
func encoding(value []byte) string {
	switch {
	case len(value) >= 4 && string(value[:4]) == "Obj\x01":
		return "ocf"
	case len(value) > 0 && value[0] == 0:
		return "confluent"
	default:
		return "unknown"
	}
}
