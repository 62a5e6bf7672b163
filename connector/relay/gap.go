package relay

import (
	"context"
	"fmt"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"nightwire.dev/connector/offsets"
)

// bounds are the offsets that Kafka has of a partition: low the first, high the
// one that the next record will get.
type bounds struct{ low, high int64 }

// start is where to take up a partition. Where there is a gap, next is above
// position: the offsets between them stand for the gap's notice, and nothing is
// committed before it is confirmed.
type start struct {
	position  int64 // of the account
	next      int64 // offset to read
	committed int64 // position that is not to be committed again
	gap       *offsets.Gap
}

// notCommitted is below every offset, so that the first commit is due.
const notCommitted = -1

// startAt compares the offset that we would read next, below zero if there is
// none, with what Kafka has. A gap is certain only here: the log starts after
// that offset, so retention has taken what lay between. A jump between two
// records that are read is never one: whenever a wanted record has been
// deleted Kafka answers "out of range", and this is asked again; what else
// leaves offsets out are transaction markers and compaction.
func startAt(next int64, b bounds) start {
	switch {
	case next < 0:
		// The first reading. The start is committed with the next commit, so
		// that what retention takes before the first record is a gap as well.
		return start{position: b.low, next: b.low, committed: notCommitted}
	case next < b.low:
		return start{position: next, next: b.low, committed: next,
			gap: &offsets.Gap{From: next, To: b.low, Reason: offsets.ReasonExpired}}
	case next > b.high:
		// The account begins one offset before the log, where the notice stands.
		// Until it is confirmed the group keeps the offset of the old log, and a
		// process that starts then finds the gap again.
		return start{position: b.low - 1, next: b.low, committed: b.low - 1,
			gap: &offsets.Gap{From: b.high, To: next, Reason: offsets.ReasonRewound}}
	default:
		return start{position: next, next: next, committed: next}
	}
}

// bounds asks Kafka what it has of each partition, all in two requests.
func (s *session) bounds(of []kafka.TopicPartition) (map[offsets.Place]bounds, error) {
	low, err := s.listOffsets(of, kafka.EarliestOffsetSpec)
	if err != nil {
		return nil, err
	}
	high, err := s.listOffsets(of, kafka.LatestOffsetSpec)
	if err != nil {
		return nil, err
	}
	all := make(map[offsets.Place]bounds, len(of))
	for at, offset := range low {
		all[at] = bounds{low: offset, high: high[at]}
	}
	return all, nil
}

func (s *session) listOffsets(of []kafka.TopicPartition, spec kafka.OffsetSpec) (map[offsets.Place]int64, error) {
	ctx, cancel := context.WithTimeout(s.work, callTimeout)
	defer cancel()
	request := make(map[kafka.TopicPartition]kafka.OffsetSpec, len(of))
	for _, tp := range of {
		request[kafka.TopicPartition{Topic: tp.Topic, Partition: tp.Partition}] = spec
	}
	answer, err := s.admin.ListOffsets(ctx, request, kafka.SetAdminRequestTimeout(callTimeout))
	if err != nil {
		return nil, fmt.Errorf("list offsets of %d partitions: %w", len(of), err)
	}
	listed := make(map[offsets.Place]int64, len(of))
	for tp, info := range answer.ResultInfos {
		if info.Error.Code() != kafka.ErrNoError {
			return nil, fmt.Errorf("list offsets of %s/%d: %w", *tp.Topic, tp.Partition, info.Error)
		}
		listed[placeOf(tp)] = int64(info.Offset)
	}
	return listed, nil
}

// realign answers "out of range" while reading. librdkafka does not say of
// which partition, so all are compared with what Kafka has, the gaps are
// reported, and all are taken up again where each should go on.
func (s *session) realign() {
	if len(s.partitions) == 0 {
		return
	}
	now := s.assignment()
	all, err := s.bounds(now)
	if err != nil {
		s.fail(err)
		return
	}
	for at, p := range s.partitions {
		from := startAt(p.tracker.Next(), all[at])
		if from.position != p.tracker.Next() {
			p.tracker = offsets.NewTracker(from.position)
			p.committed = from.committed
		}
		p.seen.Low, p.seen.High = all[at].low, all[at].high
		s.reportGap(p, from)
	}
	s.waiting = nil // not in any account yet: they will be read again
	if err := s.consumer.IncrementalUnassign(now); err != nil {
		s.fail(fmt.Errorf("leave %d partitions to realign: %w", len(now), err))
		return
	}
	if err := s.consumer.IncrementalAssign(s.assignment()); err != nil {
		s.fail(fmt.Errorf("take up %d partitions again: %w", len(now), err))
	}
	s.setPaused(false)
}
