package pubsub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/googleapis/gax-go/v2"
	"nightwire.dev/infra/local/pubsub/journal"
	"nightwire.dev/infra/local/pubsub/queue"
)

// While nobody listens at an endpoint, its pushes knock again after the first
// pause, doubled up to the last. These are no delivery attempts.
const (
	firstKnock = 50 * time.Millisecond
	lastKnock  = time.Second
)

// newTransport keeps the connections of all windows alive: most endpoints are
// functions of one process, one host to the transport.
func newTransport() *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: 1024,
		IdleConnTimeout:     time.Minute,
		WriteBufferSize:     64 << 10,
		DisableCompression:  true,
	}
}

// pushHost is the host:port that a subscription pushes to.
func pushHost(d *pubsubpb.Subscription) string {
	endpoint, err := url.Parse(d.GetPushConfig().GetPushEndpoint())
	if err != nil {
		return ""
	}
	return endpoint.Host
}

// startPush starts pushing, in place of an earlier start, if the subscription
// has an endpoint. The caller holds admin, or is Open.
func (s *Server) startPush(sub *subscription) {
	if sub.stopPush != nil {
		sub.stopPush()
		sub.stopPush = nil
	}
	endpoint := sub.pushEndpoint()
	if endpoint == "" {
		return
	}
	var ctx context.Context
	ctx, sub.stopPush = context.WithCancel(sub.live)
	s.running.Go(func() { s.pushAll(ctx, sub, endpoint) })
}

// pushAll keeps the subscription's window filled until the context ends; the
// pushes then in flight end by themselves. A message that waits for its next
// attempt is in the queue and not in the window, so it stalls no other.
func (s *Server) pushAll(ctx context.Context, sub *subscription, endpoint string) {
	window := make(chan struct{}, s.options.PushWindow)
	for {
		window <- struct{}{}
		d, err := sub.queue.Next(ctx, queue.Forever, nil)
		if err != nil {
			break
		}
		s.running.Go(func() {
			defer func() { <-window }()
			s.push(ctx, sub, endpoint, d)
		})
	}
}

// push delivers one message and tells the queue how it went.
func (s *Server) push(ctx context.Context, sub *subscription, endpoint string, d queue.Delivery) {
	var err error
	for pause := firstKnock; ; pause = min(2*pause, lastKnock) {
		if err = s.post(sub, endpoint, d); !unreached(err) || gax.Sleep(ctx, pause) != nil {
			break
		}
	}
	switch {
	case err == nil:
		sub.queue.Ack(d.Seq)
	case errors.Is(err, journal.ErrAbsent):
		s.unreadable(ctx, sub, d, err)
	case unreached(err), s.aborting.Err() != nil:
		// The server stops, or pushes elsewhere from now on.
		sub.queue.Return(d)
	default:
		s.log.WarnContext(ctx, "push failed", "subscription", sub.name(),
			"message", messageID(sub.topic.number, d.Seq), "attempt", d.Attempt, "error", err)
		sub.queue.Fail(d)
	}
}

// post sends one message and waits for a 2xx.
func (s *Server) post(sub *subscription, endpoint string, d queue.Delivery) error {
	e, err := newEnvelope(sub, d)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.aborting, sub.ackDeadline())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, e)
	if err != nil {
		return errors.Join(err, e.Close())
	}
	request.ContentLength = int64(e.Len())
	request.Header = e.header
	response, err := s.transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	// Reading the answer to its end keeps the connection for the next push.
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)); err != nil {
		return err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("endpoint answered %s", response.Status)
	}
	return nil
}

// unreached says whether no connection could be made: nobody is listening.
func unreached(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}
