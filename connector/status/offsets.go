package status

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
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

// Gap is a range of offsets that Kafka no longer had; To is not included.
type Gap struct {
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Reason string `json:"reason"`
}

type partitionKey struct {
	topic     string
	partition int32
}

// Seen takes the present state of an assigned partition.
func (s *Stream) Seen(p Partition) {
	s.metrics.lag.WithLabelValues(string(s.name), p.Topic, strconv.Itoa(int(p.Partition))).
		Set(float64(max(p.High-p.Confirmed, 0)))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partitions[partitionKey{p.Topic, p.Partition}] = p
}

// Last is what Seen took of the partition, so that the account goes on where
// it stopped when the partition comes back.
func (s *Stream) Last(topic string, partition int32) (Partition, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.partitions[partitionKey{topic, partition}]
	return p, ok
}

// Unassigned keeps the partition's account and drops its lag: another process
// shows that now.
func (s *Stream) Unassigned(topic string, partition int32) {
	s.metrics.lag.DeleteLabelValues(string(s.name), topic, strconv.Itoa(int(partition)))
	s.mu.Lock()
	defer s.mu.Unlock()
	key := partitionKey{topic, partition}
	if p, ok := s.partitions[key]; ok {
		p.Assigned = false
		s.partitions[key] = p
	}
}

// Keep forgets every topic that is not among the names.
func (s *Stream) Keep(topics []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.partitions {
		if !slices.Contains(topics, key.topic) {
			delete(s.partitions, key)
			s.metrics.lag.DeletePartialMatch(prometheus.Labels{"stream": string(s.name), "topic": key.topic})
		}
	}
}

// Gap counts a gap.
func (s *Stream) Gap(g Gap) {
	s.metrics.gaps.WithLabelValues(string(s.name)).Inc()
	s.metrics.gapRecords.WithLabelValues(string(s.name)).Add(float64(g.To - g.From))
}

func (s *Stream) report() StreamReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := StreamReport{Stream: string(s.name), Group: s.group, Partitions: []Partition{}}
	for _, p := range s.partitions {
		r.Partitions = append(r.Partitions, p)
	}
	slices.SortFunc(r.Partitions, func(a, b Partition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return r
}
