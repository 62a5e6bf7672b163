package pubsub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// pullWait is how long a Pull without messages waits before it answers so.
const pullWait = 20 * time.Second

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
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	messages, err := sub.receive(ctx, int(r.GetMaxMessages()), sub.ackDeadline(), nil)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
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
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	p := &pullStream{ctx: ctx, sub: sub, stream: stream}
	if err := p.accept(first); err != nil {
		return err
	}
	go func() { cancel(p.listen(first.GetProtocolVersion() >= 1)) }()
	w := &window{maxMessages: int(first.GetMaxOutstandingMessages()), maxBytes: int(first.GetMaxOutstandingBytes())}
	for ctx.Err() == nil {
		messages, err := sub.receive(ctx, math.MaxInt, time.Duration(p.seconds.Load())*time.Second, w)
		if err == nil {
			err = p.send(messages)
		}
		if err != nil {
			p.sending.Lock() // nothing is sent after the call's return
			cancel(err)
			p.sending.Unlock()
		}
	}
	if err := context.Cause(ctx); !errors.Is(err, io.EOF) { // or else the client has ended the stream
		return err
	}
	return nil
}

// pullStream is the client's side of a StreamingPull.
type pullStream struct {
	ctx     context.Context
	sub     *subscription
	seconds atomic.Int32 // until the deadline of what is delivered from now on
	stream  pubsubpb.Subscriber_StreamingPullServer
	sending sync.Mutex // a stream takes one message at a time
}

func (p *pullStream) send(messages []*pubsubpb.ReceivedMessage) error {
	p.sending.Lock()
	defer p.sending.Unlock()
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	return p.stream.Send(&pubsubpb.StreamingPullResponse{ReceivedMessages: messages})
}

// listen serves what the client sends after its first request, until the stream
// ends. If the client pings, it wants an answer to an empty request.
func (p *pullStream) listen(pings bool) error {
	for {
		r, err := p.stream.Recv()
		if err != nil {
			return err
		}
		if r.GetSubscription() != "" {
			return status.Error(codes.InvalidArgument, "only the first request of a stream may name the subscription")
		}
		if err := p.accept(r); err != nil {
			return err
		}
		if pings && len(r.GetAckIds()) == 0 && len(r.GetModifyDeadlineAckIds()) == 0 {
			if err := p.send(nil); err != nil {
				return err
			}
		}
	}
}

// accept takes the acknowledgements and deadlines of a request.
func (p *pullStream) accept(r *pubsubpb.StreamingPullRequest) error {
	if seconds := r.GetStreamAckDeadlineSeconds(); seconds != 0 || p.seconds.Load() == 0 {
		if err := checkRange("stream ack deadline", int(seconds), 10, 600); err != nil {
			return err
		}
		p.seconds.Store(seconds)
	}
	ids, seconds := r.GetModifyDeadlineAckIds(), r.GetModifyDeadlineSeconds()
	if err := checkRange("deadlines of a request", len(seconds), len(ids), len(ids)); err != nil {
		return err
	}
	err := p.sub.each(r.GetAckIds(), p.sub.ack)
	for i, id := range ids {
		err = cmp.Or(err, p.sub.modify([]string{id}, seconds[i]))
	}
	return err
}

// receive waits for messages, until the context or the subscription ends, and
// hands out up to limit of them, or about a megabyte.
func (sub *subscription) receive(ctx context.Context, limit int, hold time.Duration, w *window) (list []*pubsubpb.ReceivedMessage, err error) {
	r, attempt, err := sub.await(ctx, hold, w)
	var wait <-chan struct{}
	for bytes := 0; err == nil && wait == nil; r, attempt, wait = sub.next(hold, w) {
		m, _, err := readMessage(r, nil)
		if err != nil {
			sub.told("message not delivered", err)
			continue // at its deadline it will be tried again
		}
		received := &pubsubpb.ReceivedMessage{AckId: fmt.Sprintf("%d-%d-%d", sub.number, r.Seq, attempt), Message: m}
		if sub.definition.Load().GetDeadLetterPolicy() != nil {
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

// each does something to the deliveries of these ids, or to none if one of them
// is not of this subscription.
func (sub *subscription) each(ackIDs []string, do func(seq uint64, attempt int) error) (err error) {
	seqs, attempts := make([]uint64, len(ackIDs)), make([]int, len(ackIDs))
	for i, id := range ackIDs {
		var number uint64
		if _, err := fmt.Sscanf(id, "%d-%d-%d", &number, &seqs[i], &attempts[i]); err != nil || number != sub.number {
			return status.Errorf(codes.InvalidArgument, "ack id %q is not of subscription %s", id, sub.name())
		}
	}
	for i, seq := range seqs {
		err = cmp.Or(err, do(seq, attempts[i]))
	}
	return err
}

// pullable finds a subscription that does not push.
func (s *Server) pullable(name string) (*subscription, error) {
	sub, err := s.subscription(name)
	if err == nil && sub.definition.Load().GetPushConfig().GetPushEndpoint() != "" {
		return nil, status.Errorf(codes.FailedPrecondition, "subscription %s is a push subscription and cannot be pulled", name)
	}
	return sub, err
}
