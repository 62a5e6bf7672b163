package relay

import (
	"context"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/connector/publish"
	board "nightwire.dev/connector/status"
)

// TestNewSessionKeepsTheAccount shows its state before it knows any topic: what
// the session before it has read is still to be reported.
func TestNewSessionKeepsTheAccount(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	r := New(s.client, resources, s.stream(), time.Second, board.NewBoard())
	t.Cleanup(func() { r.stopPublisher(context.Background()) })
	at := offsets.Place{Topic: night}
	r.status.Seen(board.Partition{Topic: night})
	x := &session{relay: r, work: context.Background()}
	x.show()
	if _, ok := r.status.Last(at); !ok {
		t.Error("the account is gone before the topics are listed")
	}
	x.subscribed = []string{}
	x.show()
	if _, ok := r.status.Last(at); ok {
		t.Error("the account is there though its topic is not")
	}
}

// TestWaitingRecordsGoWithTheirPartition fills the room for records and takes
// one of two partitions away. Its record that was waiting must not enter the
// account of a later assignment, which starts before it; the other's stays.
func TestWaitingRecordsGoWithTheirPartition(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.refusal.set(func(*pubsubpb.PublishRequest) error { return status.Error(codes.PermissionDenied, "closed") })
	value := []byte("an alert")
	r := New(s.client, resources, s.stream(), time.Second, board.NewBoard())
	r.publisher = publish.New(s.client, resources, publish.Settings{
		MaxOutstandingBytes: 1<<10 + int64(len(value)), LongestPause: time.Second, // room for one
	}, r.status)
	t.Cleanup(func() {
		s.refusal.set(nil)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.publisher.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	x := &session{relay: r, work: context.Background(), partitions: map[offsets.Place]*partition{}}
	for number := range int32(2) {
		x.open(offsets.Place{Topic: night, Partition: number}, startAt(90, bounds{0, 200}), bounds{0, 200})
	}
	read := func(number int32, offset kafka.Offset) {
		topic := night
		x.take(&kafka.Message{
			TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: number, Offset: offset},
			Value:          value, Timestamp: time.Now(),
		})
	}
	read(0, 90)
	read(0, 91)
	read(1, 90)
	if len(x.waiting) != 2 {
		t.Fatalf("%d records wait for room, want 2", len(x.waiting))
	}
	x.giveUp([]*partition{x.partitions[offsets.Place{Topic: night, Partition: 0}]})
	if len(x.waiting) != 1 || x.waiting[0].TopicPartition.Partition != 1 {
		t.Errorf("waiting are %v, want the record of partition 1 alone", x.waiting)
	}
	if len(x.partitions) != 1 {
		t.Errorf("%d partitions are ours, want 1", len(x.partitions))
	}
}
