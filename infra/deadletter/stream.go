package deadletter

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
)

// stream is a StreamingPull call. Single pulls would not do: one that is given
// up while it waits may still be handed the letters that the walk gives back at
// its end, and these would then be out of sight until their time is over.
type stream struct {
	call     pubsubpb.Subscriber_StreamingPullClient
	received chan []*pubsubpb.ReceivedMessage // closed at the stream's end
	failure  error                            // why it ended; to be read after that
	cancel   context.CancelFunc
}

func open(ctx context.Context, client *pubsub.Client, subscription string) (*stream, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // end wants to hear the stream out
	s := &stream{received: make(chan []*pubsubpb.ReceivedMessage), cancel: cancel}
	var err error
	if s.call, err = client.SubscriptionAdminClient.StreamingPull(ctx); err == nil {
		err = s.call.Send(&pubsubpb.StreamingPullRequest{Subscription: subscription, StreamAckDeadlineSeconds: int32(onTheWay / time.Second)})
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("read %s: %w", subscription, err)
	}
	go s.receive(ctx)
	return s, nil
}

func (s *stream) receive(ctx context.Context) {
	defer close(s.received)
	for {
		r, err := s.call.Recv()
		if err != nil {
			s.failure = err
			return
		}
		select {
		case s.received <- r.GetReceivedMessages():
		case <-ctx.Done():
			s.failure = ctx.Err()
			return
		}
	}
}

// end tells Pub/Sub that no more is wanted, and returns what it sends until it
// has understood, or until ctx ends.
func (s *stream) end(ctx context.Context) []*pubsubpb.ReceivedMessage {
	defer s.cancel()
	var left []*pubsubpb.ReceivedMessage
	if s.call.CloseSend() != nil {
		return nil
	}
	for {
		select {
		case received, more := <-s.received:
			if !more {
				return left
			}
			for _, one := range received {
				one.Message.Data = nil
			}
			left = append(left, received...)
		case <-ctx.Done():
			return left
		}
	}
}
