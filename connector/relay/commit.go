package relay

import (
	"log/slog"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// commit commits each partition up to its last confirmed record with no
// unconfirmed one before it. What Kafka refuses is tried again next time.
func (s *session) commit(partitions []*partition) {
	var due []kafka.TopicPartition
	for _, p := range partitions {
		if position := p.tracker.Position(); position != p.committed {
			due = append(due, p.at(position))
		}
	}
	if len(due) == 0 {
		return
	}
	results, err := s.consumer.CommitOffsets(due)
	if err != nil {
		s.relay.status.Committed(0, len(due))
		slog.WarnContext(s.work, "commit failed; it will be tried again", "partitions", len(due), "error", err)
		return
	}
	refused := 0
	for _, tp := range results {
		// The call may succeed as a whole and fail for a partition.
		if tp.Error != nil {
			refused++
			slog.WarnContext(s.work, "commit of a partition failed; it will be tried again", "partition", tp.String())
			continue
		}
		if p := s.partitions[placeOf(tp)]; p != nil {
			p.committed = int64(tp.Offset)
		}
	}
	s.relay.status.Committed(len(results)-refused, refused)
}

// drain ends the session's work: it waits for what is in flight, for the drain
// timeout at most and no longer than the work may last, commits, and looks at
// Kafka once more.
func (s *session) drain() {
	if !s.settle(s.all(), s.relay.drainTimeout) {
		slog.WarnContext(s.work, "records in flight were not confirmed in time; they will be read again")
	}
	s.commit(s.all())
	s.look()
	s.show()
}

// look asks Kafka how far it goes, for the last report: what came with the last
// fetch may be older than that. After it the session keeps to the answer.
func (s *session) look() {
	if len(s.partitions) == 0 {
		return
	}
	all, err := s.bounds(s.assignment())
	if err != nil {
		slog.WarnContext(s.work, "Kafka did not say how far it goes; the last report has it from the last fetch", "error", err)
		return
	}
	for at, p := range s.partitions {
		p.seen.Low, p.seen.High = all[at].low, all[at].high
	}
	s.ended = true
}

// show reports the state of all partitions.
func (s *session) show() {
	s.showEach(s.all())
	oldest := time.Duration(0)
	for _, p := range s.partitions {
		if begun := p.tracker.Oldest(); !begun.IsZero() {
			oldest = max(oldest, time.Since(begun))
		}
	}
	if s.subscribed != nil { // before the first listing, it is not known what to forget
		s.relay.status.Keep(s.subscribed)
	}
	s.relay.status.Oldest(oldest)
	if !s.lastRecord.IsZero() {
		s.relay.status.LastRecord(s.lastRecord)
	}
}

func (s *session) showEach(partitions []*partition) {
	for _, p := range partitions {
		// These are the bounds that came with the last fetch; none came yet
		// where they are below zero.
		if low, high, err := s.consumer.GetWatermarkOffsets(p.Topic, p.Partition); err == nil && !s.ended {
			p.seen.Low = max(p.seen.Low, low)
			if high >= 0 {
				p.seen.High = high
			}
		}
		p.seen.Confirmed = p.tracker.Position()
		s.relay.status.Seen(p.seen)
	}
}
