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

// Subscribe: "a subscription receives only messages published after it was
// created", and each is delivered to every subscription.
func TestSubscriptionBeginsAtItsCreation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.publish(alerts, "before")
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	h.publish(alerts, "between")
	h.subscribe(&pubsubpb.Subscription{Name: keeper, Topic: alerts})
	h.publish(alerts, "after")

	if diff := cmp.Diff([]string{"between", "after"}, texts(h.pull(archive, 2))); diff != "" {
		t.Errorf("archive (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"after"}, texts(h.pull(keeper, 1))); diff != "" {
		t.Errorf("keeper (-want +got):\n%s", diff)
	}
}

// Message: data, attributes, ordering key and the id given to the publisher
// arrive; the publish time is the server's.
func TestMessageArrivesWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	sent := &pubsubpb.PubsubMessage{
		Data:        []byte{0, 0xff, '\n', '"'},
		Attributes:  map[string]string{"stream": "ztf", "empty": "", "kafka.offset": "17", "note": "\r\n\"ü\""},
		OrderingKey: "ZTF24aaaaaaa",
	}
	ids := h.send(alerts, sent)
	got := h.pull(archive, 1)[0]
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

// Nack: a deadline of zero makes the message available again, and an
// acknowledged one is not redelivered.
func TestRefusedMessageComesAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	h.publish(alerts, "kept", "refused")
	first := h.pull(archive, 2)
	h.acknowledge(archive, first[0])
	h.refuse(archive, first[1])
	again := h.pull(archive, 1)
	if diff := cmp.Diff([]string{"refused"}, texts(again)); diff != "" {
		t.Errorf("redelivered (-want +got):\n%s", diff)
	}
	// The deadline of the first delivery is no longer its reader's to move.
	h.refuse(archive, first[1])
	if b := h.server.Backlog()[0]; b.InFlight != 1 || b.Undelivered != 1 {
		t.Errorf("backlog %+v, want one message, in flight", b)
	}
	h.acknowledge(archive, again...)
	h.settled()
}

// Receive: the official client's streaming pull gets every message, and its
// refusals and flow control are heeded.
func TestReceive(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	want := numbered(300)
	h.publish(alerts, want...)

	subscriber := h.client.Subscriber(archive)
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

// Flow control: "when there are max_outstanding_messages that have not been
// acked or nacked, the server stops sending more".
func TestStreamHoldsBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	h.publish(alerts, numbered(10)...)
	stream, err := h.client.SubscriptionAdminClient.StreamingPull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&pubsubpb.StreamingPullRequest{
		Subscription: archive, StreamAckDeadlineSeconds: 10, MaxOutstandingMessages: 3, ProtocolVersion: 1,
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
	// The answer to a ping comes next: nothing else was sent.
	if err := stream.Send(&pubsubpb.StreamingPullRequest{}); err != nil {
		t.Fatal(err)
	}
	if r := receive(); len(r.GetReceivedMessages()) != 0 {
		t.Fatalf("%d messages beyond the window", len(r.GetReceivedMessages()))
	}
	if err := stream.Send(&pubsubpb.StreamingPullRequest{AckIds: ackIDs(window[:1])}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"alert 0003"}, texts(receive().GetReceivedMessages())); diff != "" {
		t.Errorf("after one acknowledgement (-want +got):\n%s", diff)
	}
}

// waitingStream opens a StreamingPull of the archive, which has no messages.
func waitingStream(t *testing.T, h *house) pubsubpb.Subscriber_StreamingPullClient {
	t.Helper()
	stream, err := h.client.SubscriptionAdminClient.StreamingPull(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The answer to the ping says that the server has taken the stream up.
	for _, r := range []*pubsubpb.StreamingPullRequest{
		{Subscription: archive, StreamAckDeadlineSeconds: 10, ProtocolVersion: 1}, {},
	} {
		if err := stream.Send(r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	return stream
}

// A stream ends with its subscription, or with the server, and says so.
func TestStreamEnds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		end  func(t *testing.T, h *house) error
		want codes.Code
	}{
		{"subscription deleted", func(t *testing.T, h *house) error {
			return h.client.SubscriptionAdminClient.DeleteSubscription(t.Context(), &pubsubpb.DeleteSubscriptionRequest{Subscription: archive})
		}, codes.NotFound},
		{"server stopped", func(_ *testing.T, h *house) error { return h.server.Close() }, codes.Unavailable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.topic(alerts)
			h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
			stream := waitingStream(t, h)
			if err := tc.end(t, h); err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); status.Code(err) != tc.want {
				t.Errorf("error %v, want %v", err, tc.want)
			}
		})
	}
}

// StreamingPull: malformed requests abort the stream with INVALID_ARGUMENT.
func TestStreamRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	for _, tc := range []struct {
		name    string
		request *pubsubpb.StreamingPullRequest
	}{
		{"subscription named again", &pubsubpb.StreamingPullRequest{Subscription: archive}},
		{"deadline too short", &pubsubpb.StreamingPullRequest{StreamAckDeadlineSeconds: 9}},
		{"malformed ack id", &pubsubpb.StreamingPullRequest{AckIds: []string{"x"}}},
		{"lists of different lengths", &pubsubpb.StreamingPullRequest{ModifyDeadlineAckIds: []string{"x"}}},
		{"negative deadline", &pubsubpb.StreamingPullRequest{ModifyDeadlineAckIds: []string{"x"}, ModifyDeadlineSeconds: []int32{-1}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			stream := waitingStream(t, h)
			if err := stream.Send(tc.request); err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); status.Code(err) != codes.InvalidArgument {
				t.Errorf("error %v", err)
			}
		})
	}
}

// The unchanged client finds the server by the variable that Google's own
// emulator uses.
func TestEmulatorHost(t *testing.T) {
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	t.Setenv("PUBSUB_EMULATOR_HOST", h.address)
	client, err := pubsubclient.NewClient(t.Context(), "observatory")
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
	if got := h.pull(archive, 1)[0].GetMessage().GetMessageId(); got != id {
		t.Errorf("message %s, want %s", got, id)
	}
}
