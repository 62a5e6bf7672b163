// Package telemetry watches the functions at work: it counts what becomes of
// alerts at each stage, times them from Kafka's timestamp on, and follows one
// alert in a thousand, and every error, as an OpenTelemetry trace.
//
// Events enter through the Handle that a Stage has wrapped; code inside says
// what only it knows with Outcome, Matched, Fitted, Private and Certified, and
// hands the trace on with Carry. Metrics leave at /metrics, and metrics and
// spans through OTLP. The functions' instance is the caller.
//
// The names are those of package metric, everywhere: Prometheus's own client
// counts, and the exporter is given what it would show.
//
// # Traces
//
// The connector chooses the alerts to be traced and writes traceparent on their
// raw messages. The archive writes it into the file's metadata, the bucket's
// notification repeats it, and matches carry it on. The record's time in Kafka
// and the connector, up to Pub/Sub's confirmation, is the root span; the first
// stage makes it on the connector's behalf, which sends metrics alone, by a Sender. An event that
// goes wrong has a span though nobody chose its alert: it begins late, with the
// time at which the work began, and its trace follows from the record's
// coordinates.
package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nightwire.dev/shared/names"
)

// Telemetry is a process's. It is safe for concurrent use.
type Telemetry struct {
	stream   string
	log      *slog.Logger
	registry *prometheus.Registry
	counts   *counts
	spans    *spans  // nil: none are made
	outlet   *outlet // nil: nothing is sent
	interval time.Duration
	sent     atomic.Int64 // when the last export began, in nanoseconds since 1970
}

// Open makes the telemetry of one stream, and connects to what it is to be sent
// to.
func Open(ctx context.Context, c Config, project string, stream names.Stream, log *slog.Logger) (*Telemetry, error) {
	t := &Telemetry{stream: string(stream), log: log, registry: prometheus.NewRegistry(), interval: c.Interval}
	t.counts = newCounts(t.registry)
	switch c.Export {
	case Off:
		return t, nil
	case Log:
		t.spans = newSpans(synchronous(&logged{log: log}), identity(c, project))
		return t, nil
	}
	out, err := connect(ctx, c, project, t.registry)
	if err != nil {
		return nil, fmt.Errorf("open telemetry to %s: %w", c.Export, err)
	}
	t.outlet, t.spans = out, newSpans(out.processor, out.resource)
	// The first export is an interval after the start, when there is something to tell.
	t.sent.Store(time.Now().UnixNano())
	return t, nil
}

// Handler serves /metrics.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{})
}

// Sends says whether there is something to flush before the process ends.
func (t *Telemetry) Sends() bool { return t.outlet != nil }

// exportTimeout bounds an export, and so the longest that an event waits for it.
const exportTimeout = 5 * time.Second

// exportIfDue sends what there is, if the interval has passed since the last
// time. It works within an event's time, since an instance may have no processor
// between events; one event an interval waits for it.
func (t *Telemetry) exportIfDue(ctx context.Context) {
	if t.outlet == nil {
		return
	}
	last, now := t.sent.Load(), time.Now().UnixNano()
	if now-last < int64(t.interval) || !t.sent.CompareAndSwap(last, now) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTimeout)
	defer cancel()
	if err := t.Flush(ctx); err != nil {
		t.log.WarnContext(ctx, "telemetry is not sent; its counts are in the next", "error", err)
	}
}

// Flush sends what there is.
func (t *Telemetry) Flush(ctx context.Context) error {
	if t.outlet == nil {
		return nil
	}
	return t.outlet.flush(ctx)
}

// Close sends what there is and ends what runs beside.
func (t *Telemetry) Close(ctx context.Context) error {
	if t.outlet == nil {
		return nil
	}
	return t.outlet.close(ctx)
}
