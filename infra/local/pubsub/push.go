package pubsub

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/googleapis/gax-go/v2"

	"nightwire.dev/infra/local/pubsub/journal"
)

// knock is the pause before a push is tried again that found nobody listening,
// which is no delivery attempt.
const knock = 250 * time.Millisecond

// pusher posts a subscription's messages to its endpoint as Eventarc posts them
// to a function: each a CloudEvent in binary mode.
type pusher struct {
	sub      *subscription
	endpoint string
	knocking atomic.Bool // nobody listened the last time
}

// startPush starts pushing, in place of an earlier start, if the subscription
// has an endpoint. The caller holds mu.
func (s *Server) startPush(sub *subscription) {
	sub.stopPush()
	if sub.endpoint() == "" {
		return
	}
	p := &pusher{sub: sub, endpoint: sub.endpoint()}
	var ctx context.Context
	ctx, sub.stopPush = context.WithCancel(sub.live)
	s.running.Go(func() { p.work(ctx) })
}

// work pushes messages as they come due, a window of them at a time. One that
// waits for its next attempt is not in the window, so it stalls no other.
func (p *pusher) work(ctx context.Context) {
	to := &reader{hold: forever, maxMessages: p.sub.server.options.PushWindow}
	for ctx.Err() == nil {
		if r, attempt, err := p.sub.await(ctx, to); err == nil {
			p.sub.server.running.Go(func() { p.push(ctx, r, attempt) })
		}
	}
}

// push delivers one message and tells the queue how it went.
func (p *pusher) push(ctx context.Context, r *journal.Record, attempt int) {
	header, body, err := p.request(r, attempt)
	if err == nil {
		err = p.post(header, body)
	}
	if unreached(err) && !p.knocking.Swap(true) {
		p.sub.server.options.Logger.InfoContext(ctx, "nobody listens at the push endpoint", "subscription", p.sub.name(), "error", err)
	}
	for unreached(err) && gax.Sleep(ctx, knock) == nil {
		err = p.post(header, body)
	}
	p.knocking.Store(unreached(err))
	switch {
	case unreached(err):
		p.sub.putBack(r.Seq, attempt)
	case err == nil:
		// On a full disk the message stays in the window until there is room.
		err = p.sub.ack(r.Seq, attempt)
		p.sub.told("acknowledgement not saved", err)
		for err != nil && gax.Sleep(ctx, knock) == nil {
			err = p.sub.ack(r.Seq, attempt)
		}
		p.sub.putBack(r.Seq, attempt) // unless it is acknowledged
	case p.sub.live.Err() == nil: // or else it comes again when the server does
		p.sub.server.options.Logger.WarnContext(ctx, "push failed", "subscription", p.sub.name(), "message", messageID(r.Seq), "attempt", attempt, "error", err)
		p.sub.told("failure not saved", p.sub.fail(r.Seq, attempt))
	}
}

// request is the push of a message, as each knock sends it.
func (p *pusher) request(r *journal.Record, attempt int) (http.Header, []byte, error) {
	m, err := readMessage(r)
	if err != nil {
		return nil, nil, err
	}
	at := m.GetPublishTime().AsTime().Format(time.RFC3339Nano)
	body, err := json.Marshal(p.event(m, at, attempt))
	return http.Header{
		"Content-Type":   {"application/json"},
		"Ce-Id":          {m.GetMessageId()},
		"Ce-Source":      {"//pubsub.googleapis.com/" + p.sub.topic},
		"Ce-Specversion": {"1.0"},
		"Ce-Time":        {at},
		"Ce-Type":        {"google.cloud.pubsub.topic.v1.messagePublished"},
		// Without a value it is not sent, but says that a push may be repeated which
		// met a connection that the endpoint has closed.
		"Idempotency-Key": {},
	}, body, err
}

// post sends a push and waits for a 2xx.
func (p *pusher) post(header http.Header, body []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), p.sub.ackDeadline())
	defer cancel()
	defer context.AfterFunc(p.sub.live, func() { time.AfterFunc(grace, cancel) })()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	answer, err := p.sub.server.transport.RoundTrip(request) // redirections are not followed
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, bufferBytes) // read, so that the connection may be kept
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("endpoint answered %s", answer.Status)
	}
	return nil
}

// event is the body of a push.
type event struct {
	Subscription string `json:"subscription"`
	Message      struct {
		Data         []byte            `json:"data,omitempty"`
		Attributes   map[string]string `json:"attributes,omitempty"`
		OrderingKey  string            `json:"orderingKey,omitempty"`
		MessageID    string            `json:"messageId"`
		MessageID2   string            `json:"message_id"`
		PublishTime  string            `json:"publishTime"`
		PublishTime2 string            `json:"publish_time"`
	} `json:"message"`
	DeliveryAttempt int `json:"deliveryAttempt,omitempty"`
}

func (p *pusher) event(m *pubsubpb.PubsubMessage, published string, attempt int) event {
	e := event{Subscription: p.sub.name()}
	e.Message.Data, e.Message.Attributes, e.Message.OrderingKey = m.GetData(), m.GetAttributes(), m.GetOrderingKey()
	e.Message.MessageID, e.Message.MessageID2 = m.GetMessageId(), m.GetMessageId()
	e.Message.PublishTime, e.Message.PublishTime2 = published, published
	if p.sub.maxAttempts() > 0 {
		e.DeliveryAttempt = attempt
	}
	return e
}

// unreached says whether no connection could be made: nobody is listening.
func unreached(err error) bool {
	operation, ok := errors.AsType[*net.OpError](err)
	return ok && operation.Op == "dial"
}
