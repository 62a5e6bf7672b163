package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nightwire.dev/shared/event"
)

// The outcomes of an event that a stage does not name by itself.
const (
	done       = "done"
	again      = "again"       // an error that may pass: Pub/Sub sends the event again
	deadLetter = "dead_letter" // an error that never passes
)

// Stage is one function, watched.
type Stage struct {
	telemetry         *Telemetry
	name              string
	alerts            *prometheus.CounterVec // by outcome
	bytes             prometheus.Counter
	latency, handling prometheus.Observer
	deadLetters       prometheus.Counter
}

// Stage watches the function of that name. Its series begin at zero, with the
// outcomes that it may name, so that the first conflict of a year is a rise.
func (t *Telemetry) Stage(name string, outcomes ...string) *Stage {
	s := &Stage{
		telemetry:   t,
		name:        name,
		alerts:      t.counts.alerts.MustCurryWith(prometheus.Labels{"stream": t.stream, "stage": name}),
		bytes:       t.counts.bytes.WithLabelValues(t.stream, name),
		latency:     t.counts.latency.WithLabelValues(t.stream, name),
		handling:    t.counts.handling.WithLabelValues(t.stream, name),
		deadLetters: t.counts.deadLetters.WithLabelValues(t.stream, name),
	}
	if len(outcomes) == 0 {
		outcomes = []string{done}
	}
	for _, outcome := range append(outcomes, again, deadLetter) {
		s.alerts.WithLabelValues(outcome)
	}
	t.counts.private.WithLabelValues(t.stream)
	return s
}

// Watch counts, times and traces what handle does.
func (s *Stage) Watch(handle event.Handle) event.Handle {
	return func(ctx context.Context, m *event.Message) error {
		w := &work{stage: s, message: m, began: time.Now()}
		ctx = w.begin(ctx)
		err := handle(ctx, m)
		w.end(ctx, err)
		s.telemetry.exportIfDue(ctx)
		return err
	}
}

// letterBox takes dead letters; *event.DeadLetters is one.
type letterBox interface {
	Put(ctx context.Context, l event.Letter) error
}

// Letters counts what a dead-letter topic has taken from the function.
func (s *Stage) Letters(into letterBox) *Letters { return &Letters{stage: s, into: into} }

// Letters is a dead-letter topic, watched.
type Letters struct {
	stage *Stage
	into  letterBox
}

// Put puts the letter, and counts it once it is there.
func (l *Letters) Put(ctx context.Context, letter event.Letter) error {
	err := l.into.Put(ctx, letter)
	if err == nil {
		l.stage.deadLetters.Inc()
	}
	return err
}
