package telemetry

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/telemetry/traceparent"
)

// spans makes the spans of a process. Whoever calls it has decided that there is
// to be one, so each is sampled.
type spans struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

func newSpans(to sdktrace.SpanProcessor, of *resource.Resource) *spans {
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(to), sdktrace.WithResource(of),
		sdktrace.WithSampler(sdktrace.AlwaysSample()), sdktrace.WithIDGenerator(identities{}),
	)
	return &spans{provider: provider, tracer: provider.Tracer("nightwire.dev/shared/telemetry")}
}

// start begins a span under a parent in another process.
func (s *spans) start(ctx context.Context, parent traceparent.Context, name string, at time.Time) (context.Context, trace.Span) {
	if parent != (traceparent.Context{}) {
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: parent.Trace, SpanID: parent.Span, TraceFlags: trace.FlagsSampled, Remote: true,
		}))
	}
	return s.tracer.Start(ctx, name, trace.WithTimestamp(at), trace.WithSpanKind(trace.SpanKindConsumer))
}

// child begins a span of our own making under the one of the context.
func (s *spans) child(ctx context.Context, name string) (context.Context, func(error)) {
	ctx, span := s.tracer.Start(ctx, name)
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}

// root makes the span of the time before the first stage, from Kafka's timestamp
// to Pub/Sub's confirmation, with the identity that the connector gave it.
func (s *spans) root(ctx context.Context, w *work) {
	o, err := origin.Parse(w.message.Attributes)
	if err != nil || o.Timestamp.IsZero() || w.parent.Span != traceparent.Of(o, 0).Span {
		return
	}
	_, span := s.tracer.Start(context.WithValue(ctx, rootKey{}, w.parent), "connector",
		trace.WithNewRoot(), trace.WithTimestamp(o.Timestamp), trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(coordinates(w, o)...))
	span.End(trace.WithTimestamp(w.message.PublishTime))
}

// end ends the event's span. An event that goes wrong without one gets it now.
func (s *spans) end(ctx context.Context, w *work, outcome string, now time.Time, err error) {
	cancelled := errors.Is(err, context.Canceled) || ctx.Err() != nil
	if w.span == nil && err != nil && !cancelled {
		_, w.span = s.start(ctx, w.trace(), w.stage.name, w.began)
	}
	if w.span == nil {
		return
	}
	o, _ := w.origin()
	w.span.SetAttributes(append(coordinates(w, o), attribute.String("nightwire.outcome", outcome))...)
	if err != nil {
		w.span.SetStatus(codes.Error, err.Error())
	}
	w.span.End(trace.WithTimestamp(now))
}

// coordinates say in a span which alert it is about.
func coordinates(w *work, o origin.Origin) []attribute.KeyValue {
	list := []attribute.KeyValue{
		attribute.String("nightwire.stream", w.stage.telemetry.stream),
		attribute.String("messaging.message.id", w.message.ID),
	}
	if o.Topic == "" {
		return list
	}
	return append(list, attribute.String("kafka.topic", o.Topic),
		attribute.Int64("kafka.partition", o.Partition), attribute.Int64("kafka.offset", o.Offset))
}

type rootKey struct{}

// identities are random, but for a root span, whose identity the connector has
// given away already.
type identities struct{}

// NewIDs is a new trace.
func (identities) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if root, ok := ctx.Value(rootKey{}).(traceparent.Context); ok {
		return root.Trace, root.Span
	}
	var c traceparent.Context
	_, _ = rand.Read(c.Trace[:]) // it cannot fail
	_, _ = rand.Read(c.Span[:])
	return c.Trace, c.Span
}

// NewSpanID is a new span in a trace.
func (identities) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	_, _ = rand.Read(id[:]) // it cannot fail
	return id
}
