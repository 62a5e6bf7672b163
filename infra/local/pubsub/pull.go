package pubsub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// pullWait is how long a Pull without messages waits before it answers so.
const pullWait = 20 * time.Second

// heartbeat is how long a stream without messages is silent. Clients send pings,
// and hang up when they have heard nothing for 15 s.
const heartbeat = 5 * time.Second

// Pull answers with the messages that are due, or waits a while for one.
func (s service) Pull(ctx context.Context, r *pubsubpb.PullRequest) (*pubsubpb.PullResponse, error) {
	if err := checkRange("max messages", int(r.GetMaxMessages()), 1, math.MaxInt32); err != nil {
		return nil, err
	}
	sub, err := s.pullable(r.GetSubscription())
	if err != nil {
		return nil, err
	}
	patience := pullWait
	if r.GetReturnImmediately() { //nolint:staticcheck // deprecated, and still obeyed by the service
		patience = 0
	}
	messages, err := sub.receive(ctx, patience, int(r.GetMaxMessages()), &reader{hold: sub.ackDeadline()})
	return &pubsubpb.PullResponse{ReceivedMessages: messages}, err
}

// Acknowledge ends deliveries with success.
func (s service) Acknowledge(_ context.Context, r *pubsubpb.AcknowledgeRequest) (*emptypb.Empty, error) {
	sub, err := s.subscription(r.GetSubscription())
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, sub.each(r.GetAckIds(), sub.ack)
}

// ModifyAckDeadline moves deliveries' deadlines, or refuses the messages.
func (s service) ModifyAckDeadline(_ context.Context, r *pubsubpb.ModifyAckDeadlineRequest) (*emptypb.Empty, error) {
	sub, err := s.subscription(r.GetSubscription())
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, sub.modify(r.GetAckIds(), r.GetAckDeadlineSeconds())
}

// StreamingPull sends messages as they come, until the client goes, the server
// stops or the subscription is deleted.
func (s service) StreamingPull(stream pubsubpb.Subscriber_StreamingPullServer) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	sub, err := s.pullable(first.GetSubscription())
	if err != nil {
		return err
	}
	to := &reader{maxMessages: int(first.GetMaxOutstandingMessages()), maxBytes: int(first.GetMaxOutstandingBytes())}
	if err := sub.accept(first, to); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	go func() { cancel(sub.listen(stream, to)) }()
	for ctx.Err() == nil {
		messages, err := sub.receive(ctx, heartbeat, math.MaxInt, to)
		if err == nil {
			err = stream.Send(&pubsubpb.StreamingPullResponse{ReceivedMessages: messages})
		}
		if err != nil {
			cancel(err)
		}
	}
	if err := context.Cause(ctx); !errors.Is(err, io.EOF) { // or else the client has ended the stream
		return err
	}
	return nil
}

// listen serves what a stream's client sends after its first request, until the
// stream ends.
func (sub *subscription) listen(stream pubsubpb.Subscriber_StreamingPullServer, to *reader) error {
	for {
		r, err := stream.Recv()
		if err == nil && r.GetSubscription() != "" {
			err = status.Error(codes.InvalidArgument, "only the first request of a stream may name the subscription")
		}
		if err == nil {
			err = sub.accept(r, to)
		}
		if err != nil {
			return err
		}
	}
}

// accept takes the acknowledgements and deadlines of a stream's request.
func (sub *subscription) accept(r *pubsubpb.StreamingPullRequest, to *reader) error {
	if seconds := r.GetStreamAckDeadlineSeconds(); seconds != 0 || to.hold == 0 {
		if err := checkRange("stream ack deadline", int(seconds), 10, 600); err != nil {
			return err
		}
		sub.mu.Lock()
		to.hold = time.Duration(seconds) * time.Second
		sub.mu.Unlock()
	}
	ids, seconds := r.GetModifyDeadlineAckIds(), r.GetModifyDeadlineSeconds()
	if err := checkRange("deadlines of a request", len(seconds), len(ids), len(ids)); err != nil {
		return err
	}
	err := sub.each(r.GetAckIds(), sub.ack)
	for i, id := range ids {
		err = cmp.Or(err, sub.modify([]string{id}, seconds[i]))
	}
	return err
}

// receive waits for messages, for as long as its patience lasts, and hands out up
// to limit of them, or about a megabyte.
func (sub *subscription) receive(ctx context.Context, patience time.Duration, limit int, to *reader) ([]*pubsubpb.ReceivedMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, attempt, err := sub.await(ctx, to)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	var list []*pubsubpb.ReceivedMessage
	for bytes := 0; r != nil; r, attempt, _ = sub.next(to) {
		m, err := readMessage(r)
		if err != nil {
			sub.told("message not delivered", err)
			continue // at its deadline it will be tried again
		}
		received := &pubsubpb.ReceivedMessage{AckId: fmt.Sprintf("%d-%d-%s", r.Seq, attempt, sub.name()), Message: m}
		if sub.maxAttempts() > 0 {
			received.DeliveryAttempt = int32(attempt)
		}
		list = append(list, received)
		if bytes += r.Size; bytes > 1<<20 || len(list) == limit {
			break
		}
	}
	return list, err
}

// modify moves deadlines; zero seconds refuses the message.
func (sub *subscription) modify(ackIDs []string, seconds int32) error {
	if err := checkRange("ack deadline", int(seconds), 0, 600); err != nil {
		return err
	}
	if seconds == 0 {
		return sub.each(ackIDs, sub.fail)
	}
	return sub.each(ackIDs, func(seq uint64, attempt int) error {
		sub.hold(seq, attempt, time.Duration(seconds)*time.Second)
		return nil
	})
}

// each does something to the deliveries of these ids, up to the first that is not
// of this subscription.
func (sub *subscription) each(ackIDs []string, do func(seq uint64, attempt int) error) error {
	for _, id := range ackIDs {
		var seq uint64
		var attempt int
		var name string
		if _, err := fmt.Sscanf(id, "%d-%d-%s", &seq, &attempt, &name); err != nil || name != sub.name() {
			return status.Errorf(codes.InvalidArgument, "ack id %q is not of subscription %s", id, sub.name())
		}
		if err := do(seq, attempt); err != nil {
			return err
		}
	}
	return nil
}

// pullable finds a subscription that does not push.
func (s *Server) pullable(name string) (*subscription, error) {
	sub, err := s.subscription(name)
	if err == nil && sub.endpoint() != "" {
		return nil, status.Errorf(codes.FailedPrecondition, "subscription %s is a push subscription and cannot be pulled", name)
	}
	return sub, err
}
