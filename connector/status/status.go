// Package status shows how the connector is doing: /healthz, /readyz,
// Prometheus /metrics, and /offsets, which says what Kafka offered and what was
// read since the process started. /offsets is for people and their programs. The
// same account, by night, is what the relay reports to the watermarks topic, by
// which the certificate of a night learns how far Kafka went.
//
// The relay and the publisher of each stream report to that stream's Stream;
// the HTTP handler reads from all. Nothing here blocks the flow of records.
package status

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nightwire.dev/shared/names"
)

// Board is the process's status.
type Board struct {
	registry *prometheus.Registry
	metrics  *metrics
	mu       sync.Mutex
	streams  []*Stream
}

// NewBoard makes an empty board.
func NewBoard() *Board {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &Board{registry: registry, metrics: newMetrics(registry)}
}

// Stream adds a stream to the board. It is not ready until it says so.
func (b *Board) Stream(stream names.Stream, group string) *Stream {
	s := newStream(stream, group, b.metrics)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.streams = append(b.streams, s)
	return s
}

// Metrics are what /metrics shows.
func (b *Board) Metrics() prometheus.Gatherer { return b.registry }

// Handler serves the endpoints.
func (b *Board) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "alive")
	})
	mux.HandleFunc("GET /readyz", b.serveReady)
	mux.HandleFunc("GET /offsets", b.serveOffsets)
	mux.Handle("GET /metrics", promhttp.HandlerFor(b.registry, promhttp.HandlerOpts{}))
	return mux
}

func (b *Board) all() []*Stream {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*Stream(nil), b.streams...)
}

// serveReady answers 200 if every stream is ready, 503 if not, and in both
// cases a line a stream.
func (b *Board) serveReady(w http.ResponseWriter, _ *http.Request) {
	code := http.StatusOK
	var text strings.Builder
	for _, s := range b.all() {
		ready, note := s.Ready()
		word := "ready"
		if !ready {
			word, code = "not ready", http.StatusServiceUnavailable
		}
		fmt.Fprintf(&text, "%s: %s: %s\n", s.name, word, note)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	fmt.Fprint(w, text.String())
}

func (b *Board) serveOffsets(w http.ResponseWriter, _ *http.Request) {
	report := Report{Streams: []StreamReport{}}
	for _, s := range b.all() {
		report.Streams = append(report.Streams, s.report())
	}
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	// An error here is the client's going away: there is no one left to tell.
	_ = encoder.Encode(report)
}
