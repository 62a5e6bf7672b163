package pubsub

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"nightwire.dev/infra/local/pubsub/journal"
)

// forever is a deadline that does not expire.
const forever = time.Duration(math.MaxInt64)

// lease is one message that has not been acknowledged: it is either out with a
// reader, or waiting to be handed out, for the first time or again.
type lease struct {
	record   *journal.Record
	failures int         // refusals and expired deadlines so far
	reader   *reader     // who has it; nil while it is not out
	timer    *time.Timer // ends the delivery, or the pause before the next
}

// reader is one who is handed messages: no more than so many of them, and of their
// bytes, are out with it at a time. Zero means no limit.
type reader struct {
	hold                  time.Duration // until a message has failed that it does not acknowledge
	maxMessages, maxBytes int
	messages, bytes       int
}

// full says whether the reader has to wait.
func (to *reader) full() bool {
	return to.maxMessages > 0 && to.messages >= to.maxMessages || to.maxBytes > 0 && to.bytes >= to.maxBytes
}

// add takes a record, with the failures that its message had before a restart.
func (sub *subscription) add(r *journal.Record, failures uint32) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	l := &lease{record: r, failures: int(failures)}
	sub.leases[r.Seq] = l
	sub.offer(l, 0)
}

// next hands out a message that is due, and says which delivery of it this is,
// from one. If none is due, or the reader has all it may have, wait is not nil: it
// is closed when it is worth to ask again.
func (sub *subscription) next(to *reader) (r *journal.Record, attempt int, wait <-chan struct{}) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	for len(sub.ready) > 0 && !to.full() {
		l := sub.ready[0]
		sub.ready[0], sub.ready = nil, sub.ready[1:]
		r, attempt = l.record, l.failures+1
		if sub.leases[r.Seq] != l {
			continue // it was acknowledged meanwhile
		}
		l.reader = to
		to.messages++
		to.bytes += r.Size
		l.timer = time.AfterFunc(to.hold, func() { sub.told("failure not saved", sub.fail(r.Seq, attempt)) })
		return r, attempt, nil
	}
	if sub.changed == nil {
		sub.changed = make(chan struct{})
	}
	return nil, 0, sub.changed
}

// await is next, but it waits, until the context or the subscription ends. What is
// due when the context has ended is handed out all the same.
func (sub *subscription) await(ctx context.Context, to *reader) (*journal.Record, int, error) {
	for sub.live.Err() == nil {
		r, attempt, wait := sub.next(to)
		if wait == nil {
			return r, attempt, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, 0, context.Cause(ctx)
		case <-sub.live.Done():
		}
	}
	return nil, 0, context.Cause(sub.live)
}

// ack acknowledges a message, whichever delivery of it, and for good. If that
// cannot be saved the delivery goes on.
func (sub *subscription) ack(seq uint64, _ int) error {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	l := sub.leases[seq]
	if l == nil {
		return nil
	}
	if err := l.record.Mark(journal.Done); err != nil {
		return unavailable("save acknowledgement", err)
	}
	delete(sub.leases, seq)
	sub.takeBack(l)
	return nil
}

// fail ends a delivery without success: the message is due again after a pause,
// or buried. A delivery that has already ended is left alone. The error is that
// of saving the count, which goes on in memory; where nobody counts it is not
// saved, or a message that fails for ever would fill the disk.
func (sub *subscription) fail(seq uint64, attempt int) error {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	l := sub.delivered(seq, attempt)
	if l == nil {
		return nil
	}
	sub.takeBack(l)
	l.failures++
	sub.offer(l, sub.pause(l.failures))
	if sub.maxAttempts() == 0 {
		return nil
	}
	return unavailable("save failure", l.record.Mark(uint32(l.failures)))
}

// putBack ends a delivery that reached nobody: it does not count, and the message
// is due at once.
func (sub *subscription) putBack(seq uint64, attempt int) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if l := sub.delivered(seq, attempt); l != nil {
		sub.takeBack(l)
		sub.offer(l, 0)
	}
}

// hold moves a delivery's deadline to so long from now. A delivery that has
// already ended is left alone.
func (sub *subscription) hold(seq uint64, attempt int, hold time.Duration) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	if l := sub.delivered(seq, attempt); l != nil {
		l.timer.Reset(hold)
	}
}

// delivered returns the lease that the delivery began, if it is still out.
func (sub *subscription) delivered(seq uint64, attempt int) *lease {
	l := sub.leases[seq]
	if l == nil || l.reader == nil || l.failures+1 != attempt {
		return nil
	}
	return l
}

// takeBack ends a lease's delivery or pause. A timer that has gone off already
// does no harm: its delivery is no more.
func (sub *subscription) takeBack(l *lease) {
	if l.timer != nil {
		l.timer.Stop()
	}
	if l.reader != nil {
		l.reader.messages--
		l.reader.bytes -= l.record.Size
		l.reader = nil
		sub.wake()
	}
}

// offer makes the lease due after a pause. One that has failed too often is buried
// instead, and one that was acknowledged or forgotten meanwhile is left alone.
func (sub *subscription) offer(l *lease, pause time.Duration) {
	switch {
	case sub.leases[l.record.Seq] != l:
	case pause > 0:
		l.timer = time.AfterFunc(pause, func() {
			sub.mu.Lock()
			defer sub.mu.Unlock()
			sub.offer(l, 0)
		})
	case sub.exhausted(l):
		sub.server.burying.Go(func() { sub.bury(l) })
	default:
		sub.ready = append(sub.ready, l)
		sub.wake()
	}
}

// exhausted says whether the message is still owed, and has failed too often.
func (sub *subscription) exhausted(l *lease) bool {
	return sub.leases[l.record.Seq] == l && sub.maxAttempts() > 0 && l.failures >= sub.maxAttempts()
}

// wake lets all who wait ask again.
func (sub *subscription) wake() {
	if sub.changed != nil {
		close(sub.changed)
		sub.changed = nil
	}
}

// forget ends all deliveries and pauses, and forgets what is owed.
func (sub *subscription) forget() {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	for _, l := range sub.leases {
		sub.takeBack(l)
	}
	clear(sub.leases)
}

// told logs an error, if it is one.
func (sub *subscription) told(what string, err error) {
	if err != nil {
		sub.server.options.Logger.ErrorContext(sub.live, what, "subscription", sub.name(), "error", err)
	}
}

// readMessage reads a message. Its id and its time are those of its record's
// number.
func readMessage(r *journal.Record) (*pubsubpb.PubsubMessage, error) {
	data, err := r.Read()
	if err != nil {
		return nil, err
	}
	m := &pubsubpb.PubsubMessage{}
	if err := proto.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("parse record %d: %w", r.Seq, err)
	}
	m.MessageId, m.PublishTime = messageID(r.Seq), timestamppb.New(published(r.Seq))
	return m, nil
}

func messageID(seq uint64) string { return strconv.FormatUint(seq, 10) }

// published is when the number was given.
func published(seq uint64) time.Time { return time.Unix(0, int64(seq)).UTC() }
