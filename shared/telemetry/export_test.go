package telemetry

import (
	"context"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metricscollector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracecollector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
)

// collector takes what an OTLP exporter sends.
type collector struct {
	metricscollector.UnimplementedMetricsServiceServer
	tracecollector.UnimplementedTraceServiceServer

	mu       sync.Mutex
	refusals int // of metrics
	exports  int // of metrics, refused ones included
	metrics  []string
	spans    []string
	identity map[string]string
}

// sent are the names of the metrics that have come.
func (c *collector) sent() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.metrics)
}

type spanService struct{ *collector }

func (c *collector) Export(_ context.Context, r *metricscollector.ExportMetricsServiceRequest) (*metricscollector.ExportMetricsServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.exports++; c.exports <= c.refusals {
		return nil, status.Error(codes.InvalidArgument, "not today")
	}
	for _, resource := range r.GetResourceMetrics() {
		for _, a := range resource.GetResource().GetAttributes() {
			c.identity[a.GetKey()] = a.GetValue().GetStringValue()
		}
		for _, scope := range resource.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				c.metrics = append(c.metrics, m.GetName())
			}
		}
	}
	return &metricscollector.ExportMetricsServiceResponse{}, nil
}

func (s spanService) Export(_ context.Context, r *tracecollector.ExportTraceServiceRequest) (*tracecollector.ExportTraceServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range r.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				s.spans = append(s.spans, span.GetName())
			}
		}
	}
	return &tracecollector.ExportTraceServiceResponse{}, nil
}

// listen serves a collector until the test ends.
func listen(t *testing.T, refusals int) (*collector, string) {
	t.Helper()
	c := &collector{refusals: refusals, identity: map[string]string{}}
	server := grpc.NewServer()
	metricscollector.RegisterMetricsServiceServer(server, c)
	tracecollector.RegisterTraceServiceServer(server, spanService{c})
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return c, listener.Addr().String()
}

func accept(context.Context, *event.Message) error { return nil }

// TestExport sends metrics and spans to a real OTLP server, under the names that
// /metrics has.
func TestExport(t *testing.T) {
	t.Parallel()
	c, address := listen(t, 0)
	watch, err := Open(t.Context(), Config{Export: address, Service: "nightwire-rows", Interval: time.Hour}, "p", names.ZTF, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	stage := watch.Stage("rows")
	_ = stage.Watch(accept)(t.Context(), raw(t, true))
	if c.exports != 0 {
		t.Error("sent before the interval had passed")
	}
	if err := watch.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nightwire_alerts_total", "nightwire_latency_seconds", "nightwire_bytes_total"} {
		if !slices.Contains(c.metrics, name) {
			t.Errorf("metric %s is not among those sent: %v", name, c.metrics)
		}
	}
	if !slices.Equal(c.spans, []string{"connector", "rows"}) {
		t.Errorf("spans are %v", c.spans)
	}
	if c.identity["service.name"] != "nightwire-rows" || c.identity["gcp.project_id"] != "p" || c.identity["service.instance.id"] == "" {
		t.Errorf("sent as %v", c.identity)
	}
}

// TestExportWithinAnEvent has each event find that the interval has passed: what
// it counted has arrived when it ends, and a collector that refuses harms none.
func TestExportWithinAnEvent(t *testing.T) {
	t.Parallel()
	c, address := listen(t, 1)
	watch, err := Open(t.Context(), Config{Export: address, Service: "s"}, "p", names.ZTF, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	handle := watch.Stage("rows").Watch(accept)
	for event, exported := range []bool{false, true} {
		if err := handle(t.Context(), raw(t, false)); err != nil {
			t.Errorf("event %d: %v", event, err)
		}
		if got := slices.Contains(c.metrics, "nightwire_alerts_total"); got != exported {
			t.Errorf("after event %d, metrics have arrived: %v, want %v", event, got, exported)
		}
	}
	if err := watch.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestExportOfACertificate has the certificate's time arrive with its event,
// however short the interval since the last export: a night has no other.
func TestExportOfACertificate(t *testing.T) {
	t.Parallel()
	c, address := listen(t, 0)
	watch, err := Open(t.Context(), Config{Export: address, Service: "nightwire-night", Interval: time.Hour}, "p", names.ZTF, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	handle := watch.Stage("night").Watch(func(ctx context.Context, _ *event.Message) error {
		Certified(ctx, time.Now(), map[string]int{"rows": 0})
		return nil
	})
	if err := handle(t.Context(), raw(t, false)); err != nil {
		t.Error(err)
	}
	if !slices.Contains(c.sent(), "nightwire_certificate_timestamp_seconds") {
		t.Errorf("the certificate's time has not arrived: %v", c.sent())
	}
	if err := watch.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestSender sends a registry's metrics every interval, and once more when it is
// stopped. A collector that refuses harms nobody.
func TestSender(t *testing.T) {
	t.Parallel()
	c, address := listen(t, 1)
	registry := prometheus.NewRegistry()
	lag := prometheus.NewGauge(prometheus.GaugeOpts{Name: "nightwire_connector_lag_records"})
	registry.MustRegister(lag)
	s, err := NewSender(t.Context(), Config{Export: address, Interval: time.Millisecond, Service: "nightwire-connector"}, "p", registry, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.Run(ctx)
	}()
	for len(c.sent()) == 0 {
		runtime.Gosched()
	}
	late := prometheus.NewCounter(prometheus.CounterOpts{Name: "nightwire_connector_commits_total"})
	registry.MustRegister(late)
	stop()
	<-stopped
	for _, name := range []string{"nightwire_connector_lag_records", "nightwire_connector_commits_total"} {
		if !slices.Contains(c.sent(), name) {
			t.Errorf("metric %s is not among those sent: %v", name, c.sent())
		}
	}
	if c.identity["service.name"] != "nightwire-connector" {
		t.Errorf("sent as %v", c.identity)
	}
}

// TestSenderWithoutCollector returns at once.
func TestSenderWithoutCollector(t *testing.T) {
	t.Parallel()
	for _, export := range []string{Off, Log} {
		s, err := NewSender(t.Context(), Config{Export: export}, "p", prometheus.NewRegistry(), slog.Default())
		if err != nil {
			t.Fatal(err)
		}
		s.Run(t.Context())
	}
}

// BenchmarkEvent is what watching costs an event. The stage reads the object of
// a notification, as the functions do; it is read before, and costs nothing here.
func BenchmarkEvent(b *testing.B) {
	metadata := map[string]string{"objectId": "ZTF18abcdefg", "candid": "1234567890123456789"}
	record().Attributes(metadata)
	cases := []struct {
		name    string
		message *event.Message
		export  string
	}{
		{"raw, off", raw(b, false), Off},
		{"notification, off", notification(b, metadata), Off},
		{"raw, on", raw(b, false), Log},
		{"notification, on", notification(b, metadata), Log},
		{"raw, on and traced", raw(b, true), Log},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			watch, _ := open(b, c.export)
			handle := watch.Stage("rows").Watch(func(_ context.Context, m *event.Message) error {
				if m.IsNotification() {
					_, _, _ = m.Object()
				}
				return nil
			})
			b.ReportAllocs()
			for b.Loop() {
				_ = handle(b.Context(), c.message)
			}
		})
	}
}
