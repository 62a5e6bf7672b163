package pubsub

import (
	"context"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// The service's limits of a publish request, a message and its attributes
// (cloud.google.com/pubsub/quotas).
const (
	maxMessages       = 1000
	maxPublishBytes   = 10 << 20
	maxMessageBytes   = 10_000_000
	maxAttributes     = 100
	maxAttributeKey   = 256
	maxAttributeValue = 1024
)

// publisher is the Publisher service. The embedded type refuses the methods
// that are missing here, by name.
type publisher struct {
	pubsubpb.UnimplementedPublisherServer
	server *Server
}

// Publish stores messages in the topic's log, and answers when they are there.
func (p publisher) Publish(ctx context.Context, r *pubsubpb.PublishRequest) (*pubsubpb.PublishResponse, error) {
	if n := len(r.GetMessages()); n == 0 || n > maxMessages {
		return nil, status.Errorf(codes.InvalidArgument, "publish request has %d messages: want 1 to %d", n, maxMessages)
	}
	for i, m := range r.GetMessages() {
		if err := checkMessage(i, m); err != nil {
			return nil, err
		}
	}
	if n := proto.Size(r); n > maxPublishBytes {
		return nil, status.Errorf(codes.InvalidArgument, "publish request has %d bytes: want at most %d", n, maxPublishBytes)
	}
	ids, err := p.server.Publish(ctx, r.GetTopic(), r.GetMessages()...)
	if err != nil {
		return nil, err
	}
	return &pubsubpb.PublishResponse{MessageIds: ids}, nil
}

// checkMessage holds a message, by its place in the request, to the limits.
func checkMessage(i int, m *pubsubpb.PubsubMessage) error {
	attributes := m.GetAttributes()
	if len(m.GetData()) == 0 && len(attributes) == 0 {
		return status.Errorf(codes.InvalidArgument, "message %d has neither data nor attributes", i)
	}
	if n := len(m.GetData()); n > maxMessageBytes {
		return status.Errorf(codes.InvalidArgument, "message %d has %d bytes: want at most %d", i, n, maxMessageBytes)
	}
	if n := len(attributes); n > maxAttributes {
		return status.Errorf(codes.InvalidArgument, "message %d has %d attributes: want at most %d", i, n, maxAttributes)
	}
	for key, value := range attributes {
		if n := len(key); n == 0 || n > maxAttributeKey {
			return status.Errorf(codes.InvalidArgument, "message %d has an attribute whose key has %d bytes: want 1 to %d", i, n, maxAttributeKey)
		}
		if n := len(value); n > maxAttributeValue {
			return status.Errorf(codes.InvalidArgument, "message %d has an attribute %q of %d bytes: want at most %d", i, key, n, maxAttributeValue)
		}
	}
	return nil
}

// CreateTopic creates a topic that has a name and labels.
func (p publisher) CreateTopic(_ context.Context, d *pubsubpb.Topic) (*pubsubpb.Topic, error) {
	if err := checkName("topics", d.GetName()); err != nil {
		return nil, err
	}
	if err := refuseBeyond(d, "name", "labels"); err != nil {
		return nil, err
	}
	d.State = pubsubpb.Topic_ACTIVE
	if err := p.server.createTopic(d); err != nil {
		return nil, err
	}
	return d, nil
}

// GetTopic returns a topic's definition.
func (p publisher) GetTopic(_ context.Context, r *pubsubpb.GetTopicRequest) (*pubsubpb.Topic, error) {
	t, err := p.server.topic(r.GetTopic())
	if err != nil {
		return nil, err
	}
	return t.definition, nil
}

// ListTopics lists a project's topics by name.
func (p publisher) ListTopics(_ context.Context, r *pubsubpb.ListTopicsRequest) (*pubsubpb.ListTopicsResponse, error) {
	p.server.mu.RLock()
	defer p.server.mu.RUnlock()
	names, next := page(p.server.named, r.GetProject()+"/topics/", r.GetPageSize(), r.GetPageToken())
	response := &pubsubpb.ListTopicsResponse{NextPageToken: next}
	for _, name := range names {
		response.Topics = append(response.Topics, p.server.named[name].definition)
	}
	return response, nil
}

// ListTopicSubscriptions lists the names of a topic's subscriptions.
func (p publisher) ListTopicSubscriptions(_ context.Context, r *pubsubpb.ListTopicSubscriptionsRequest) (*pubsubpb.ListTopicSubscriptionsResponse, error) {
	t, err := p.server.topic(r.GetTopic())
	if err != nil {
		return nil, err
	}
	byName := make(map[string]*subscription)
	for _, sub := range t.readers() {
		byName[sub.name()] = sub
	}
	names, next := page(byName, "", r.GetPageSize(), r.GetPageToken())
	return &pubsubpb.ListTopicSubscriptionsResponse{Subscriptions: names, NextPageToken: next}, nil
}

// DeleteTopic deletes a topic. Its subscriptions keep what they have not yet
// read.
func (p publisher) DeleteTopic(_ context.Context, r *pubsubpb.DeleteTopicRequest) (*emptypb.Empty, error) {
	if err := p.server.deleteTopic(r.GetTopic()); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}
