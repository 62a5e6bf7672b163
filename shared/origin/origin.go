// Package origin is where an alert came from: the coordinates of its record in
// the survey's Kafka. They travel as attributes of the raw message, stay as
// metadata of the archived file, and end in the ledger and in each row, so
// that every record can be accounted for.
package origin

import (
	"fmt"
	"strconv"
	"time"
)

// Origin is the coordinates of one Kafka record.
type Origin struct {
	Topic     string
	Partition int64
	Offset    int64
	Timestamp time.Time // when Kafka took the record, to the millisecond; zero if Kafka did not say
}

// The attributes of a raw message, and the keys of an object's metadata.
const (
	topicKey     = "kafka.topic"
	partitionKey = "kafka.partition"
	offsetKey    = "kafka.offset"
)

// TimestampKey holds Kafka's timestamp, in milliseconds since 1970. It may be
// missing; matches have it alone of the coordinates.
const TimestampKey = "kafka.timestamp"

// fault is a set of attributes that are no coordinates.
type fault struct{ reason string }

func (f *fault) Error() string   { return f.reason }
func (f *fault) Permanent() bool { return true }

// Parse reads the coordinates from attributes or metadata.
func Parse(attributes map[string]string) (Origin, error) {
	o := Origin{Topic: attributes[topicKey]}
	if o.Topic == "" {
		return o, &fault{"attribute " + topicKey + " is missing: the message does not come from the connector"}
	}
	var err error
	if o.Partition, err = integer(attributes, partitionKey); err != nil {
		return o, err
	}
	if o.Offset, err = integer(attributes, offsetKey); err != nil {
		return o, err
	}
	if attributes[TimestampKey] == "" {
		return o, nil
	}
	timestamp, err := integer(attributes, TimestampKey)
	if err != nil {
		return o, err
	}
	o.Timestamp = time.UnixMilli(timestamp).UTC()
	return o, nil
}

func integer(attributes map[string]string, key string) (int64, error) {
	n, err := strconv.ParseInt(attributes[key], 10, 64)
	if err != nil {
		return 0, &fault{fmt.Sprintf("attribute %s is %q, not an integer", key, attributes[key])}
	}
	return n, nil
}

// Attributes adds the coordinates to attributes or metadata.
func (o Origin) Attributes(attributes map[string]string) {
	attributes[topicKey] = o.Topic
	attributes[partitionKey] = strconv.FormatInt(o.Partition, 10)
	attributes[offsetKey] = strconv.FormatInt(o.Offset, 10)
	if !o.Timestamp.IsZero() {
		attributes[TimestampKey] = strconv.FormatInt(o.Timestamp.UnixMilli(), 10)
	}
}

// Same says whether both are one Kafka record.
func (o Origin) Same(other Origin) bool {
	return o.Topic == other.Topic && o.Partition == other.Partition && o.Offset == other.Offset
}

// Columns is the record column "kafka" of the tables, by name.
func (o Origin) Columns() map[string]any {
	columns := map[string]any{"topic": o.Topic, "partition": o.Partition, "offset": o.Offset}
	if !o.Timestamp.IsZero() {
		columns["timestamp"] = o.Timestamp
	}
	return columns
}
