package pubsub_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	pubsubclient "cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
)

// alertBytes is the usual size of a ZTF alert.
const alertBytes = 71_000

func alertMessage() *pubsubpb.PubsubMessage {
	data := make([]byte, alertBytes)
	for i := range data {
		data[i] = byte(i * 7)
	}
	return &pubsubpb.PubsubMessage{Data: data, Attributes: map[string]string{
		"stream": "ztf", "encoding": "ocf", "kafka.topic": "ztf_20261121_programid1",
		"kafka.partition": "3", "kafka.offset": "123456", "kafka.timestamp": "1795300000000",
	}}
}

// start begins the measurement; what it returns ends it.
func start(b *testing.B) (report func()) {
	b.ReportAllocs()
	b.SetBytes(alertBytes)
	b.ResetTimer()
	before := processTime(b)
	return func() {
		b.StopTimer()
		b.ReportMetric(float64((processTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/msg")
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msgs/s")
	}
}

// BenchmarkPublish is the official client's publisher, as the connector uses it.
func BenchmarkPublish(b *testing.B) {
	h := newHouse(b)
	h.topic(h.alerts)
	publisher := h.client.Publisher(h.alerts)
	defer publisher.Stop()
	m := alertMessage()
	defer start(b)()
	var results []*pubsubclient.PublishResult
	for range b.N {
		results = append(results, publisher.Publish(b.Context(), &pubsubclient.Message{Data: m.GetData(), Attributes: m.GetAttributes()}))
		if len(results) > 500 {
			if _, err := results[0].Get(b.Context()); err != nil {
				b.Fatal(err)
			}
			results = results[1:]
		}
	}
	for _, r := range results {
		if _, err := r.Get(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// fill publishes the benchmark's backlog.
func fill(b *testing.B, h *house) {
	m := alertMessage()
	for range b.N {
		h.send(h.alerts, m)
	}
}

// BenchmarkReceive drains a backlog with the official client.
func BenchmarkReceive(b *testing.B) {
	h := newHouse(b)
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	fill(b, h)
	ctx, stop := context.WithCancel(b.Context())
	var n atomic.Int64
	defer start(b)()
	err := h.client.Subscriber(h.archive).Receive(ctx, func(_ context.Context, m *pubsubclient.Message) {
		m.Ack()
		if n.Add(1) == int64(b.N) {
			stop()
		}
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkPush drains a backlog into a handler that reads the body and does
// no more. Handler and server share the process, and so the figures.
func BenchmarkPush(b *testing.B) {
	h := newHouse(b)
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			b.Error(err)
		}
	}))
	defer sink.Close()
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	fill(b, h)
	defer start(b)()
	h.pushElsewhere(sink.URL)
	h.settled()
}

// processTime is the CPU time that this process has used.
func processTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
