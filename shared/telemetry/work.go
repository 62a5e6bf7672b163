package telemetry

import (
	"bytes"
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"nightwire.dev/shared/event"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/telemetry/traceparent"
)

// work is one event in a stage's hands. Its context leads to it.
type work struct {
	stage   *Stage
	message *event.Message
	began   time.Time
	parent  traceparent.Context // zero: the message says none
	span    trace.Span          // nil: the alert is not traced

	mu      sync.Mutex
	outcome string
}

type workKey struct{}

func workOf(ctx context.Context) *work {
	w, _ := ctx.Value(workKey{}).(*work)
	return w
}

// begin looks whether the alert is traced.
func (w *work) begin(ctx context.Context) context.Context {
	w.parent = parentOf(w.message)
	ctx = context.WithValue(ctx, workKey{}, w)
	if spans := w.stage.telemetry.spans; spans != nil && w.parent.Sampled {
		spans.root(ctx, w)
		ctx, w.span = spans.start(ctx, w.parent, w.stage.name, w.began)
	}
	return ctx
}

// parentOf reads a message's trace, from its attributes or, where it tells of an
// object, from the object's metadata. The text is looked for before the message
// is taken apart: few are traced.
func parentOf(m *event.Message) traceparent.Context {
	text, ok := m.Attributes[traceparent.Key]
	if !ok && m.IsNotification() && bytes.Contains(m.Data, []byte(`"`+traceparent.Key+`"`)) {
		if o, isNew, err := m.Object(); err == nil && isNew {
			text = o.Metadata[traceparent.Key]
		}
	}
	c, _ := traceparent.Parse(text)
	return c
}

// end counts what became of the event. The stage has read the message by now, so
// that its origin costs nothing more.
func (w *work) end(ctx context.Context, err error) {
	s, now := w.stage, time.Now()
	outcome := w.became(err)
	s.alerts.WithLabelValues(outcome).Inc()
	s.bytes.Add(float64(len(w.message.Data)))
	s.handling.Observe(now.Sub(w.began).Seconds())
	if sent := w.sent(); err == nil && !sent.IsZero() && !w.isReplay() {
		s.latency.Observe(max(now.Sub(sent), 0).Seconds())
	}
	if spans := s.telemetry.spans; spans != nil {
		spans.end(ctx, w, outcome, now, err)
	}
}

func (w *work) became(err error) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil && !event.IsPermanent(err):
		return again
	case w.outcome != "":
		return w.outcome
	case err != nil:
		return deadLetter
	default:
		return done
	}
}

// origin is where the alert came from, if the message says.
func (w *work) origin() (origin.Origin, bool) {
	if o, err := origin.Parse(w.message.Attributes); err == nil {
		return o, true
	}
	if !w.message.IsNotification() {
		return origin.Origin{}, false
	}
	object, isNew, err := w.message.Object()
	if err != nil || !isNew {
		return origin.Origin{}, false
	}
	o, err := origin.Parse(object.Metadata)
	return o, err == nil
}

// isReplay says whether the alert came again on purpose, so that its age says
// nothing of us.
func (w *work) isReplay() bool {
	if !w.message.IsNotification() {
		return w.message.Replay()
	}
	o, isNew, err := w.message.Object()
	return err == nil && isNew && w.message.Marked(o).Replay()
}

// sent is when Kafka took the record; zero if that is not known.
func (w *work) sent() time.Time {
	if t, ok := sentAttribute(w.message.Attributes); ok {
		return t
	}
	o, _ := w.origin()
	return o.Timestamp
}
