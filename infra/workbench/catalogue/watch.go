package catalogue

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
)

// graceToEnd bounds the end of Watch: while Pub/Sub is out of reach, its client
// does not return by itself.
const graceToEnd = 4 * time.Second

// Watch hands out the messages of a filter from now on, until ctx ends or take
// says no more. only is Pub/Sub's language for subscriptions: attributes.band =
// "r"; empty is all. The subscription is made for this, and deleted in the end;
// take is called by one goroutine at a time.
func (c *Catalogue) Watch(ctx context.Context, name, only string, take func(*pubsub.Message) (more bool)) error {
	f, err := c.exists(ctx, name)
	if err != nil {
		return err
	}
	if f == nil {
		return fmt.Errorf("filter %s never had a file that is right: nightwire filter list says what is wrong with it", name)
	}
	topic := c.Resources.Topic(f.Topic)
	path := c.Resources.SubscriptionPath(c.Resources.Subscription(topic, "watch-"+strings.ToLower(rand.Text())))
	_, err = c.Topics.SubscriptionAdminClient.CreateSubscription(ctx, &pubsubpb.Subscription{
		Name: path, Topic: c.Resources.TopicPath(topic), Filter: filterOf(name, only),
	})
	if err != nil {
		return fmt.Errorf("subscribe to topic %s: %w", topic, err)
	}
	receiving, stop := context.WithCancel(ctx)
	defer stop()
	messages := make(chan *pubsub.Message)
	received := make(chan error, 1)
	go func() {
		received <- c.Topics.Subscriber(path).Receive(receiving, func(_ context.Context, m *pubsub.Message) {
			select {
			case messages <- m:
				m.Ack()
			case <-receiving.Done():
				m.Nack()
			}
		})
	}()
	for more := true; more; {
		select {
		case m := <-messages:
			more = take(m)
		case err := <-received:
			received <- err
			more = false
		case <-ctx.Done():
			more = false
		}
	}
	stop()
	return c.unsubscribe(ctx, path, received)
}

// unsubscribe deletes a subscription once its reader has ended, and returns the
// reader's error. What takes longer than graceToEnd is left to Pub/Sub, which
// forgets a subscription that nobody reads.
func (c *Catalogue) unsubscribe(ctx context.Context, path string, received <-chan error) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceToEnd)
	defer cancel()
	select {
	case err = <-received:
	case <-ctx.Done():
	}
	_ = c.Topics.SubscriptionAdminClient.DeleteSubscription(ctx, &pubsubpb.DeleteSubscriptionRequest{Subscription: path})
	return err
}

// filterOf is a subscription's filter. Several filters may share a topic.
func filterOf(name, only string) string {
	own := fmt.Sprintf("attributes.filter = %q", name)
	if only == "" {
		return own
	}
	return own + " AND (" + only + ")"
}
