package status

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"nightwire.dev/connector/offsets"
)

// Report is what GET /offsets answers.
type Report struct {
	Streams []StreamReport `json:"streams"`
}

// StreamReport is one stream's part of it.
type StreamReport struct {
	Stream     string      `json:"stream"`
	Group      string      `json:"group"`
	Partitions []Partition `json:"partitions"`
}

// Partition is what this process has seen of one partition since it started.
// Two processes of one group each report their own part.
type Partition struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Assigned  bool   `json:"assigned"`  // to this process, now
	Records   int64  `json:"records"`   // read here
	First     *int64 `json:"first"`     // offset of the first record read here; null: none
	Last      *int64 `json:"last"`      // and of the last
	Confirmed int64  `json:"confirmed"` // every offset before it is in Pub/Sub, or reported as a gap
	Low       int64  `json:"low"`       // the first offset that Kafka had, when last seen
	High      int64  `json:"high"`      // the offset that Kafka would give the next record
	Gaps      []Gap  `json:"gaps,omitempty"`
}

// Gap is an offsets.Gap as it stands in the report.
type Gap struct {
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Reason string `json:"reason"`
}

// keptGaps bounds the gaps of a partition that are shown; each is logged and
// published too.
const keptGaps = 100

// Seen takes the present state of an assigned partition.
func (s *Stream) Seen(p Partition) {
	s.metrics.lag.WithLabelValues(string(s.name), p.Topic, strconv.Itoa(int(p.Partition))).
		Set(float64(max(p.High-p.Confirmed, 0)))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partitions[offsets.Place{Topic: p.Topic, Partition: p.Partition}] = p
}

// Last is what Seen took of the partition, so that the account goes on where
// it stopped when the partition comes back.
func (s *Stream) Last(at offsets.Place) (Partition, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.partitions[at]
	return p, ok
}

// Unassigned keeps the partition's account and drops its lag: another process
// shows that now.
func (s *Stream) Unassigned(at offsets.Place) {
	s.metrics.lag.DeleteLabelValues(string(s.name), at.Topic, strconv.Itoa(int(at.Partition)))
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.partitions[at]; ok {
		p.Assigned = false
		s.partitions[at] = p
	}
}

// Keep forgets every topic that is not among the names.
func (s *Stream) Keep(topics []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := range s.partitions {
		if !slices.Contains(topics, at.Topic) {
			delete(s.partitions, at)
			s.metrics.lag.DeletePartialMatch(prometheus.Labels{"stream": string(s.name), "topic": at.Topic})
		}
	}
	maps.DeleteFunc(s.gaps, func(at offsets.Place, _ []Gap) bool { return !slices.Contains(topics, at.Topic) })
}

// Gap counts a gap and keeps it for the report.
func (s *Stream) Gap(at offsets.Place, g offsets.Gap) {
	s.metrics.gaps.WithLabelValues(string(s.name)).Inc()
	s.metrics.gapRecords.WithLabelValues(string(s.name)).Add(float64(g.To - g.From))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gaps[at] = append(s.gaps[at], Gap(g))
	s.gaps[at] = slices.Delete(s.gaps[at], 0, max(len(s.gaps[at])-keptGaps, 0))
}

func (s *Stream) report() StreamReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := StreamReport{Stream: string(s.name), Group: s.group, Partitions: []Partition{}}
	for at, p := range s.partitions {
		p.Gaps = slices.Clone(s.gaps[at])
		r.Partitions = append(r.Partitions, p)
	}
	slices.SortFunc(r.Partitions, func(a, b Partition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return r
}
