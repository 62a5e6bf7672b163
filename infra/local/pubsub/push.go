package pubsub

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/googleapis/gax-go/v2"

	"nightwire.dev/infra/local/pubsub/journal"
)

// knock is the pause before a push is tried again that found nobody listening,
// which is no delivery attempt.
const knock = 250 * time.Millisecond

// keptBytes is the largest request whose memory is kept for the next one: some
// alerts, but not one of the rare messages of 10 MB.
const keptBytes = 2 << 20

// pusher posts a subscription's messages to its endpoint as Eventarc posts them
// to a function: each a CloudEvent in binary mode. Its HTTP client is a small
// one: a request is one write of one buffer, and who sends it waits for the
// answer himself, which takes half the time of an http.Transport.
type pusher struct {
	sub     *subscription
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	address string // host:port
	head    string // what all requests begin with
	start   string // what all bodies begin with

	turn  sync.Mutex   // of the one line that waits for the next message
	lines int          // guarded by turn
	free  atomic.Int32 // lines that wait for it, or for their turn
}

// line pushes one message after the other, over a connection that stays open.
type line struct {
	*pusher
	conn            net.Conn // nil when not connected
	answers         *bufio.Reader
	record, request []byte // memory
}

// startPush starts pushing, in place of an earlier start, if the subscription
// has an endpoint. The caller holds mu.
func (s *Server) startPush(sub *subscription) {
	if sub.stopPush != nil {
		sub.stopPush()
	}
	d := sub.definition.Load()
	u := pushURL(d.GetPushConfig())
	if u == nil {
		return
	}
	p := &pusher{
		sub:     sub,
		dial:    new(net.Dialer).DialContext,
		address: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), u.Scheme)),
		head: fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nCe-Specversion: 1.0\r\n"+
			"Ce-Type: google.cloud.pubsub.topic.v1.messagePublished\r\nCe-Source: //pubsub.googleapis.com/%s\r\n",
			u.RequestURI(), u.Host, d.GetTopic()),
		start: fmt.Sprintf(`{"subscription":%q,"message":{"data":"`, d.GetName()),
	}
	if u.Scheme == "https" {
		p.dial = new(tls.Dialer).DialContext
	}
	var ctx context.Context
	ctx, sub.stopPush = context.WithCancel(sub.live)
	p.open(ctx)
}

// open opens a line, which works until the context ends.
func (p *pusher) open(ctx context.Context) {
	p.lines++
	p.free.Add(1)
	p.sub.server.running.Go(func() { (&line{pusher: p}).work(ctx) })
}

// work pushes messages as they come due. When all lines are busy there is another
// one, up to the window. A message that waits for its next attempt is in the
// queue and with no line, so it stalls no other.
func (l *line) work(ctx context.Context) {
	defer l.hangUp()
	for {
		l.turn.Lock()
		r, attempt, err := l.sub.await(ctx, forever, nil)
		if l.free.Add(-1) == 0 && l.lines < l.sub.server.options.PushWindow && err == nil {
			l.open(ctx)
		}
		l.turn.Unlock()
		if err != nil {
			return
		}
		l.push(ctx, r, attempt)
		if cap(l.request) > keptBytes {
			l.record, l.request = nil, nil
		}
		l.free.Add(1)
	}
}

// push delivers one message and tells the queue how it went.
func (l *line) push(ctx context.Context, r *journal.Record, attempt int) {
	err := l.post(r, attempt)
	for unreached(err) && gax.Sleep(ctx, knock) == nil {
		err = l.post(r, attempt)
	}
	switch {
	case err == nil:
		l.sub.ack(r.Seq, attempt)
	case l.sub.live.Err() == nil: // or else it comes again when the server does
		l.sub.server.log.WarnContext(ctx, "push failed", "subscription", l.sub.name(), "message", messageID(r.Seq), "attempt", attempt, "error", err)
		l.sub.fail(r.Seq, attempt)
	}
}

// post sends one message and waits for a 2xx.
func (l *line) post(r *journal.Record, attempt int) error {
	deadline := time.Now().Add(l.sub.ackDeadline())
	fresh := l.conn == nil
	if fresh {
		ctx, cancel := context.WithDeadline(l.sub.server.aborting, deadline)
		defer cancel()
		conn, err := l.dial(ctx, "tcp", l.address)
		if err != nil {
			return err
		}
		l.conn, l.answers = conn, bufio.NewReader(conn)
	}
	if err := l.write(r, attempt); err != nil {
		return err
	}
	status, err := l.exchange(l.conn, deadline)
	switch {
	case err != nil && !fresh && !errors.Is(err, os.ErrDeadlineExceeded):
		return l.post(r, attempt) // the endpoint may have closed a connection that was idle
	case err == nil && (status < 200 || status > 299):
		return fmt.Errorf("endpoint answered %d %s", status, http.StatusText(status))
	}
	return err
}

// exchange sends the request with one write, and reads the answer to its end. The
// connection is kept if it can serve again.
func (l *line) exchange(conn net.Conn, deadline time.Time) (status int, err error) {
	keep := false
	defer func() {
		if !keep {
			l.hangUp()
		}
	}()
	defer context.AfterFunc(l.sub.server.aborting, func() { _ = conn.Close() })()
	if err := conn.SetDeadline(deadline); err != nil {
		return 0, err
	}
	if _, err := conn.Write(l.request); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(l.answers, nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	keep = err == nil && !answer.Close
	return answer.StatusCode, err
}

// pushed is what follows the data in the body of a push.
type pushed struct {
	Attributes   map[string]string `json:"attributes,omitempty"`
	OrderingKey  string            `json:"orderingKey,omitempty"`
	MessageID    string            `json:"messageId"`
	MessageID2   string            `json:"message_id"`
	PublishTime  time.Time         `json:"publishTime"`
	PublishTime2 time.Time         `json:"publish_time"`
}

// write makes the request of a message. The data, nearly all of it, goes
// straight into its base64: encoding/json would copy it twice more.
func (l *line) write(r *journal.Record, attempt int) error {
	m, buf, err := readMessage(r, l.record)
	l.record = buf
	if err != nil {
		return err
	}
	at := published(r.Seq)
	object, err := json.Marshal(pushed{m.GetAttributes(), m.GetOrderingKey(), m.GetMessageId(), m.GetMessageId(), at, at})
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	end := append([]byte(`",`), object[1:]...) // after the data, in the same object
	if l.sub.definition.Load().GetDeadLetterPolicy() != nil {
		end = fmt.Appendf(end, `,"deliveryAttempt":%d`, attempt)
	}
	end = append(end, '}')
	length := len(l.start) + base64.StdEncoding.EncodedLen(len(m.GetData())) + len(end)
	b := fmt.Appendf(l.request[:0], "%sCe-Id: %s\r\nCe-Time: %s\r\nContent-Length: %d\r\n\r\n%s",
		l.head, m.GetMessageId(), at.Format(time.RFC3339Nano), length, l.start)
	b = base64.StdEncoding.AppendEncode(b, m.GetData())
	b = append(b, end...)
	l.request = b
	return nil
}

func (l *line) hangUp() {
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

// unreached says whether no connection could be made: nobody is listening.
func unreached(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}
