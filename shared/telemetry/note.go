package telemetry

import (
	"context"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/trace"

	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/telemetry/traceparent"
)

// The functions here say of the event that the context is about what only the
// code inside knows. Where no stage watches, they do nothing.

// Outcome says what became of the event, where that is more than done.
func Outcome(ctx context.Context, outcome string) {
	if w := workOf(ctx); w != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.outcome = outcome
	}
}

// Matched counts a match that the filter's topic has taken.
func Matched(ctx context.Context, filter string) {
	if w := workOf(ctx); w != nil {
		t := w.stage.telemetry
		t.counts.matches.WithLabelValues(t.stream, filter).Inc()
	}
}

// Fitted counts a fit of a light curve with a model, "salt" or "transient", and
// the processor time that it took.
func Fitted(ctx context.Context, model string, processor time.Duration) {
	if w := workOf(ctx); w != nil {
		t := w.stage.telemetry
		t.counts.fit.WithLabelValues(t.stream, model).Observe(processor.Seconds())
	}
}

// Private counts a private alert on a public stream.
func Private(ctx context.Context) {
	if w := workOf(ctx); w != nil {
		t := w.stage.telemetry
		t.counts.private.WithLabelValues(t.stream).Inc()
	}
}

// Certified says that the certificate of a night has been written, and what it
// found missing, by cause. Causes that it does not name any more are forgotten;
// one of which nothing is missing is best named with 0.
func Certified(ctx context.Context, at time.Time, missing map[string]int) {
	w := workOf(ctx)
	if w == nil {
		return
	}
	t := w.stage.telemetry
	t.counts.nightMissing.Reset()
	for cause, n := range missing {
		t.counts.nightMissing.WithLabelValues(t.stream, cause).Set(float64(n))
	}
	t.counts.certificate.WithLabelValues(t.stream).Set(float64(at.Unix()))
	t.sent.Store(0) // the one event of a night does not wait for another to send this
}

// Carry adds to the attributes of a message, or to the metadata of an object,
// what the next stage needs: the trace, and Kafka's timestamp where it is not
// there. An alert that is not traced needs no attribute where its coordinates
// are, since its trace follows from them.
func Carry(ctx context.Context, attributes map[string]string) {
	w := workOf(ctx)
	if w == nil {
		return
	}
	_, err := origin.Parse(attributes)
	coordinates := err == nil
	if c := w.carried(ctx); c.Sampled || !coordinates && c != (traceparent.Context{}) {
		attributes[traceparent.Key] = c.String()
	}
	if sent := w.sent(); !coordinates && !sent.IsZero() {
		attributes[origin.TimestampKey] = strconv.FormatInt(sent.UnixMilli(), 10)
	}
}

// carried is the context that the next stage continues: our innermost span, or
// what we were given where we make none.
func (w *work) carried(ctx context.Context) traceparent.Context {
	if span := trace.SpanContextFromContext(ctx); w.span != nil && span.IsValid() {
		return traceparent.Context{Trace: span.TraceID(), Span: span.SpanID(), Sampled: span.IsSampled()}
	}
	return w.trace()
}

// trace is the message's, or that of the alert's coordinates.
func (w *work) trace() traceparent.Context {
	if w.parent != (traceparent.Context{}) {
		return w.parent
	}
	if o, ok := w.origin(); ok {
		return traceparent.Of(o, 0)
	}
	return traceparent.Context{}
}

// Span begins a part of a traced event, and returns what ends it. Where the event
// is not traced it does nothing.
func Span(ctx context.Context, name string) (context.Context, func(error)) {
	w := workOf(ctx)
	if w == nil || w.span == nil {
		return ctx, func(error) {}
	}
	return w.stage.telemetry.spans.child(ctx, name)
}

// sentAttribute reads Kafka's timestamp from a message that has it without the
// other coordinates.
func sentAttribute(attributes map[string]string) (time.Time, bool) {
	ms, err := strconv.ParseInt(attributes[origin.TimestampKey], 10, 64)
	return time.UnixMilli(ms), err == nil
}
