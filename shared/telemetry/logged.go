package telemetry

import (
	"context"
	"log/slog"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// logged writes spans as log lines, for the local stack and for a look by hand.
type logged struct{ log *slog.Logger }

// synchronous hands each span on as it ends.
func synchronous(to sdktrace.SpanExporter) sdktrace.SpanProcessor {
	return sdktrace.NewSimpleSpanProcessor(to)
}

// ExportSpans writes a line a span.
func (l *logged) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		line := []any{
			"trace", s.SpanContext().TraceID().String(), "span", s.SpanContext().SpanID().String(), "name", s.Name(),
			"start", s.StartTime().UTC(), "ms", float64(s.EndTime().Sub(s.StartTime())) / float64(time.Millisecond),
		}
		if s.Parent().IsValid() {
			line = append(line, "parent", s.Parent().SpanID().String())
		}
		for _, a := range s.Attributes() {
			line = append(line, string(a.Key), a.Value.AsInterface())
		}
		if text := s.Status().Description; text != "" {
			line = append(line, "error", text)
		}
		l.log.InfoContext(ctx, "span", line...)
	}
	return nil
}

// Shutdown has nothing to end.
func (l *logged) Shutdown(context.Context) error { return nil }
