package pubsub

import (
	"context"
	"errors"
	"slices"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"

	"nightwire.dev/infra/local/pubsub/queue"
)

// pullWait is how long a Pull without messages waits before it answers so.
const pullWait = 20 * time.Second

// subscriber is the Subscriber service. The embedded type refuses the methods
// that are missing here, by name.
type subscriber struct {
	pubsubpb.UnimplementedSubscriberServer
	server *Server
}

// CreateSubscription creates a subscription, which begins with the next message
// published.
func (s subscriber) CreateSubscription(_ context.Context, d *pubsubpb.Subscription) (*pubsubpb.Subscription, error) {
	if err := s.server.checkSubscription(d); err != nil {
		return nil, err
	}
	if err := s.server.createSubscription(d); err != nil {
		return nil, err
	}
	return d, nil
}

// GetSubscription returns a subscription's definition.
func (s subscriber) GetSubscription(_ context.Context, r *pubsubpb.GetSubscriptionRequest) (*pubsubpb.Subscription, error) {
	sub, err := s.server.subscription(r.GetSubscription())
	if err != nil {
		return nil, err
	}
	return sub.definition.Load(), nil
}

// ListSubscriptions lists a project's subscriptions by name.
func (s subscriber) ListSubscriptions(_ context.Context, r *pubsubpb.ListSubscriptionsRequest) (*pubsubpb.ListSubscriptionsResponse, error) {
	s.server.mu.RLock()
	defer s.server.mu.RUnlock()
	names, next := page(s.server.subscriptions, r.GetProject()+"/subscriptions/", r.GetPageSize(), r.GetPageToken())
	response := &pubsubpb.ListSubscriptionsResponse{NextPageToken: next}
	for _, name := range names {
		response.Subscriptions = append(response.Subscriptions, s.server.subscriptions[name].definition.Load())
	}
	return response, nil
}

// updatable are the fields that UpdateSubscription changes.
var updatable = []string{"push_config", "ack_deadline_seconds", "dead_letter_policy", "retry_policy", "labels"}

// UpdateSubscription changes the fields in the mask.
func (s subscriber) UpdateSubscription(_ context.Context, r *pubsubpb.UpdateSubscriptionRequest) (*pubsubpb.Subscription, error) {
	paths := r.GetUpdateMask().GetPaths()
	if len(paths) == 0 {
		return nil, status.Error(codes.InvalidArgument, "update mask is empty")
	}
	from := r.GetSubscription().ProtoReflect()
	return s.server.updateSubscription(r.GetSubscription().GetName(), func(d *pubsubpb.Subscription) error {
		to := d.ProtoReflect()
		for _, path := range paths {
			if !slices.Contains(updatable, path) {
				return status.Errorf(codes.InvalidArgument, "field %q of a subscription cannot be updated on the local server", path)
			}
			field := to.Descriptor().Fields().ByName(protoreflect.Name(path))
			if from.Has(field) {
				to.Set(field, from.Get(field))
			} else {
				to.Clear(field)
			}
		}
		return nil
	})
}

// ModifyPushConfig changes where a subscription pushes to; an empty
// configuration makes it a pull subscription.
func (s subscriber) ModifyPushConfig(_ context.Context, r *pubsubpb.ModifyPushConfigRequest) (*emptypb.Empty, error) {
	_, err := s.server.updateSubscription(r.GetSubscription(), func(d *pubsubpb.Subscription) error {
		d.PushConfig = r.GetPushConfig()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// DeleteSubscription deletes a subscription and its backlog.
func (s subscriber) DeleteSubscription(_ context.Context, r *pubsubpb.DeleteSubscriptionRequest) (*emptypb.Empty, error) {
	if err := s.server.deleteSubscription(r.GetSubscription()); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// Pull answers with the messages that are due, or waits a while for one.
func (s subscriber) Pull(ctx context.Context, r *pubsubpb.PullRequest) (*pubsubpb.PullResponse, error) {
	if r.GetMaxMessages() <= 0 {
		return nil, status.Errorf(codes.InvalidArgument, "max messages %d: want at least 1", r.GetMaxMessages())
	}
	sub, err := s.server.pullable(r.GetSubscription())
	if err != nil {
		return nil, err
	}
	ctx, cancel := sub.within(ctx)
	defer cancel()
	patience := pullWait
	if r.GetReturnImmediately() { //nolint:staticcheck // deprecated, and still obeyed by the service
		patience = 0
	}
	wait, cancelWait := context.WithTimeout(ctx, patience)
	defer cancelWait()
	messages, err := s.server.receive(wait, sub, int(r.GetMaxMessages()), sub.ackDeadline(), nil)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, sub.ended(err)
	}
	return &pubsubpb.PullResponse{ReceivedMessages: messages}, nil
}

// Acknowledge ends deliveries with success.
func (s subscriber) Acknowledge(_ context.Context, r *pubsubpb.AcknowledgeRequest) (*emptypb.Empty, error) {
	sub, err := s.server.subscription(r.GetSubscription())
	if err != nil {
		return nil, err
	}
	if err := sub.acknowledge(r.GetAckIds()); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// ModifyAckDeadline moves deliveries' deadlines, or refuses the messages.
func (s subscriber) ModifyAckDeadline(_ context.Context, r *pubsubpb.ModifyAckDeadlineRequest) (*emptypb.Empty, error) {
	sub, err := s.server.subscription(r.GetSubscription())
	if err != nil {
		return nil, err
	}
	if err := sub.modify(r.GetAckIds(), r.GetAckDeadlineSeconds()); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// StreamingPull sends messages as they come.
func (s subscriber) StreamingPull(stream pubsubpb.Subscriber_StreamingPullServer) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	sub, err := s.server.pullable(first.GetSubscription())
	if err != nil {
		return err
	}
	p := &pullStream{
		server: s.server,
		sub:    sub,
		stream: stream,
		pings:  first.GetProtocolVersion() >= 1,
		reader: &queue.Reader{
			MaxMessages: int(first.GetMaxOutstandingMessages()),
			MaxBytes:    int(first.GetMaxOutstandingBytes()),
		},
	}
	if err := p.setDeadline(first.GetStreamAckDeadlineSeconds()); err != nil {
		return err
	}
	if err := p.accept(first); err != nil {
		return err
	}
	return p.run()
}

// subscription finds a subscription by its full name.
func (s *Server) subscription(name string) (*subscription, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if sub := s.subscriptions[name]; sub != nil {
		return sub, nil
	}
	return nil, subscriptionNotFound(name)
}

// pullable finds a subscription that does not push.
func (s *Server) pullable(name string) (*subscription, error) {
	sub, err := s.subscription(name)
	if err == nil && sub.pushEndpoint() != "" {
		return nil, status.Errorf(codes.FailedPrecondition, "subscription %s is a push subscription and cannot be pulled", name)
	}
	return sub, err
}

func subscriptionNotFound(name string) error {
	return status.Errorf(codes.NotFound, "subscription not found: %s", name)
}
