package replay

import (
	"context"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	gcs "cloud.google.com/go/storage"
	"go.uber.org/goleak"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, house.Leaks()...) }

var resources = names.Resources{Project: "p", Stream: names.ZTF}

// openTarget is a deployment's topics on a local server, with a subscription
// to each, <topic>-all.
func openTarget(t *testing.T) Target {
	t.Helper()
	topics := house.PubSub(t, resources)
	for _, topic := range []string{resources.RawTopic(), resources.ArchivedTopic()} {
		topics.Create(t, topic, topic+"-all")
	}
	return Target{Resources: resources, Topics: topics.Client}
}

// put writes a file into the archive.
func put(t *testing.T, archive *gcs.BucketHandle, name string) (generation int64) {
	t.Helper()
	generation, err := bucket.Write(t.Context(), archive.Object(name), "avro/binary", []byte("an alert"), map[string]string{"file": name})
	if err != nil {
		t.Fatal(err)
	}
	return generation
}

// receive takes so many messages of a topic.
func receive(t *testing.T, target Target, topic string, n int) []*event.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var mu sync.Mutex
	var got []*event.Message
	err := target.Topics.Subscriber(resources.SubscriptionPath(topic+"-all")).Receive(ctx, func(_ context.Context, m *pubsub.Message) {
		mu.Lock()
		defer mu.Unlock()
		m.Ack()
		got = append(got, &event.Message{Data: m.Data, Attributes: m.Attributes})
		if len(got) == n {
			cancel()
		}
	})
	if err != nil || len(got) != n {
		t.Fatalf("%d messages came, want %d: %v", len(got), n, err)
	}
	return got
}
