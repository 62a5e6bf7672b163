package publish

import (
	"strconv"
	"time"

	"cloud.google.com/go/pubsub/v2"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/telemetry/traceparent"
)

// Record is one Kafka record.
type Record struct {
	Origin origin.Origin
	Value  []byte // nil for a tombstone
}

const reasonOversize = "oversize"

// overhead is what a record costs in memory beside its value.
const overhead = 1 << 10

func (r Record) weight() int64 { return int64(len(r.Value)) + overhead }

// message carries the value as it is, as the command replay sends it again. One
// in traceOneIn says, too, that the alert is to be traced.
func (r Record) message(stream names.Stream, traceOneIn int) *pubsub.Message {
	m := r.Origin.Message(stream, r.Value)
	if c := traceparent.Of(r.Origin, traceOneIn); c.Sampled {
		m.Attributes[traceparent.Key] = c.String()
	}
	return m
}

// oversizeNotice stands in for a record that Pub/Sub can never take. The record
// stays in Kafka, named by its coordinates.
func (r Record) oversizeNotice(stream names.Stream) *pubsub.Message {
	m := notice(stream, r.Origin, reasonOversize)
	m.Attributes["bytes"] = strconv.Itoa(len(r.Value))
	return m
}

// gapNotice tells of a gap; its coordinates are those of the first offset in it.
func gapNotice(stream names.Stream, at offsets.Place, g offsets.Gap) *pubsub.Message {
	m := notice(stream, origin.Origin{Topic: at.Topic, Partition: int64(at.Partition), Offset: g.From}, g.Reason)
	m.Attributes["gap.from"] = strconv.FormatInt(g.From, 10)
	m.Attributes["gap.to"] = strconv.FormatInt(g.To, 10)
	return m
}

// notice is a dead letter without data.
func notice(stream names.Stream, of origin.Origin, reason string) *pubsub.Message {
	attributes := coordinates(stream, of)
	attributes[event.AttributeFunction] = "connector"
	attributes[event.AttributeReason] = reason
	attributes[event.AttributeAt] = time.Now().UTC().Format(time.RFC3339Nano)
	return &pubsub.Message{Attributes: attributes}
}

func coordinates(stream names.Stream, of origin.Origin) map[string]string {
	attributes := map[string]string{"stream": string(stream)}
	of.Attributes(attributes)
	return attributes
}
