package relay

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"nightwire.dev/connector/offsets"
)

// revokeTimeout bounds how long a partition that is taken from us may hold up
// the group while its records in flight are confirmed. What is not, the next
// owner publishes again.
const revokeTimeout = 10 * time.Second

// rebalance is called by librdkafka, from within Poll and Close.
func (s *session) rebalance(_ *kafka.Consumer, event kafka.Event) error {
	var err error
	switch e := event.(type) {
	case kafka.AssignedPartitions:
		err = s.assign(e.Partitions)
	case kafka.RevokedPartitions:
		err = s.revoke(e.Partitions)
	}
	if err != nil {
		s.fail(err)
	}
	return err
}

// assign takes up partitions at their committed offsets, or at the first
// offset that Kafka has. If that cannot be found out the session fails, and
// nothing is committed for them.
func (s *session) assign(given []kafka.TopicPartition) error {
	var starts []kafka.TopicPartition
	if len(given) > 0 {
		committed, err := s.consumer.Committed(given, int(callTimeout.Milliseconds()))
		if err != nil {
			return fmt.Errorf("read committed offsets: %w", err)
		}
		bounds, err := s.bounds(given)
		if err != nil {
			return err
		}
		for _, tp := range committed {
			if tp.Error != nil {
				return fmt.Errorf("read committed offset of %s/%d: %w", *tp.Topic, tp.Partition, tp.Error)
			}
			at := placeOf(tp)
			p := s.open(at, startAt(int64(tp.Offset), bounds[at]), bounds[at])
			starts = append(starts, p.at(p.tracker.Next()))
		}
	}
	if err := s.consumer.IncrementalAssign(starts); err != nil {
		return fmt.Errorf("take up %d partitions: %w", len(starts), err)
	}
	if s.paused {
		if err := s.consumer.Pause(starts); err != nil {
			return fmt.Errorf("pause %d new partitions: %w", len(starts), err)
		}
	}
	s.relay.status.Assigned(len(s.partitions))
	s.relay.reportSoon()
	slog.InfoContext(s.work, "partitions assigned", "new", len(starts), "all", len(s.partitions))
	return nil
}

// open begins a partition's account.
func (s *session) open(at offsets.Place, from start, within bounds) *partition {
	p := &partition{Place: at, committed: from.committed, tracker: offsets.NewTracker(from.position)}
	if seen, ok := s.relay.status.Last(at); ok {
		p.seen = seen
	}
	p.seen.Topic, p.seen.Partition, p.seen.Assigned = at.Topic, at.Partition, true
	p.seen.Low, p.seen.High, p.seen.Confirmed = within.low, within.high, from.position
	s.partitions[at] = p
	s.relay.status.Seen(p.seen)
	s.reportGap(p, from)
	return p
}

// reportGap says everywhere that offsets are missing. The committed offset
// moves only once the dead-letter topic has the notice.
func (s *session) reportGap(p *partition, from start) {
	gap := from.gap
	if gap == nil {
		return
	}
	slog.ErrorContext(s.work, "Kafka does not have the offsets that were to be read",
		"topic", p.Topic, "partition", p.Partition, "from", gap.From, "to", gap.To,
		"count", gap.To-gap.From, "reason", gap.Reason)
	s.relay.status.Gap(p.Place, *gap)
	tracker := p.tracker
	tracker.BeginRange(from.position, from.next, time.Now())
	s.relay.publisher.ReportGap(s.work, p.Place, *gap, func() { tracker.Confirm(from.position) })
}

// revoke gives partitions up, after their records in flight are confirmed and
// committed as far as the time allows. A partition that is lost already has
// another owner: nothing is committed for it.
func (s *session) revoke(taken []kafka.TopicPartition) error {
	var leaving []*partition
	for _, tp := range taken {
		if p := s.partitions[placeOf(tp)]; p != nil {
			leaving = append(leaving, p)
		}
	}
	lost := s.consumer.AssignmentLost()
	if !lost {
		s.settle(leaving, revokeTimeout)
		s.commit(leaving)
	}
	s.showEach(leaving)
	s.giveUp(leaving)
	slog.InfoContext(s.work, "partitions revoked", "given_up", len(leaving), "left", len(s.partitions), "lost", lost)
	if err := s.consumer.IncrementalUnassign(taken); err != nil {
		return fmt.Errorf("give up %d partitions: %w", len(taken), err)
	}
	s.relay.status.Assigned(len(s.partitions))
	s.relay.reportSoon()
	return nil
}

// giveUp closes the accounts of partitions. Their records that wait for room go
// with them: sent later, into the account of a new assignment that starts
// before them, they would let it commit past what it has not read again.
func (s *session) giveUp(leaving []*partition) {
	s.waiting = slices.DeleteFunc(s.waiting, func(m *kafka.Message) bool {
		return slices.Contains(leaving, s.partitions[placeOf(m.TopicPartition)])
	})
	for _, p := range leaving {
		delete(s.partitions, p.Place)
		s.relay.status.Unassigned(p.Place)
	}
}

// settle waits until nothing of the partitions is in flight, or the time is
// over, or the work has been abandoned.
func (s *session) settle(partitions []*partition, timeout time.Duration) bool {
	ctx, cancel := context.WithTimeout(s.work, timeout)
	defer cancel()
	for _, p := range partitions {
		select {
		case <-p.tracker.Idle():
		case <-ctx.Done():
			return false
		}
	}
	return true
}
