package status

import (
	"cmp"
	"slices"
	"strconv"
	"time"

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

// Seen takes the present state of an assigned partition.
func (s *Stream) Seen(p Partition) {
	s.metrics.lag.WithLabelValues(string(s.name), p.Topic, strconv.Itoa(int(p.Partition))).
		Set(float64(max(p.High-p.Confirmed, 0)))
	s.mu.Lock()
	defer s.mu.Unlock()
	at := offsets.Place{Topic: p.Topic, Partition: p.Partition}
	if s.accounts[at] == nil {
		s.accounts[at] = newAccount(p)
	}
	s.accounts[at].shown = p
}

// Read enters a record of a partition that was seen; at is when Kafka took it,
// or zero if Kafka does not say: then it counts for the present night.
func (s *Stream) Read(place offsets.Place, offset int64, at time.Time) {
	if at.IsZero() {
		at = time.Now()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[place]; a != nil {
		a.read(offset, at)
	}
}

// Last is what Seen took of the partition, so that the account goes on where
// it stopped when the partition comes back.
func (s *Stream) Last(at offsets.Place) (Partition, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[at]; a != nil {
		return a.shown, true
	}
	return Partition{}, false
}

// Unassigned keeps the partition's account and drops its lag: another process
// shows that now.
func (s *Stream) Unassigned(at offsets.Place) {
	s.metrics.lag.DeleteLabelValues(string(s.name), at.Topic, strconv.Itoa(int(at.Partition)))
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[at]; a != nil {
		a.shown.Assigned, a.owed = false, true
	}
}

// Keep forgets every topic that is not among the names.
func (s *Stream) Keep(topics []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := range s.accounts {
		if !slices.Contains(topics, at.Topic) {
			delete(s.accounts, at)
			s.metrics.lag.DeletePartialMatch(prometheus.Labels{"stream": string(s.name), "topic": at.Topic})
		}
	}
}

// Gap counts a gap, and enters it for a partition that was seen.
func (s *Stream) Gap(at offsets.Place, g offsets.Gap) {
	s.metrics.gaps.WithLabelValues(string(s.name)).Inc()
	s.metrics.gapRecords.WithLabelValues(string(s.name)).Add(float64(g.To - g.From))
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[at]; a != nil {
		a.miss(g, time.Now())
	}
}

func (s *Stream) report() StreamReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := StreamReport{Stream: string(s.name), Group: s.group, Partitions: []Partition{}}
	for _, a := range s.accounts {
		p := a.shown
		for _, g := range a.gaps {
			p.Gaps = append(p.Gaps, g.Gap)
		}
		r.Partitions = append(r.Partitions, p)
	}
	slices.SortFunc(r.Partitions, func(a, b Partition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return r
}
