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

// answerBytes is how much of an answer's body is read, so that the connection may
// be kept. Nobody needs what it says.
const answerBytes = 64 << 10

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

	knocking atomic.Bool // nobody listened the last time
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
		if ctx.Err() != nil {
			l.turn.Unlock()
			return
		}
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
	if unreached(err) && !l.knocking.Swap(true) {
		l.sub.server.log.InfoContext(ctx, "nobody listens at the push endpoint", "subscription", l.sub.name(), "error", err)
	}
	for unreached(err) && gax.Sleep(ctx, knock) == nil {
		err = l.post(r, attempt)
	}
	l.knocking.Store(unreached(err))
	switch {
	case unreached(err):
		l.sub.putBack(r.Seq, attempt)
	case err == nil:
		// On a full disk the message stays with the line until there is room.
		err = l.sub.ack(r.Seq, attempt)
		l.sub.told("acknowledgement not saved", err)
		for err != nil && gax.Sleep(ctx, knock) == nil {
			err = l.sub.ack(r.Seq, attempt)
		}
		l.sub.putBack(r.Seq, attempt) // unless it is acknowledged
	case l.sub.live.Err() == nil: // or else it comes again when the server does
		l.sub.server.log.WarnContext(ctx, "push failed", "subscription", l.sub.name(), "message", messageID(r.Seq), "attempt", attempt, "error", err)
		l.sub.told("failure not saved", l.sub.fail(r.Seq, attempt))
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
	status, keep, err := l.exchange(l.conn, deadline)
	if !keep {
		l.hangUp()
	}
	switch {
	case errors.Is(err, errSilent) && !fresh && !errors.Is(err, os.ErrDeadlineExceeded):
		return l.post(r, attempt) // the endpoint may have closed a connection that was idle
	case err == nil && (status < 200 || status > 299):
		return fmt.Errorf("endpoint answered %d %s", status, http.StatusText(status))
	}
	return err
}

// errSilent means that the endpoint has not begun to answer.
var errSilent = errors.New("no answer")

// exchange sends the request with one write, and reads the answer, whose status
// decides. The connection is to be kept if it can serve again: if all of both was
// taken and nothing follows, which would pass for the next request's answer.
func (l *line) exchange(conn net.Conn, deadline time.Time) (status int, keep bool, err error) {
	defer context.AfterFunc(l.sub.server.aborting, func() { _ = conn.Close() })()
	_ = conn.SetDeadline(deadline) // if it is closed the write says so
	_, unsent := conn.Write(l.request)
	if unsent != nil { // it may have answered without reading all
		_ = conn.SetReadDeadline(time.Now().Add(knock))
	}
	if _, err := l.answers.Peek(1); err != nil {
		return 0, false, fmt.Errorf("%w: %w", errSilent, cmp.Or(unsent, err))
	}
	answer := &http.Response{StatusCode: http.StatusContinue}
	for answer.StatusCode/100 == 1 && answer.StatusCode != http.StatusSwitchingProtocols {
		answer, err = http.ReadResponse(l.answers, nil) //nolint:bodyclose // to close it is to read it, however long
		if err != nil {
			return 0, false, err
		}
	}
	n, err := io.Copy(io.Discard, io.LimitReader(answer.Body, answerBytes))
	keep = unsent == nil && err == nil && n < answerBytes && !answer.Close &&
		answer.StatusCode >= http.StatusOK && l.answers.Buffered() == 0
	return answer.StatusCode, keep, nil
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
