package house

import (
	"context"
	"testing"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	localpubsub "nightwire.dev/infra/local/pubsub"
	"nightwire.dev/shared/names"
)

// Topics is a Pub/Sub.
type Topics struct {
	Address   string // host:port
	Client    *pubsub.Client
	resources names.Resources
}

// PubSub opens a Pub/Sub without topics.
func PubSub(t testing.TB, r names.Resources) *Topics {
	t.Helper()
	server, err := localpubsub.Open(localpubsub.Options{Dir: t.TempDir(), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	listener := Listen(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	p := &Topics{Address: listener.Addr().String(), resources: r}
	// The test's own context ends before its cleanup.
	p.Client, err = pubsub.NewClient(context.Background(), r.Project,
		option.WithEndpoint(p.Address), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Client.Close() })
	return p
}

// Create makes a topic, and a subscription to it.
func (p *Topics) Create(t testing.TB, topic, subscription string) {
	t.Helper()
	path := p.resources.TopicPath(topic)
	if _, err := p.Client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: path}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Client.SubscriptionAdminClient.CreateSubscription(t.Context(), &pubsubpb.Subscription{
		Name: p.resources.SubscriptionPath(subscription), Topic: path,
	}); err != nil {
		t.Fatal(err)
	}
}
