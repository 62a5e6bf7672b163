// Package queue is what one subscription still owes its readers: which
// messages of the topic's log are acknowledged, which are out with a reader and
// until when, which failed and when they are to be tried again.
//
// It knows messages only by their sequence number in the log; bodies stay on
// disk. What enters is the log's growth, and readers' acknowledgements and
// refusals; what leaves is the next message that is due, at least once each
// until it is acknowledged. The Pub/Sub server keeps one queue a subscription.
package queue

import (
	"container/heap"
	"context"
	"math"
	"sync"
	"time"
)

// Forever is a deadline that does not expire.
const Forever = time.Duration(math.MaxInt64)

// Delivery is one message handed out.
type Delivery struct {
	Seq     uint64
	Attempt int // from one
}

// Queue is safe for concurrent use.
type Queue struct {
	sizeOf func(seq uint64) int

	mu        sync.Mutex
	policy    Policy
	acked     acked
	end       uint64 // the number that the log's next message will have
	cursor    uint64 // all below were handed out, or acknowledged, at least once
	leases    map[uint64]*lease
	timetable timetable
	ready     []*lease // due for another delivery
	exhausted []*lease
	out       int
	version   uint64        // changes with the state to be saved
	changed   chan struct{} // closed when something may have become due
	waiting   int
}

// New returns the queue of a log that has reached end, as the saved state left
// it. SizeOf tells a message's bytes, for readers that limit them.
func New(policy Policy, saved State, end uint64, sizeOf func(seq uint64) int) *Queue {
	q := &Queue{
		sizeOf:  sizeOf,
		policy:  policy,
		acked:   saved.acked(),
		end:     end,
		cursor:  saved.Floor,
		leases:  make(map[uint64]*lease),
		changed: make(chan struct{}),
	}
	for seq, failures := range saved.Failures {
		l := &lease{seq: seq, failures: failures, due: time.Now(), index: -1}
		q.leases[seq] = l
		heap.Push(&q.timetable, l)
	}
	return q
}

// SetPolicy changes how messages that fail from now on are tried again.
func (q *Queue) SetPolicy(p Policy) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.policy = p
}

// Extend says that the log has grown up to end. The unwanted among the new
// messages count as acknowledged.
func (q *Queue) Extend(end uint64, unwanted ...uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.end = max(q.end, end)
	for _, seq := range unwanted {
		q.acked.add(seq)
		q.version++
	}
	q.wake()
}

// Next waits for a message and hands it out. If it is neither acknowledged nor
// refused in the time of hold, it has failed. The reader may be nil.
func (q *Queue) Next(ctx context.Context, hold time.Duration, r *Reader) (Delivery, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return Delivery{}, err
		}
		if d, ok := q.take(hold, r); ok {
			return d, nil
		}
		q.wait(ctx)
	}
}

// Try is Next without waiting; ok is false when nothing is due.
func (q *Queue) Try(hold time.Duration, r *Reader) (d Delivery, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.take(hold, r)
}

// Ack acknowledges a message, whichever delivery of it, and for good.
func (q *Queue) Ack(seq uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if seq >= q.end || !q.acked.add(seq) {
		return
	}
	q.version++
	if l := q.leases[seq]; l != nil {
		delete(q.leases, seq)
		if l.index >= 0 {
			heap.Remove(&q.timetable, l.index)
		}
		q.release(l)
	}
}

// Fail ends a delivery without success: the message is due again after the
// policy's pause. A delivery that has already ended is left alone.
func (q *Queue) Fail(d Delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.delivered(d); l != nil {
		heap.Remove(&q.timetable, l.index)
		q.fail(l, time.Now())
		q.wake()
	}
}

// Return ends a delivery that did not take place: the message is due again at
// once, and nothing is counted.
func (q *Queue) Return(d Delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.delivered(d); l != nil {
		heap.Remove(&q.timetable, l.index)
		q.release(l)
		q.ready = append(q.ready, l)
		q.wake()
	}
}

// Hold moves a delivery's deadline to so long from now. A delivery that has
// already ended is left alone.
func (q *Queue) Hold(d Delivery, hold time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.delivered(d); l != nil {
		l.due = time.Now().Add(hold)
		heap.Fix(&q.timetable, l.index)
		q.wake()
	}
}

// Exhausted hands over the messages that have failed too often. The caller
// acknowledges each when it has found another place for it, or gives it back
// with Postpone.
func (q *Queue) Exhausted() []Delivery {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(time.Now())
	var list []Delivery
	for _, l := range q.exhausted {
		if q.leases[l.seq] == l {
			list = append(list, Delivery{l.seq, l.failures})
		}
	}
	q.exhausted = nil
	return list
}

// Postpone makes an exhausted message wait for so long.
func (q *Queue) Postpone(seq uint64, pause time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.leases[seq]; l != nil && l.index < 0 {
		l.due = time.Now().Add(pause)
		heap.Push(&q.timetable, l)
	}
}
