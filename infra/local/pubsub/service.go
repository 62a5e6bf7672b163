package pubsub

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"
)

// service is the Publisher and the Subscriber service. The embedded types refuse
// the methods that are missing here, by name.
type service struct {
	pubsubpb.UnimplementedPublisherServer
	pubsubpb.UnimplementedSubscriberServer
	*Server
}

// Publish stores messages for the topic's subscriptions, and answers when they
// are there.
func (s service) Publish(_ context.Context, r *pubsubpb.PublishRequest) (*pubsubpb.PublishResponse, error) {
	if err := checkPublish(r); err != nil {
		return nil, err
	}
	ids, err := s.publish(r.GetTopic(), r.GetMessages()...)
	return &pubsubpb.PublishResponse{MessageIds: ids}, err
}

// publish stores the messages in the journal of each subscription that wants them,
// and returns their ids. After an error some may have been stored.
func (s *Server) publish(topic string, messages ...*pubsubpb.PubsubMessage) (ids []string, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.topics[topic] == nil {
		return nil, notFound("topic", topic)
	}
	var data []byte
	for _, m := range messages {
		seq := s.number()
		data = data[:0]
		for _, sub := range s.subscriptions {
			if sub.topic != topic || !sub.wants(m.GetAttributes()) {
				continue
			}
			if len(data) == 0 { // nobody may want it
				if data, err = (proto.MarshalOptions{}).MarshalAppend(data, m); err != nil {
					return nil, status.Errorf(codes.InvalidArgument, "encode message: %v", err)
				}
			}
			r, err := sub.journal.Append(seq, data)
			if err != nil {
				return nil, unavailable("publish to "+topic, err)
			}
			sub.add(r, 0)
		}
		ids = append(ids, messageID(seq))
	}
	return ids, nil
}

// CreateTopic creates a topic that has a name and labels.
func (s service) CreateTopic(_ context.Context, d *pubsubpb.Topic) (*pubsubpb.Topic, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmp.Or(checkName("topics", d.GetName()), refuseBeyond(d, "name", "labels")); err != nil {
		return nil, err
	}
	if s.topics[d.GetName()] != nil {
		return nil, status.Errorf(codes.AlreadyExists, "topic already exists: %s", d.GetName())
	}
	if err := s.save(d.GetName(), topicFile, d); err != nil {
		return nil, err
	}
	s.topics[d.GetName()] = d
	return d, nil
}

// GetTopic returns a topic's definition.
func (s service) GetTopic(_ context.Context, r *pubsubpb.GetTopicRequest) (*pubsubpb.Topic, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.topics[r.GetTopic()]; t != nil {
		return t, nil
	}
	return nil, notFound("topic", r.GetTopic())
}

// ListTopics lists a project's topics by name.
func (s service) ListTopics(_ context.Context, r *pubsubpb.ListTopicsRequest) (*pubsubpb.ListTopicsResponse, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	topics := list(s.topics, r.GetProject())
	return &pubsubpb.ListTopicsResponse{Topics: topics}, refuseBeyond(r, "project")
}

// DeleteTopic deletes a topic that has no subscriptions.
func (s service) DeleteTopic(_ context.Context, r *pubsubpb.DeleteTopicRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.topics[r.GetTopic()] == nil {
		return nil, notFound("topic", r.GetTopic())
	}
	for name, sub := range s.subscriptions {
		if sub.topic == r.GetTopic() {
			return nil, status.Errorf(codes.FailedPrecondition, "topic %s has the subscription %s, which the local server wants deleted first", r.GetTopic(), name)
		}
	}
	if err := os.RemoveAll(s.path(r.GetTopic(), "")); err != nil {
		return nil, unavailable("delete topic", err)
	}
	delete(s.topics, r.GetTopic())
	return &emptypb.Empty{}, nil
}

// CreateSubscription creates a subscription, which begins with the next message
// published.
func (s service) CreateSubscription(_ context.Context, d *pubsubpb.Subscription) (*pubsubpb.Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkSubscription(d); err != nil {
		return nil, err
	}
	if s.subscriptions[d.GetName()] != nil {
		return nil, status.Errorf(codes.AlreadyExists, "subscription already exists: %s", d.GetName())
	}
	sub, err := s.openSubscription(d)
	if err != nil {
		return nil, err
	}
	if err := s.save(d.GetName(), subscriptionFile, d); err != nil {
		return nil, errors.Join(err, s.closeSubscription(sub))
	}
	s.startPush(sub)
	return d, nil
}

// GetSubscription returns a subscription's definition.
func (s service) GetSubscription(_ context.Context, r *pubsubpb.GetSubscriptionRequest) (*pubsubpb.Subscription, error) {
	sub, err := s.subscription(r.GetSubscription())
	if err != nil {
		return nil, err
	}
	return sub.definition.Load(), nil
}

// ListSubscriptions lists a project's subscriptions by name.
func (s service) ListSubscriptions(_ context.Context, r *pubsubpb.ListSubscriptionsRequest) (*pubsubpb.ListSubscriptionsResponse, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	response := &pubsubpb.ListSubscriptionsResponse{}
	for _, sub := range list(s.subscriptions, r.GetProject()) {
		response.Subscriptions = append(response.Subscriptions, sub.definition.Load())
	}
	return response, refuseBeyond(r, "project")
}

// updatable are the fields that UpdateSubscription changes.
var updatable = []string{"push_config", "ack_deadline_seconds", "dead_letter_policy", "retry_policy", "labels"}

// UpdateSubscription changes the fields in the mask.
func (s service) UpdateSubscription(_ context.Context, r *pubsubpb.UpdateSubscriptionRequest) (*pubsubpb.Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	paths := r.GetUpdateMask().GetPaths()
	if err := checkRange("fields to update", len(paths), 1, len(updatable)); err != nil {
		return nil, err
	}
	sub := s.subscriptions[r.GetSubscription().GetName()]
	if sub == nil {
		return nil, notFound("subscription", r.GetSubscription().GetName())
	}
	after := proto.CloneOf(sub.definition.Load())
	from, to := r.GetSubscription().ProtoReflect(), after.ProtoReflect()
	for _, path := range paths {
		if !slices.Contains(updatable, path) {
			return nil, status.Errorf(codes.InvalidArgument, "field %q of a subscription cannot be updated on the local server", path)
		}
		field := to.Descriptor().Fields().ByName(protoreflect.Name(path))
		if to.Clear(field); from.Has(field) {
			to.Set(field, from.Get(field))
		}
	}
	if err := s.checkSubscription(after); err != nil {
		return nil, err
	}
	if err := s.save(after.GetName(), subscriptionFile, after); err != nil {
		return nil, err
	}
	sub.definition.Store(after)
	if slices.Contains(paths, "push_config") {
		s.startPush(sub)
	}
	return after, nil
}

// DeleteSubscription deletes a subscription and its backlog.
func (s service) DeleteSubscription(_ context.Context, r *pubsubpb.DeleteSubscriptionRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.subscriptions[r.GetSubscription()]
	if sub == nil {
		return nil, notFound("subscription", r.GetSubscription())
	}
	return &emptypb.Empty{}, s.closeSubscription(sub)
}
