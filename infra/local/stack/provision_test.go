package stack

import (
	"log/slog"
	"net"
	"testing"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	localpubsub "nightwire.dev/infra/local/pubsub"
	"nightwire.dev/infra/terraform"
	"nightwire.dev/shared/names"
)

// TestProvisionTopics gives each function's subscription a place for what it can
// never process, as a deployment does, also one that an older stack has left.
func TestProvisionTopics(t *testing.T) {
	t.Parallel()
	server, err := localpubsub.Open(localpubsub.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	e := Endpoints{Stream: names.ZTF, PubSub: listener.Addr().String(), Functions: "127.0.0.1:1"}
	r := e.Resources()
	client, err := pubsub.NewClient(t.Context(), r.Project, e.pubsubOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	functions, err := terraform.Functions()
	if err != nil {
		t.Fatal(err)
	}

	old := functions[0]
	topic := r.Topic(old.Trigger)
	if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: r.TopicPath(topic)}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.SubscriptionAdminClient.CreateSubscription(t.Context(), &pubsubpb.Subscription{
		Name: r.SubscriptionPath(r.Subscription(topic, old.Name)), Topic: r.TopicPath(topic),
		PushConfig: &pubsubpb.PushConfig{PushEndpoint: "http://127.0.0.1:2/old"},
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what is there is left
		if err := provisionTopics(t.Context(), e, r, functions, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := &pubsubpb.DeadLetterPolicy{DeadLetterTopic: r.TopicPath(r.DeadLetterTopic()), MaxDeliveryAttempts: 100}
	for _, f := range functions {
		s, err := client.SubscriptionAdminClient.GetSubscription(t.Context(), &pubsubpb.GetSubscriptionRequest{
			Subscription: r.SubscriptionPath(r.Subscription(r.Topic(f.Trigger), f.Name)),
		})
		if err != nil {
			t.Errorf("function %s: %v", f.Name, err)
			continue
		}
		if diff := cmp.Diff(want, s.GetDeadLetterPolicy(), protocmp.Transform()); diff != "" {
			t.Errorf("dead letters of %s (-want +got):\n%s", f.Name, diff)
		}
		if got := s.GetPushConfig().GetPushEndpoint(); got != "http://127.0.0.1:1/"+f.Name {
			t.Errorf("events of %s go to %s", f.Name, got)
		}
	}
}
