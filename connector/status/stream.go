package status

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/shared/names"
)

// Stream is one stream's status. It is safe for concurrent use.
type Stream struct {
	name    names.Stream
	group   string
	metrics *metrics

	consumedRecords, consumedBytes   prometheus.Counter
	publishedRecords, publishedBytes prometheus.Counter
	publishErrors                    prometheus.Counter
	inFlight                         atomic.Int64

	mu        sync.Mutex
	phase     phase
	phaseNote string
	awaited   []string
	listed    map[string]int // the partitions of each topic that is wanted and there
	outage    error          // of publishing
	silence   error          // of Kafka
	accounts  map[offsets.Place]*account
}

// phase is how far the stream has come with Kafka.
type phase int

const (
	connecting phase = iota
	joining
	idle // no topic that it wants exists yet
	assigned
)

func newStream(stream names.Stream, group string, m *metrics) *Stream {
	label := string(stream)
	s := &Stream{
		name: stream, group: group, metrics: m,
		consumedRecords:  m.consumedRecords.WithLabelValues(label),
		consumedBytes:    m.consumedBytes.WithLabelValues(label),
		publishedRecords: m.publishedRecords.WithLabelValues(label),
		publishedBytes:   m.publishedBytes.WithLabelValues(label),
		publishErrors:    m.publishErrors.WithLabelValues(label),
		phaseNote:        "connecting to Kafka",
		accounts:         map[offsets.Place]*account{},
	}
	for _, v := range []*prometheus.CounterVec{m.commits, m.commitErrors, m.gaps, m.gapRecords, m.kafkaErrors, m.reports, m.reportErrors} {
		v.WithLabelValues(label)
	}
	m.paused.WithLabelValues(label)
	s.showReady()
	return s
}

// Connecting says that there is no session with Kafka; err is why, if known.
func (s *Stream) Connecting(err error) {
	note := "connecting to Kafka"
	if err != nil {
		note += ": " + err.Error()
	}
	s.enter(connecting, note)
}

// Joining says that the group has been asked for partitions of n topics.
func (s *Stream) Joining(n int) {
	s.enter(joining, fmt.Sprintf("waiting for an assignment in %d topics", n))
}

// Waiting says that no topic of the stream exists yet.
func (s *Stream) Waiting() { s.enter(idle, "waiting for topics") }

// Assigned says that the group gave us n partitions, all told.
func (s *Stream) Assigned(n int) {
	s.enter(assigned, fmt.Sprintf("%d partitions assigned", n))
}

func (s *Stream) enter(p phase, note string) {
	s.mu.Lock()
	s.phase, s.phaseNote = p, note
	s.mu.Unlock()
	s.showReady()
}

// Awaiting lists the topics that are wanted and not there yet.
func (s *Stream) Awaiting(topics []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awaited = topics
}

// Listed takes the topics that are wanted and there, and how many partitions
// Kafka says that each has.
func (s *Stream) Listed(topics map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = topics
}

// Ready says whether records can flow, or will once there are any, and why.
func (s *Stream) Ready() (ready bool, note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	note = s.phaseNote
	if len(s.awaited) > 0 {
		note += "; not there yet: " + strings.Join(s.awaited, ", ")
	}
	if s.outage != nil {
		return false, "publishing fails: " + s.outage.Error() + "; " + note
	}
	if s.silence != nil {
		return false, "Kafka does not answer: " + s.silence.Error() + "; " + note
	}
	return s.phase == idle || s.phase == assigned, note
}

func (s *Stream) showReady() {
	value := 0.0
	if ready, _ := s.Ready(); ready {
		value = 1
	}
	s.metrics.ready.WithLabelValues(string(s.name)).Set(value)
}

// Consumed counts a record read.
func (s *Stream) Consumed(bytes int) {
	s.consumedRecords.Inc()
	s.consumedBytes.Add(float64(bytes))
}

// Reserved counts bytes in flight; negative: no longer.
func (s *Stream) Reserved(bytes int64) {
	total := s.inFlight.Add(bytes)
	s.metrics.inFlightBytes.WithLabelValues(string(s.name)).Set(float64(total))
}

// Published counts a record that Pub/Sub confirmed.
func (s *Stream) Published(bytes int) {
	s.publishedRecords.Inc()
	s.publishedBytes.Add(float64(bytes))
}

// Noticed counts a notice that the dead-letter topic confirmed.
func (s *Stream) Noticed(reason string) {
	s.metrics.notices.WithLabelValues(string(s.name), reason).Inc()
}

// PublishFailed counts a publish that will be repeated.
func (s *Stream) PublishFailed() { s.publishErrors.Inc() }

// Outage says that publishing fails; nil: it works again.
func (s *Stream) Outage(err error) {
	s.mu.Lock()
	s.outage = err
	s.mu.Unlock()
	s.showReady()
}

// Committed counts offsets that Kafka took, and those that it refused.
func (s *Stream) Committed(taken, refused int) {
	s.metrics.commits.WithLabelValues(string(s.name)).Add(float64(taken))
	s.metrics.commitErrors.WithLabelValues(string(s.name)).Add(float64(refused))
}

// KafkaError counts an error of the Kafka client.
func (s *Stream) KafkaError() { s.metrics.kafkaErrors.WithLabelValues(string(s.name)).Inc() }

// Silence says that Kafka does not answer; nil: it does again.
func (s *Stream) Silence(err error) {
	s.mu.Lock()
	s.silence = err
	s.mu.Unlock()
	s.showReady()
}

// Paused says whether reading pauses for want of room.
func (s *Stream) Paused(paused bool) {
	value := 0.0
	if paused {
		value = 1
	}
	s.metrics.paused.WithLabelValues(string(s.name)).Set(value)
}

// Oldest shows the age of the oldest unconfirmed record.
func (s *Stream) Oldest(age time.Duration) {
	s.metrics.oldestUnconfirmed.WithLabelValues(string(s.name)).Set(age.Seconds())
}

// LastRecord shows the time of the latest record read.
func (s *Stream) LastRecord(t time.Time) {
	s.metrics.lastRecord.WithLabelValues(string(s.name)).Set(float64(t.UnixMilli()) / 1000)
}
