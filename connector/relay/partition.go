package relay

import (
	"slices"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/connector/status"
)

// place names a partition.
type place struct {
	topic  string
	number int32
}

func placeOf(tp kafka.TopicPartition) place { return place{*tp.Topic, tp.Partition} }

// at is librdkafka's form of the place, with an offset.
func (p place) at(offset int64) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: &p.topic, Partition: p.number, Offset: kafka.Offset(offset)}
}

// notCommitted is below every offset, so that the next commit is due.
const notCommitted = -1

// partition is one that the group gave us.
type partition struct {
	place
	tracker   *offsets.Tracker
	committed int64
	seen      status.Partition // what GET /offsets shows
}

// keptGaps bounds the gaps that are shown; each is logged and published too.
const keptGaps = 100

func (p *partition) noteRead(offset int64) {
	p.seen.Records++
	p.seen.Last = &offset
	if p.seen.First == nil {
		p.seen.First = &offset
	}
}

func (p *partition) noteGap(g status.Gap) {
	p.seen.Gaps = append(p.seen.Gaps, g)
	if extra := len(p.seen.Gaps) - keptGaps; extra > 0 {
		p.seen.Gaps = slices.Clone(p.seen.Gaps[extra:])
	}
}

// all lists the partitions that are ours.
func (s *session) all() []*partition {
	all := make([]*partition, 0, len(s.partitions))
	for _, p := range s.partitions {
		all = append(all, p)
	}
	return all
}

func (s *session) assignment() []kafka.TopicPartition {
	list := make([]kafka.TopicPartition, 0, len(s.partitions))
	for _, p := range s.partitions {
		list = append(list, p.at(p.tracker.Next()))
	}
	return list
}
