package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"nightwire.dev/infra/local/conformance"
	"nightwire.dev/infra/local/kafka"
)

// metadataAge is how often a client looks for topics that match its pattern.
const metadataAge = 100 * time.Millisecond

// broker is a broker's address, and names of a case's own on it.
type broker struct{ address, topic, group string }

// create makes the broker's topic.
func (b broker) create(t *testing.T, partitions int32) {
	t.Helper()
	request := kmsg.NewPtrCreateTopicsRequest()
	request.TimeoutMillis = 10_000
	made := kmsg.NewCreateTopicsRequestTopic()
	made.Topic, made.NumPartitions, made.ReplicationFactor = b.topic, partitions, -1
	request.Topics = append(request.Topics, made)
	client := newClient(t, b.address)
	response, err := request.RequestWith(deadline(t), client)
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(response.Topics[0].ErrorCode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.remove(t) })
}

// remove deletes the broker's topic.
func (b broker) remove(t *testing.T) error {
	t.Helper()
	request := kmsg.NewPtrDeleteTopicsRequest()
	request.TimeoutMillis = 10_000
	gone := kmsg.NewDeleteTopicsRequestTopic()
	gone.Topic = &b.topic
	request.Topics, request.TopicNames = append(request.Topics, gone), []string{b.topic}
	client, err := kgo.NewClient(kgo.SeedBrokers(b.address), kgo.DisableClientMetrics())
	if err != nil {
		return err
	}
	defer client.Close()
	response, err := request.RequestWith(deadline(t), client)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(response.Topics[0].ErrorCode)
}

// fill writes numbered records to one partition.
func (b broker) fill(t *testing.T, n int) {
	t.Helper()
	writer := newClient(t, b.address, kgo.DefaultProduceTopic(b.topic), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for i := range n {
		if err := writer.ProduceSync(deadline(t), &kgo.Record{Key: fmt.Append(nil, i)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// listOffset asks for the offset of the first record, of the last, or of a time.
func (b broker) listOffset(t *testing.T, at int64) int64 {
	t.Helper()
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID = -1
	asked := kmsg.NewListOffsetsRequestTopic()
	asked.Topic = b.topic
	partition := kmsg.NewListOffsetsRequestTopicPartition()
	partition.Timestamp = at
	asked.Partitions = append(asked.Partitions, partition)
	request.Topics = append(request.Topics, asked)
	response, err := request.RequestWith(deadline(t), newClient(t, b.address))
	if err != nil {
		t.Fatal(err)
	}
	answer := response.Topics[0].Partitions[0]
	if err := kerr.ErrorForCode(answer.ErrorCode); err != nil {
		t.Fatal(err)
	}
	return answer.Offset
}

// TestConformance asks for the behaviours of Kafka that the connector and the
// feeder count on.
func TestConformance(t *testing.T) {
	t.Parallel()
	conformance.Run(t, os.Getenv("CONFORMANCE_KAFKA"), func(t *testing.T, remote string) broker {
		t.Helper()
		names := broker{remote, "nightwire-topic-" + conformance.Suffix(), "nightwire-group-" + conformance.Suffix()}
		if remote == "" {
			names.address = open(t, kafka.Options{Dir: t.TempDir(), Partitions: partitions}).Address()
		}
		return names
	}, []conformance.Case[broker]{
		{Name: "a record arrives whole", Check: testRecord,
			Says: "Key, value, headers and timestamp arrive as sent; offsets of a partition go up by one from 0."},
		{Name: "a large record", Local: "its limit is for its operator to set", Check: testLargeRecord,
			Says: "message.max.bytes bounds a batch; here it is far above an alert."},
		{Name: "offsets are listed", Check: testListOffsets,
			Says: "ListOffsets answers a partition's first offset, the one after its last, and the first at or after a time."},
		{Name: "a group goes on where it committed", Check: testGroup,
			Says: "A member that joins later reads from the committed offset; what was not committed comes again."},
		{Name: "a group shares the partitions", Check: testShare,
			Says: "Each partition is one member's; when a member leaves, the others take its partitions over."},
		{Name: "a pattern finds new topics", Check: testPattern,
			Says: "Who subscribes to a pattern gets topics that are made later."},
		{Name: "a topic that is there", Check: testTopicExists,
			Says: "CreateTopics of a name that is taken is TOPIC_ALREADY_EXISTS; a deleted topic is UNKNOWN_TOPIC_OR_PARTITION."},
	})
}

func testRecord(t *testing.T, b broker) {
	b.create(t, 1)
	sent := &kgo.Record{
		Topic: b.topic, Key: []byte("ZTF21abiuvdk"), Value: []byte{0, 0xff, '\n'},
		Headers: []kgo.RecordHeader{{Key: "schema", Value: []byte("4.02")}, {Key: "empty"}},
	}
	writer := newClient(t, b.address)
	for range 2 {
		again := *sent
		if err := writer.ProduceSync(deadline(t), &again).FirstErr(); err != nil {
			t.Fatal(err)
		}
		sent.Timestamp = again.Timestamp
	}
	reader := newClient(t, b.address, kgo.ConsumeTopics(b.topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	var got []*kgo.Record
	for len(got) < 2 {
		fetches := reader.PollFetches(deadline(t))
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		got = append(got, fetches.Records()...)
	}
	if got[0].Offset != 0 || got[1].Offset != 1 {
		t.Errorf("offsets %d and %d", got[0].Offset, got[1].Offset)
	}
	last := got[1]
	headers := cmp.Diff([]string{"schema=4.02", "empty="}, []string{
		last.Headers[0].Key + "=" + string(last.Headers[0].Value), last.Headers[1].Key + "=" + string(last.Headers[1].Value),
	})
	if string(last.Key) != string(sent.Key) || string(last.Value) != string(sent.Value) || headers != "" ||
		last.Timestamp.UnixMilli() != sent.Timestamp.UnixMilli() {
		t.Errorf("sent %+v, got %+v", sent, last)
	}
}

func testLargeRecord(t *testing.T, b broker) {
	const size = 12 << 20
	b.create(t, 1)
	writer := newClient(t, b.address, kgo.DefaultProduceTopic(b.topic), kgo.ProducerBatchMaxBytes(size+1<<20))
	if err := writer.ProduceSync(deadline(t), &kgo.Record{Key: []byte("large"), Value: make([]byte, size)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func testListOffsets(t *testing.T, b broker) {
	const first, end = -2, -1 // the protocol's marks
	b.create(t, 1)
	if low, high := b.listOffset(t, first), b.listOffset(t, end); low != 0 || high != 0 {
		t.Errorf("offsets of an empty topic: %d to %d", low, high)
	}
	b.fill(t, 3)
	if low, high := b.listOffset(t, first), b.listOffset(t, end); low != 0 || high != 3 {
		t.Errorf("offsets %d to %d, want 0 to 3", low, high)
	}
	if at := b.listOffset(t, 1); at != 0 {
		t.Errorf("offset of a time before all records: %d", at)
	}
}

func testGroup(t *testing.T, b broker) {
	b.create(t, 1)
	b.fill(t, 6)
	join := func() *kgo.Client {
		return newClient(t, b.address, kgo.ConsumerGroup(b.group), kgo.ConsumeTopics(b.topic),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	}
	first := join()
	var read []*kgo.Record
	for len(read) < 6 {
		fetches := first.PollFetches(deadline(t))
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		read = append(read, fetches.Records()...)
	}
	if err := first.CommitRecords(deadline(t), read[:4]...); err != nil {
		t.Fatal(err)
	}
	first.Close()
	if diff := cmp.Diff(map[string]int{"4": 1, "5": 1}, consume(t, join(), 2)); diff != "" {
		t.Errorf("after the committed offset (-want +got):\n%s", diff)
	}
}

func testShare(t *testing.T, b broker) {
	b.create(t, 2)
	assigned := make(chan int, 100)
	join := func(report bool) *kgo.Client {
		client := newClient(t, b.address, kgo.ConsumerGroup(b.group), kgo.ConsumeTopics(b.topic), kgo.DisableAutoCommit(),
			kgo.Balancers(kgo.RangeBalancer()),
			kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
				if report {
					assigned <- len(topics[b.topic])
				}
			}))
		go client.PollFetches(deadline(t)) // joins; there is nothing to read
		return client
	}
	await := func(want int) {
		t.Helper()
		ctx := deadline(t)
		for {
			select {
			case n := <-assigned:
				if n == want {
					return
				}
			case <-ctx.Done():
				t.Fatalf("the member was never assigned %d partitions", want)
			}
		}
	}
	join(true)
	await(2)
	other := join(false)
	await(1)
	other.Close()
	await(2)
}

func testPattern(t *testing.T, b broker) {
	pattern := "^" + b.topic + "-night[0-9]$"
	reader := newClient(t, b.address, kgo.ConsumeRegex(), kgo.ConsumeTopics(pattern), kgo.MetadataMaxAge(metadataAge),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for i := range 2 {
		night := broker{b.address, fmt.Sprintf("%s-night%d", b.topic, i), b.group}
		night.create(t, 1)
		night.fill(t, 1)
		if diff := cmp.Diff(map[string]int{"0": 1}, consume(t, reader, 1)); diff != "" {
			t.Errorf("night %d (-want +got):\n%s", i, diff)
		}
	}
}

func testTopicExists(t *testing.T, b broker) {
	b.create(t, 1)
	request := kmsg.NewPtrCreateTopicsRequest()
	again := kmsg.NewCreateTopicsRequestTopic()
	again.Topic, again.NumPartitions, again.ReplicationFactor = b.topic, 1, -1
	request.Topics = append(request.Topics, again)
	response, err := request.RequestWith(deadline(t), newClient(t, b.address))
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(response.Topics[0].ErrorCode); !errors.Is(err, kerr.TopicAlreadyExists) {
		t.Errorf("create again: %v", err)
	}
	if err := b.remove(t); err != nil {
		t.Fatal(err)
	}
	if err := b.remove(t); !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("remove again: %v", err)
	}
}
