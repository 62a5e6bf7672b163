package main

import (
	"bytes"
	"net"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"nightwire.dev/connector/config"
)

// exports are the requests that an OTLP collector has got: their bytes, by the
// name of the method.
type exports struct {
	mu   sync.Mutex
	sent map[string][]byte
}

// take answers any request.
func (e *exports) take(_ any, stream grpc.ServerStream) error {
	var request emptypb.Empty // keeps what it does not know
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	method, _ := grpc.MethodFromServerStream(stream)
	e.mu.Lock()
	e.sent[method] = request.ProtoReflect().GetUnknown()
	e.mu.Unlock()
	return stream.SendMsg(new(emptypb.Empty))
}

// TestTell stops a connector that was told to send its metrics: what they were at
// the end has arrived.
func TestTell(t *testing.T) {
	t.Parallel()
	collector := &exports{sent: map[string][]byte{}}
	server := grpc.NewServer(grpc.UnknownServiceHandler(collector.take))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()

	registry := prometheus.NewRegistry()
	ready := prometheus.NewGauge(prometheus.GaugeOpts{Name: "nightwire_connector_ready"})
	registry.MustRegister(ready)
	stop, err := tell(t.Context(), &config.Config{Project: "p", Telemetry: listener.Addr().String()}, registry)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	const method = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
	collector.mu.Lock()
	defer collector.mu.Unlock()
	for _, part := range []string{"nightwire_connector_ready", "nightwire-connector"} {
		if !bytes.Contains(collector.sent[method], []byte(part)) {
			t.Errorf("%q was not sent: %q", part, collector.sent)
		}
	}
}
