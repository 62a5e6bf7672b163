package relay

import (
	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/connector/status"
)

// placeOf is our form of librdkafka's name for a partition.
func placeOf(tp kafka.TopicPartition) offsets.Place {
	return offsets.Place{Topic: *tp.Topic, Partition: tp.Partition}
}

// partition is one that the group gave us.
type partition struct {
	offsets.Place
	tracker   *offsets.Tracker
	committed int64
	seen      status.Partition // what GET /offsets shows
}

// at is librdkafka's form of the partition, with an offset.
func (p *partition) at(offset int64) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: &p.Topic, Partition: p.Partition, Offset: kafka.Offset(offset)}
}

func (p *partition) noteRead(offset int64) {
	p.seen.Records++
	p.seen.Last = &offset
	if p.seen.First == nil {
		p.seen.First = &offset
	}
}
