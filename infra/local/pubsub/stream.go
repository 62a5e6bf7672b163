package pubsub

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nightwire.dev/infra/local/pubsub/queue"
)

// pullStream is one StreamingPull call: one goroutine sends messages, another
// takes acknowledgements and answers pings.
type pullStream struct {
	server   *Server
	sub      *subscription
	stream   pubsubpb.Subscriber_StreamingPullServer
	reader   *queue.Reader
	deadline atomic.Int64 // nanoseconds
	pings    bool         // the client expects an answer to an empty request

	sending sync.Mutex // a stream takes one send at a time
	over    bool       // and none after its call has returned
}

// run lasts until the client goes, the server stops or the subscription is
// deleted.
func (p *pullStream) run() error {
	ctx, cancel := p.sub.within(p.stream.Context())
	defer cancel()
	defer p.finish()
	requests := make(chan error, 1)
	go func() {
		requests <- p.takeRequests()
		cancel()
	}()
	for {
		messages, err := p.server.receive(ctx, p.sub, math.MaxInt, time.Duration(p.deadline.Load()), p.reader)
		if err != nil {
			select {
			case err := <-requests:
				if errors.Is(err, io.EOF) { // the client has ended the stream
					return nil
				}
				return err
			default:
				return p.sub.ended(err)
			}
		}
		if err := p.send(&pubsubpb.StreamingPullResponse{ReceivedMessages: messages}); err != nil {
			return err
		}
	}
}

// takeRequests serves what the client sends after its first request.
func (p *pullStream) takeRequests() error {
	for {
		r, err := p.stream.Recv()
		if err != nil {
			return err
		}
		if r.GetSubscription() != "" {
			return status.Error(codes.InvalidArgument, "only the first request of a stream may name the subscription")
		}
		if seconds := r.GetStreamAckDeadlineSeconds(); seconds != 0 {
			if err := p.setDeadline(seconds); err != nil {
				return err
			}
		}
		if err := p.accept(r); err != nil {
			return err
		}
		if p.pings && len(r.GetAckIds()) == 0 && len(r.GetModifyDeadlineAckIds()) == 0 {
			if err := p.send(&pubsubpb.StreamingPullResponse{}); err != nil {
				return err
			}
		}
	}
}

// accept takes the acknowledgements and deadlines of a request.
func (p *pullStream) accept(r *pubsubpb.StreamingPullRequest) error {
	ids, seconds := r.GetModifyDeadlineAckIds(), r.GetModifyDeadlineSeconds()
	if len(ids) != len(seconds) {
		return status.Errorf(codes.InvalidArgument, "%d deadlines for %d ack ids", len(seconds), len(ids))
	}
	if err := p.sub.acknowledge(r.GetAckIds()); err != nil {
		return err
	}
	for i, id := range ids {
		if err := p.sub.modify([]string{id}, seconds[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *pullStream) setDeadline(seconds int32) error {
	if seconds < 10 || seconds > 600 {
		return status.Errorf(codes.InvalidArgument, "stream ack deadline %d s: want 10 to 600", seconds)
	}
	p.deadline.Store(int64(seconds) * int64(time.Second))
	return nil
}

func (p *pullStream) send(r *pubsubpb.StreamingPullResponse) error {
	p.sending.Lock()
	defer p.sending.Unlock()
	if p.over {
		return context.Canceled
	}
	return p.stream.Send(r)
}

func (p *pullStream) finish() {
	p.sending.Lock()
	defer p.sending.Unlock()
	p.over = true
}

// within is the caller's context for as long as the subscription lives and the
// server runs.
func (sub *subscription) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(sub.live, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// ended is the status of a wait on the subscription that ended with err.
func (sub *subscription) ended(err error) error {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	switch {
	case sub.deleted:
		return subscriptionNotFound(sub.name())
	case sub.live.Err() != nil:
		return status.Error(codes.Unavailable, "the server is stopping")
	}
	return status.FromContextError(err).Err()
}
