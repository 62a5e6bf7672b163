package relay

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	grpcstatus "google.golang.org/grpc/status"

	"nightwire.dev/connector/config"
	"nightwire.dev/connector/publish"
	"nightwire.dev/connector/status"
	"nightwire.dev/connector/topics"
	"nightwire.dev/shared/names"
)

var resources = names.Resources{Project: "test", Stream: names.ZTF}

const group = "nightwire-ztf"

// stand is a Kafka and a Pub/Sub on loopback, for one test.
type stand struct {
	t       *testing.T
	kafka   *kfake.Cluster
	pubsub  *pstest.Server
	client  *pubsub.Client
	refusal *refusal
}

// refusal decides which publish requests fail: by one rule those of records and
// notices, by the other those of reports.
type refusal struct {
	mu            sync.Mutex
	rule, reports func(*pubsubpb.PublishRequest) error
}

func (r *refusal) set(rule func(*pubsubpb.PublishRequest) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rule = rule
}

func (r *refusal) setReports(rule func(*pubsubpb.PublishRequest) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports = rule
}

// React is pstest's hook.
func (r *refusal) React(request any) (bool, any, error) {
	publish := request.(*pubsubpb.PublishRequest)
	r.mu.Lock()
	rule := r.rule
	if publish.GetTopic() == resources.TopicPath(resources.WatermarksTopic()) {
		rule = r.reports
	}
	r.mu.Unlock()
	if rule == nil {
		return false, nil, nil
	}
	err := rule(publish)
	return err != nil, &pubsubpb.PublishResponse{}, err
}

func newStand(t *testing.T, options ...kfake.Opt) *stand {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	s := &stand{t: t, kafka: cluster, refusal: new(refusal)}
	s.pubsub = pstest.NewServer(pstest.ServerReactorOption{FuncName: "Publish", Reactor: s.refusal})
	t.Cleanup(func() { _ = s.pubsub.Close() })
	s.client, err = pubsub.NewClient(t.Context(), resources.Project,
		option.WithEndpoint(s.pubsub.Addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.client.Close() })
	for _, topic := range []string{resources.RawTopic(), resources.DeadLetterTopic(), resources.WatermarksTopic()} {
		if _, err := s.client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: resources.TopicPath(topic)}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// stream is a configuration that suits the stand: quick, and of every night.
func (s *stand) stream() config.Stream {
	window, err := topics.ParseWindow("all")
	if err != nil {
		s.t.Fatal(err)
	}
	return config.Stream{
		Stream:              names.ZTF,
		Topics:              []topics.Pattern{"ztf_{date}_programid1"},
		Nights:              window,
		TopicRefresh:        50 * time.Millisecond,
		CommitInterval:      20 * time.Millisecond,
		ReportInterval:      50 * time.Millisecond,
		MaxOutstandingBytes: 32 << 20,
		Kafka: config.Kafka{
			BootstrapServers: strings.Join(s.kafka.ListenAddrs(), ","),
			GroupID:          group,
			SecurityProtocol: "PLAINTEXT",
			Properties: config.Properties{
				"session.timeout.ms":    "60000", // nobody dies here
				"heartbeat.interval.ms": "100",
				"fetch.wait.max.ms":     "50",
			},
		},
	}
}

// running is a relay at work.
type running struct {
	board *status.Board
	stop  func() // drains and waits
}

func (s *stand) start(stream config.Stream) *running {
	s.t.Helper()
	board := status.NewBoard()
	relay := New(s.client, resources, stream, time.Minute, board)
	relay.publisher = publish.New(s.client, resources, publish.Settings{
		MaxOutstandingBytes: stream.MaxOutstandingBytes,
		LongestPause:        500 * time.Millisecond,
		ReportTimeout:       5 * time.Second,
	}, relay.status)
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.t.Context()))
	done := make(chan error, 1)
	go func() { done <- relay.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("relay: %v", err)
		}
	})
	s.t.Cleanup(stop)
	return &running{board: board, stop: stop}
}

func (r *running) get(path string) (code int, body string) {
	recorder := httptest.NewRecorder()
	r.board.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil))
	return recorder.Code, recorder.Body.String()
}

// value reads the ztf stream's series of a metric without other labels.
func (r *running) value(metric string) float64 {
	_, body := r.get("/metrics")
	for line := range strings.Lines(body) {
		if text, ok := strings.CutPrefix(line, metric+`{stream="ztf"} `); ok {
			value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err == nil {
				return value
			}
		}
	}
	return -1
}

func (s *stand) createTopic(name string, partitions int32) {
	s.t.Helper()
	if err := s.kafka.CreateTopic(name, partitions, map[string]string{"max.message.bytes": "20000000"}); err != nil {
		s.t.Fatal(err)
	}
}

// produce appends values to a partition.
func (s *stand) produce(topic string, partition int32, values ...[]byte) {
	s.t.Helper()
	producer, err := kgo.NewClient(kgo.SeedBrokers(s.kafka.ListenAddrs()...),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(20_000_000))
	if err != nil {
		s.t.Fatal(err)
	}
	defer producer.Close()
	var records []*kgo.Record
	for _, v := range values {
		records = append(records, &kgo.Record{Topic: topic, Partition: partition, Value: v, Timestamp: time.UnixMilli(1700000000123)})
	}
	if err := producer.ProduceSync(s.t.Context(), records...).FirstErr(); err != nil {
		s.t.Fatal(err)
	}
}

// commit sets the group's offset of a partition, as an earlier process would.
func (s *stand) commit(topic string, partition int32, offset int64) {
	s.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(s.kafka.ListenAddrs()...))
	if err != nil {
		s.t.Fatal(err)
	}
	defer client.Close()
	request := kmsg.NewPtrOffsetCommitRequest()
	request.Group = group
	request.Generation = -1
	t := kmsg.NewOffsetCommitRequestTopic()
	t.Topic = topic
	t.TopicID = s.kafka.TopicInfo(topic).TopicID
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Partition, p.Offset = partition, offset
	t.Partitions = append(t.Partitions, p)
	request.Topics = append(request.Topics, t)
	if _, err := request.RequestWith(s.t.Context(), client); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "the commit made by hand", func() bool { return s.committed(topic, partition) == offset })
}

// numbered makes n values that differ.
func numbered(n int) [][]byte {
	values := make([][]byte, n)
	for i := range values {
		values[i] = fmt.Appendf(nil, "Obj\x01 alert %d", i)
	}
	return values
}

// in are the messages of a Pub/Sub topic so far.
func (s *stand) in(topic string) []*pstest.Message {
	var found []*pstest.Message
	for _, m := range s.pubsub.Messages() {
		if m.Topic == resources.TopicPath(topic) {
			found = append(found, m)
		}
	}
	return found
}

// distinct counts the Kafka records among the raw messages.
func (s *stand) distinct() int {
	seen := map[string]bool{}
	for _, m := range s.in(resources.RawTopic()) {
		seen[m.Attributes["kafka.topic"]+"/"+m.Attributes["kafka.partition"]+"/"+m.Attributes["kafka.offset"]] = true
	}
	return len(seen)
}

// committed is the group's offset of a partition, -1 without one.
func (s *stand) committed(topic string, partition int32) int64 {
	info := s.kafka.GroupInfo(group)
	if info == nil {
		return -1
	}
	commit, ok := info.Commits[topic][partition]
	if !ok {
		return -1
	}
	return commit.Offset
}

// eventually waits for the condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not in time: %s", what)
		}
	}
}

func offsetOf(t *testing.T, m *pubsubpb.PubsubMessage) int64 {
	t.Helper()
	offset, err := strconv.ParseInt(m.GetAttributes()["kafka.offset"], 10, 64)
	if err != nil {
		t.Error(err)
	}
	return offset
}

// refuseTopic makes Pub/Sub refuse all publishes to one topic.
func (s *stand) refuseTopic(topic string) {
	s.refusal.set(func(request *pubsubpb.PublishRequest) error {
		if request.GetTopic() == resources.TopicPath(topic) {
			return grpcstatus.Error(codes.PermissionDenied, "closed")
		}
		return nil
	})
}
