package pubsub

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nightwire.dev/infra/local/pubsub/filter"
	"nightwire.dev/infra/local/pubsub/journal"
	"nightwire.dev/infra/local/pubsub/queue"
)

// subscription is a queue over a topic's journal.
type subscription struct {
	number uint64
	topic  *topic
	from   uint64 // the first message published after its creation
	path   string // the file of its acknowledgements
	wants  filter.Filter
	queue  *queue.Queue

	definition atomic.Pointer[pubsubpb.Subscription] // replaced, never changed
	stopPush   context.CancelFunc                    // under Server.admin; nil when it does not push
	live       context.Context                       // ends with the subscription, or the server
	end        context.CancelFunc

	mu      sync.Mutex // held while saving
	deleted bool
	version uint64 // of the queue's state that was saved last
	saved   queue.State
}

func (sub *subscription) name() string { return sub.definition.Load().GetName() }

func (sub *subscription) ackDeadline() time.Duration {
	return time.Duration(sub.definition.Load().GetAckDeadlineSeconds()) * time.Second
}

func (sub *subscription) pushEndpoint() string {
	return sub.definition.Load().GetPushConfig().GetPushEndpoint()
}

func (sub *subscription) deadLetterTopic() string {
	return sub.definition.Load().GetDeadLetterPolicy().GetDeadLetterTopic()
}

// policy says how failed deliveries are repeated. Where the subscription has no
// retry policy the service's own habits apply: a pulled message comes again at
// once, a push after 100 ms to 60 s.
func policy(d *pubsubpb.Subscription) queue.Policy {
	p := queue.Policy{MaxAttempts: int(d.GetDeadLetterPolicy().GetMaxDeliveryAttempts())}
	switch retry := d.GetRetryPolicy(); {
	case retry != nil:
		p.MinBackoff, p.MaxBackoff = retry.GetMinimumBackoff().AsDuration(), retry.GetMaximumBackoff().AsDuration()
	case d.GetPushConfig().GetPushEndpoint() != "":
		p.MinBackoff, p.MaxBackoff = 100*time.Millisecond, time.Minute
	}
	return p
}

// filterAgain acknowledges the unwanted among the messages from the given one
// on. The filter was asked when they came, but its answers were lost with the
// process before they were saved.
func (sub *subscription) filterAgain(from uint64) error {
	if sub.definition.Load().GetFilter() == "" {
		return nil
	}
	var buf []byte
	for seq := from; seq < sub.topic.journal.Next(); seq++ {
		r, read, err := sub.topic.read(seq, buf)
		if errors.Is(err, journal.ErrAbsent) {
			continue
		}
		if err != nil {
			return err
		}
		if !sub.wants(r.attributes) {
			sub.queue.Ack(seq)
		}
		buf = read
	}
	return nil
}

// receive waits for messages and hands out up to limit of them, or about a
// megabyte.
func (s *Server) receive(ctx context.Context, sub *subscription, limit int, hold time.Duration, r *queue.Reader) ([]*pubsubpb.ReceivedMessage, error) {
	const enough = 1 << 20
	var list []*pubsubpb.ReceivedMessage
	for bytes := 0; len(list) < limit && bytes < enough; {
		d, ok := sub.queue.Try(hold, r)
		if !ok && len(list) > 0 {
			break
		}
		if !ok {
			var err error
			if d, err = sub.queue.Next(ctx, hold, r); err != nil {
				return nil, err
			}
		}
		record, _, err := sub.topic.read(d.Seq, nil)
		if err != nil {
			s.unreadable(ctx, sub, d, err)
			continue // at its deadline it will be tried again
		}
		received := &pubsubpb.ReceivedMessage{
			AckId:   sub.ackID(d),
			Message: record.message(messageID(sub.topic.number, d.Seq)),
		}
		if sub.deadLetterTopic() != "" {
			received.DeliveryAttempt = int32(d.Attempt)
		}
		list = append(list, received)
		bytes += len(record.data)
	}
	return list, nil
}

// unreadable reports a message that the log does not give. One that is absent
// was lost with the machine, and there is nothing to wait for.
func (s *Server) unreadable(ctx context.Context, sub *subscription, d queue.Delivery, err error) {
	s.log.ErrorContext(ctx, "message cannot be read",
		"subscription", sub.name(), "message", messageID(sub.topic.number, d.Seq), "error", err)
	if errors.Is(err, journal.ErrAbsent) {
		sub.queue.Ack(d.Seq)
	}
}

// ackID names a delivery to the reader.
func (sub *subscription) ackID(d queue.Delivery) string {
	return fmt.Sprintf("%d-%d-%d", sub.number, d.Seq, d.Attempt)
}

// delivery is the inverse of ackID.
func (sub *subscription) delivery(ackID string) (queue.Delivery, error) {
	number, rest, _ := strings.Cut(ackID, "-")
	seq, attempt, _ := strings.Cut(rest, "-")
	n, err1 := strconv.ParseUint(number, 10, 64)
	q, err2 := strconv.ParseUint(seq, 10, 64)
	a, err3 := strconv.Atoi(attempt)
	if errors.Join(err1, err2, err3) != nil || n != sub.number {
		return queue.Delivery{}, status.Errorf(codes.InvalidArgument, "ack id %q is not of subscription %s", ackID, sub.name())
	}
	return queue.Delivery{Seq: q, Attempt: a}, nil
}

// deliveries reads many ack ids, all or none.
func (sub *subscription) deliveries(ackIDs []string) ([]queue.Delivery, error) {
	list := make([]queue.Delivery, len(ackIDs))
	for i, id := range ackIDs {
		d, err := sub.delivery(id)
		if err != nil {
			return nil, err
		}
		list[i] = d
	}
	return list, nil
}

func (sub *subscription) acknowledge(ackIDs []string) error {
	list, err := sub.deliveries(ackIDs)
	for _, d := range list {
		sub.queue.Ack(d.Seq)
	}
	return err
}

// modify moves deadlines; zero seconds refuses the message.
func (sub *subscription) modify(ackIDs []string, seconds int32) error {
	if seconds < 0 || seconds > 600 {
		return status.Errorf(codes.InvalidArgument, "ack deadline %d s: want 0 to 600", seconds)
	}
	list, err := sub.deliveries(ackIDs)
	for _, d := range list {
		if seconds == 0 {
			sub.queue.Fail(d)
		} else {
			sub.queue.Hold(d, time.Duration(seconds)*time.Second)
		}
	}
	return err
}

// save writes the acknowledgements, if there are new ones.
func (sub *subscription) save() error {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if sub.deleted || sub.queue.Version() == sub.version {
		return nil
	}
	state, version := sub.queue.State()
	if err := writeJSON(sub.path, state); err != nil {
		return fmt.Errorf("save acknowledgements of %s: %w", sub.name(), err)
	}
	sub.saved, sub.version = state, version
	return nil
}

// released says whether the records from first up to end are acknowledged, and
// a restart would know it.
func (sub *subscription) released(first, end uint64) bool {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	return sub.saved.Covers(first, end)
}
