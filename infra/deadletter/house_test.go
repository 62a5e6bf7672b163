package deadletter

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"go.uber.org/goleak"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, house.Leaks()...) }

var resources = names.Resources{Project: "p", Stream: names.ZTF}

// home is a stream's dead letters, and the topics that they came from, on a
// local Pub/Sub.
type home struct {
	Box
	t          *testing.T
	topics     *house.Topics
	mu         sync.Mutex
	publishers map[string]*pubsub.Publisher
}

// newHome has the topics and, to each, a subscription of its name.
func newHome(t *testing.T, topics ...string) *home {
	t.Helper()
	h := &home{t: t, topics: house.PubSub(t, resources), publishers: map[string]*pubsub.Publisher{}}
	h.Box = Box{Client: h.topics.Client, Resources: resources, Wait: time.Second}
	t.Cleanup(func() {
		for _, p := range h.publishers {
			p.Stop()
		}
	})
	for _, topic := range topics {
		h.topics.Create(t, topic, topic)
	}
	return h
}

var everything = []string{resources.DeadLetterTopic(), resources.RawTopic(), resources.ArchivedTopic()}

func (h *home) publisher(topic string) *pubsub.Publisher {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.publishers[topic] == nil {
		h.publishers[topic] = h.Client.Publisher(resources.TopicPath(topic))
	}
	return h.publishers[topic]
}

// giveUp has a function refuse each message of its topic, until Pub/Sub makes
// dead letters of them.
func (h *home) giveUp(topic, function string) {
	h.t.Helper()
	subscription := resources.SubscriptionPath(resources.Subscription(topic, function))
	if _, err := h.Client.SubscriptionAdminClient.CreateSubscription(h.t.Context(), &pubsubpb.Subscription{
		Name: subscription, Topic: resources.TopicPath(topic),
		DeadLetterPolicy: &pubsubpb.DeadLetterPolicy{DeadLetterTopic: resources.TopicPath(resources.DeadLetterTopic()), MaxDeliveryAttempts: 5},
	}); err != nil {
		h.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	refusing := make(chan error, 1)
	go func() {
		refusing <- h.Client.Subscriber(subscription).Receive(ctx, func(_ context.Context, m *pubsub.Message) { m.Nack() })
	}()
	h.t.Cleanup(func() {
		stop()
		if err := <-refusing; err != nil {
			h.t.Error(err)
		}
	})
}

// bury has a function write a dead letter.
func (h *home) bury(function, topic, reason string, data []byte, attributes map[string]string) {
	h.t.Helper()
	letters := event.DeadLetters{Publisher: h.publisher(resources.DeadLetterTopic())}
	message := &event.Message{ID: "17", Data: data, Attributes: attributes, Subscription: resources.SubscriptionPath(resources.Subscription(topic, function))}
	if err := letters.Put(h.t.Context(), event.Letter{Function: function, Reason: reason, Message: message, At: time.Now()}); err != nil {
		h.t.Error(err)
	}
}

// buryPacket has archive write the dead letter of a raw packet.
func (h *home) buryPacket(offset int64, reason string) {
	h.t.Helper()
	m := origin.Origin{Topic: "t", Offset: offset}.Message(names.ZTF, fmt.Appendf(nil, "packet %d", offset))
	h.bury("archive", resources.RawTopic(), reason, m.Data, m.Attributes)
}

// buryPackets has archive write so many, at one time.
func (h *home) buryPackets(n int64, reason string) {
	h.t.Helper()
	var writing sync.WaitGroup
	for offset := range n {
		writing.Go(func() { h.buryPacket(offset, reason) })
	}
	writing.Wait()
}

// buryNews has a function behind the archive write the dead letter of a
// notification.
func (h *home) buryNews(function, object, reason string) {
	h.t.Helper()
	h.bury(function, resources.ArchivedTopic(), reason, []byte(`{"name":"`+object+`"}`),
		map[string]string{"bucketId": "b", "objectId": object, "eventType": "OBJECT_FINALIZE"})
}

// from are what the letters of a listing are about, in order.
func from(letters []*Letter) []string {
	var list []string
	for _, l := range letters {
		list = append(list, l.From())
	}
	slices.Sort(list)
	return list
}

// list lists all letters.
func (h *home) list(choice Choice) *Listing {
	h.t.Helper()
	list, err := h.List(h.t.Context(), choice, 10_000)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// take takes the messages of a topic, of which there should be so many and, a
// moment later, no more.
func (h *home) take(topic string, n int) []*pubsub.Message {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Minute)
	defer cancel()
	var mu sync.Mutex
	var all []*pubsub.Message
	err := h.Client.Subscriber(resources.SubscriptionPath(topic)).Receive(ctx, func(_ context.Context, m *pubsub.Message) {
		mu.Lock()
		defer mu.Unlock()
		m.Ack()
		if all = append(all, m); len(all) == n {
			time.AfterFunc(100*time.Millisecond, cancel)
		}
	})
	if err != nil || len(all) != n {
		h.t.Errorf("%d messages came, want %d: %v", len(all), n, err)
	}
	return all
}
