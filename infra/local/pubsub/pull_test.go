package pubsub_test

import (
	"context"
	"sync"
	"testing"

	pubsubclient "cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func testSubscriptionBeginsAtItsCreation(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.publish(h.alerts, "before")
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, "between")
	h.subscribe(&pubsubpb.Subscription{Name: h.keeper, Topic: h.alerts})
	h.publish(h.alerts, "after")

	if diff := cmp.Diff([]string{"between", "after"}, texts(h.pull(h.archive, 2))); diff != "" {
		t.Errorf("archive (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"after"}, texts(h.pull(h.keeper, 1))); diff != "" {
		t.Errorf("keeper (-want +got):\n%s", diff)
	}
}

func testMessageArrivesWhole(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	sent := &pubsubpb.PubsubMessage{
		Data:        []byte{0, 0xff, '\n', '"'},
		Attributes:  map[string]string{"stream": "ztf", "empty": "", "kafka.offset": "17", "note": "\r\n\"ü\""},
		OrderingKey: "ZTF24aaaaaaa",
	}
	ids := h.send(h.alerts, sent)
	got := h.pull(h.archive, 1)[0]
	want := &pubsubpb.PubsubMessage{Data: sent.GetData(), Attributes: sent.GetAttributes(), OrderingKey: sent.GetOrderingKey(), MessageId: ids[0]}
	if diff := cmp.Diff(want, got.GetMessage(),
		cmpopts.IgnoreUnexported(pubsubpb.PubsubMessage{}), cmpopts.IgnoreFields(pubsubpb.PubsubMessage{}, "PublishTime")); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if got.GetMessage().GetPublishTime() == nil {
		t.Error("no publish time")
	}
	if got.GetDeliveryAttempt() != 0 {
		t.Errorf("delivery attempt %d without a dead-letter policy", got.GetDeliveryAttempt())
	}
}

func testRefusedMessageComesAgain(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, "kept", "refused")
	first := h.pull(h.archive, 2)
	h.acknowledge(h.archive, first[0])
	h.refuse(h.archive, first[1])
	again := h.pull(h.archive, 1)
	if diff := cmp.Diff([]string{"refused"}, texts(again)); diff != "" {
		t.Errorf("redelivered (-want +got):\n%s", diff)
	}
	// The deadline of the first delivery is no longer its reader's to move.
	h.refuse(h.archive, first[1])
	h.empty(h.archive)
	h.acknowledge(h.archive, again...)
	h.settled()
}

func testReceive(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	want := numbered(300)
	h.publish(h.alerts, want...)

	subscriber := h.client.Subscriber(h.archive)
	subscriber.ReceiveSettings.MaxOutstandingMessages = 10
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	acknowledged := make(map[string]bool)
	refused := make(map[string]bool)
	err := subscriber.Receive(ctx, func(_ context.Context, m *pubsubclient.Message) {
		mu.Lock()
		defer mu.Unlock()
		text := string(m.Data)
		if !refused[text] && len(refused) < 30 {
			refused[text] = true
			m.Nack()
			return
		}
		acknowledged[text] = true
		m.Ack()
		if len(acknowledged) == len(want) {
			stop()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range want {
		if !acknowledged[text] {
			t.Errorf("%q was not delivered", text)
		}
	}
	h.settled()
}

func testStreamHoldsBack(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, numbered(10)...)
	stream, err := h.client.SubscriptionAdminClient.StreamingPull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&pubsubpb.StreamingPullRequest{
		Subscription: h.archive, StreamAckDeadlineSeconds: 600, MaxOutstandingMessages: 3, ProtocolVersion: 1,
	}); err != nil {
		t.Fatal(err)
	}
	receive := func() *pubsubpb.StreamingPullResponse {
		t.Helper()
		r, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	window := receive().GetReceivedMessages()
	if len(window) != 3 {
		t.Fatalf("%d messages out, want 3", len(window))
	}
	// A sign of life comes next, for which a client asks: nothing else was sent.
	if err := stream.Send(&pubsubpb.StreamingPullRequest{}); err != nil {
		t.Fatal(err)
	}
	if r := receive(); len(r.GetReceivedMessages()) != 0 {
		t.Fatalf("%d messages beyond the window", len(r.GetReceivedMessages()))
	}
	if err := stream.Send(&pubsubpb.StreamingPullRequest{AckIds: ackIDs(window[:1])}); err != nil {
		t.Fatal(err)
	}
	var next []*pubsubpb.ReceivedMessage
	for len(next) == 0 { // there may be more signs of life
		next = receive().GetReceivedMessages()
	}
	if diff := cmp.Diff([]string{"alert 0003"}, texts(next)); diff != "" {
		t.Errorf("after one acknowledgement (-want +got):\n%s", diff)
	}
}

// openStream opens a StreamingPull of the archive.
func openStream(t *testing.T, h *house) pubsubpb.Subscriber_StreamingPullClient {
	t.Helper()
	h.publish(h.alerts, "alert")
	stream, err := h.client.SubscriptionAdminClient.StreamingPull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&pubsubpb.StreamingPullRequest{
		Subscription: h.archive, StreamAckDeadlineSeconds: 10, ProtocolVersion: 1,
	}); err != nil {
		t.Fatal(err)
	}
	// The message, or that there is none, says that the server has taken it up.
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	return stream
}

// endOf is why a stream ends. Until then there may come messages, which others
// have published, and signs of life.
func endOf(stream pubsubpb.Subscriber_StreamingPullClient) (err error) {
	for err == nil {
		_, err = stream.Recv()
	}
	return err
}

func testStreamEndsWithSubscription(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	stream := openStream(t, h)
	err := h.client.SubscriptionAdminClient.DeleteSubscription(t.Context(), &pubsubpb.DeleteSubscriptionRequest{Subscription: h.archive})
	if err != nil {
		t.Fatal(err)
	}
	if err := endOf(stream); status.Code(err) != codes.NotFound {
		t.Errorf("error %v, want %v", err, codes.NotFound)
	}
}

// A stream ends with the server, and its client may try again.
func TestStreamEndsWithServer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	stream := openStream(t, h)
	if err := h.server.Close(); err != nil {
		t.Fatal(err)
	}
	if err := endOf(stream); status.Code(err) != codes.Unavailable {
		t.Errorf("error %v, want %v", err, codes.Unavailable)
	}
	h.server = nil // it is closed
	if err := h.client.Close(); err != nil {
		t.Error(err)
	}
}

func testStreamRefuses(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	for _, tc := range []struct {
		name    string
		request *pubsubpb.StreamingPullRequest
	}{
		{"subscription named again", &pubsubpb.StreamingPullRequest{Subscription: h.archive}},
		{"deadline too short", &pubsubpb.StreamingPullRequest{StreamAckDeadlineSeconds: 9}},
		{"malformed ack id", &pubsubpb.StreamingPullRequest{AckIds: []string{"x"}}},
		{"lists of different lengths", &pubsubpb.StreamingPullRequest{ModifyDeadlineAckIds: []string{"x"}}},
		{"negative deadline", &pubsubpb.StreamingPullRequest{ModifyDeadlineAckIds: []string{"x"}, ModifyDeadlineSeconds: []int32{-1}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			stream := openStream(t, h)
			if err := stream.Send(tc.request); err != nil {
				t.Fatal(err)
			}
			if err := endOf(stream); status.Code(err) != codes.InvalidArgument {
				t.Errorf("error %v", err)
			}
		})
	}
}

// The unchanged client finds the server by the variable that Google's own
// emulator uses.
func TestEmulatorHost(t *testing.T) {
	h := newHouse(t)
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	t.Setenv("PUBSUB_EMULATOR_HOST", h.address)
	client, err := pubsubclient.NewClient(t.Context(), observatory)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}()
	publisher := client.Publisher("ztf-alerts-raw")
	defer publisher.Stop()
	id, err := publisher.Publish(t.Context(), &pubsubclient.Message{Data: []byte("alert")}).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := h.pull(h.archive, 1)[0].GetMessage().GetMessageId(); got != id {
		t.Errorf("message %s, want %s", got, id)
	}
}
