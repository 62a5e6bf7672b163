package status

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/shared/watermark"
)

// Watermarks is what the stream has to report now; ok is false while Kafka does
// not answer, when there is nothing that it could say. It has the partitions
// that are ours, those that have left since the last report, and all topics, so
// that a partition that no process tells of is missed.
func (s *Stream) Watermarks(now time.Time) (r watermark.Report, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == connecting || s.silence != nil {
		return watermark.Report{}, false
	}
	r = watermark.Report{Stream: s.name, At: now.UTC(), Awaiting: s.awaited, Partitions: []watermark.Partition{}}
	for _, a := range s.accounts {
		if a.shown.Assigned || a.owed {
			r.Partitions = append(r.Partitions, a.watermarks(now)...)
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(s.listed)) {
		night, ok := watermark.TopicNight(topic)
		if !ok {
			night = watermark.RecordNight(now)
		}
		r.Topics = append(r.Topics, watermark.Topic{Name: topic, Night: night, Partitions: int64(s.listed[topic])})
	}
	slices.SortFunc(r.Partitions, func(a, b watermark.Partition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Night, b.Night))
	})
	return r, true
}

// Told says that Pub/Sub has the report.
func (s *Stream) Told(r watermark.Report) {
	s.metrics.reports.WithLabelValues(string(s.name)).Inc()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range r.Partitions {
		if a := s.accounts[offsets.Place{Topic: p.Topic, Partition: int32(p.Partition)}]; a != nil {
			a.told(p)
		}
	}
}

// Untold counts a report that Pub/Sub did not take.
func (s *Stream) Untold() { s.metrics.reportErrors.WithLabelValues(string(s.name)).Inc() }
