package storage

import (
	"context"
	"fmt"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
)

// Publisher hands notifications to Pub/Sub. It returns nil once all messages
// have been accepted; otherwise they are published again. The topic is
// "projects/P/topics/T".
type Publisher interface {
	Publish(ctx context.Context, topic string, messages ...*pubsubpb.PubsubMessage) error
}

// TopicPublisher publishes by Pub/Sub's own protocol.
type TopicPublisher struct {
	client pubsubpb.PublisherClient
}

// NewTopicPublisher publishes over a connection to a Pub/Sub server, which
// stays the caller's to close.
func NewTopicPublisher(connection grpc.ClientConnInterface) *TopicPublisher {
	return &TopicPublisher{client: pubsubpb.NewPublisherClient(connection)}
}

// Publish sends all messages in one call.
func (p *TopicPublisher) Publish(ctx context.Context, topic string, messages ...*pubsubpb.PubsubMessage) error {
	_, err := p.client.Publish(ctx, &pubsubpb.PublishRequest{Topic: topic, Messages: messages})
	if err != nil {
		return fmt.Errorf("publish to %s: %w", topic, err)
	}
	return nil
}
