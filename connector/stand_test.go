package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/grpc"

	"nightwire.dev/shared/names"
	"nightwire.dev/shared/watermark"
)

// sink is a Pub/Sub that remembers which Kafka records it has, and none of
// their bytes. Past its limit it answers nothing.
type sink struct {
	pubsubpb.UnimplementedPublisherServer
	address string
	mu      sync.Mutex
	changed *sync.Cond
	seen    map[string]bool
	limit   int
	reports []watermark.Report // for which it has no limit
}

func newSink(tb testing.TB, limit int) *sink {
	tb.Helper()
	s := &sink{seen: map[string]bool{}, limit: limit}
	s.changed = sync.NewCond(&s.mu)
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s.address = listener.Addr().String()
	server := grpc.NewServer(grpc.MaxRecvMsgSize(16 << 20))
	pubsubpb.RegisterPublisherServer(server, s)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	tb.Cleanup(func() {
		s.raise(1 << 30)
		server.Stop()
		if err := <-served; err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Publish is the only call that the connector makes.
func (s *sink) Publish(ctx context.Context, request *pubsubpb.PublishRequest) (*pubsubpb.PublishResponse, error) {
	response := &pubsubpb.PublishResponse{}
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasSuffix(request.GetTopic(), "-watermarks") {
		for _, m := range request.GetMessages() {
			r, err := watermark.Parse(m.GetData(), names.ZTF)
			if err != nil {
				return nil, err
			}
			s.reports = append(s.reports, r)
			response.MessageIds = append(response.MessageIds, "report "+strconv.Itoa(len(s.reports)))
		}
		return response, nil
	}
	for len(s.seen) >= s.limit {
		s.changed.Wait()
	}
	if ctx.Err() != nil { // of a process that has been killed meanwhile
		return nil, ctx.Err()
	}
	for _, m := range request.GetMessages() {
		a := m.GetAttributes()
		s.seen[a["kafka.partition"]+"/"+a["kafka.offset"]] = true
		response.MessageIds = append(response.MessageIds, strconv.Itoa(len(s.seen)))
	}
	s.changed.Broadcast()
	return response, nil
}

// await returns once n different records are there.
func (s *sink) await(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.seen) < n {
		s.changed.Wait()
	}
}

func (s *sink) raise(limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit
	s.changed.Broadcast()
}

// newKafka is a cluster with one night in two partitions, n records of a size
// in all.
func newKafka(tb testing.TB, n, size int) *kfake.Cluster {
	tb.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, night),
		kfake.GroupMinSessionTimeout(time.Second))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(cluster.Close)
	produce(tb, cluster, n, size)
	return cluster
}

// produce appends n records of a size to the night.
func produce(tb testing.TB, cluster *kfake.Cluster, n, size int) {
	tb.Helper()
	producer, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		tb.Fatal(err)
	}
	defer producer.Close()
	value := bytes.Repeat([]byte("Obj\x01"), size/4)
	for i := range n {
		producer.Produce(tb.Context(), &kgo.Record{Topic: night, Partition: int32(i % 2), Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				tb.Error(err)
			}
		})
	}
	if err := producer.Flush(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

// connector is a process.
type connector struct {
	*exec.Cmd
	address string
	log     bytes.Buffer
}

// freePort finds a port below those that the system gives to whoever asks for
// any, so that nobody has got it by the time that the connector listens.
func freePort(tb testing.TB) string {
	tb.Helper()
	for {
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			continue // taken
		}
		if err := listener.Close(); err != nil {
			tb.Fatal(err)
		}
		return port
	}
}

func startConnector(tb testing.TB, cluster *kfake.Cluster, to *sink, properties ...string) *connector {
	tb.Helper()
	port := freePort(tb)
	c := &connector{Cmd: exec.CommandContext(tb.Context(), os.Args[0]), address: net.JoinHostPort("127.0.0.1", port)}
	c.Env = []string{
		asConnector + "=1",
		"PUBSUB_EMULATOR_HOST=" + to.address,
		"GOOGLE_CLOUD_PROJECT=test",
		"NIGHTWIRE_STREAM=ztf",
		"NIGHTWIRE_HOST=127.0.0.1",
		"PORT=" + port,
		"KAFKA_BOOTSTRAP_SERVERS=" + strings.Join(cluster.ListenAddrs(), ","),
		"KAFKA_NIGHTS=all",
		"KAFKA_TOPIC_REFRESH=100ms",
		"KAFKA_COMMIT_INTERVAL=20ms",
		"KAFKA_REPORT_INTERVAL=20ms",
		// A killed member is missed sooner.
		"KAFKA_PROPERTIES=" + strings.Join(append(properties, "session.timeout.ms=3000", "heartbeat.interval.ms=100"), ","),
	}
	c.Stderr = &c.log
	if err := c.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = c.Process.Kill() // it may have ended already
		_ = c.Wait()
		if tb.Failed() {
			tb.Logf("connector's log:\n%s", &c.log)
		}
	})
	return c
}

func (c *connector) kill(tb testing.TB) {
	tb.Helper()
	if err := c.Process.Kill(); err != nil {
		tb.Fatal(err)
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) {
		tb.Fatalf("after SIGKILL: %v", err)
	}
}

// terminate sends SIGTERM and wants a clean end.
func (c *connector) terminate(tb testing.TB) {
	tb.Helper()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		tb.Fatalf("after SIGTERM: %v", err)
	}
}

// peakMiB is the most memory that the process has had, as Linux counts it.
func (c *connector) peakMiB(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
	if err != nil {
		b.Skip("peak memory is read from Linux's /proc")
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib / 1024
		}
	}
	return 0
}
