package queue

import (
	"container/heap"
	"time"
)

// take hands out the next message that is due.
func (q *Queue) take(hold time.Duration, r *Reader) (Delivery, bool) {
	now := time.Now()
	q.settle(now)
	if r.full() {
		return Delivery{}, false
	}
	l := q.nextReady()
	if l == nil {
		l = q.nextFresh()
	}
	if l == nil {
		return Delivery{}, false
	}
	l.out, l.due, l.reader, l.bytes = true, now.Add(hold), r, 0
	if r != nil {
		l.bytes = q.sizeOf(l.seq)
		r.messages++
		r.bytes += l.bytes
	}
	q.out++
	heap.Push(&q.timetable, l)
	return Delivery{l.seq, l.attempt()}, true
}

// settle moves on every lease whose time has come.
func (q *Queue) settle(now time.Time) {
	for len(q.timetable) > 0 && !q.timetable[0].due.After(now) {
		l := heap.Pop(&q.timetable).(*lease)
		switch {
		case l.out:
			q.fail(l, now)
		case q.policy.MaxAttempts > 0 && l.failures >= q.policy.MaxAttempts:
			q.exhausted = append(q.exhausted, l)
		default:
			q.ready = append(q.ready, l)
		}
	}
}

func (q *Queue) nextReady() *lease {
	for len(q.ready) > 0 {
		l := q.ready[0]
		q.ready = q.ready[1:]
		if q.leases[l.seq] == l { // not acknowledged since
			return l
		}
	}
	return nil
}

func (q *Queue) nextFresh() *lease {
	for {
		q.cursor = q.acked.next(q.cursor)
		if q.cursor >= q.end {
			return nil
		}
		seq := q.cursor
		q.cursor++
		if q.leases[seq] == nil {
			l := &lease{seq: seq, index: -1}
			q.leases[seq] = l
			return l
		}
	}
}

// delivered returns the lease that the delivery began, if it is still out.
func (q *Queue) delivered(d Delivery) *lease {
	l := q.leases[d.Seq]
	if l == nil || !l.out || l.attempt() != d.Attempt {
		return nil
	}
	return l
}

// fail counts a failure of a lease that is out and in no list, and puts it on
// the timetable for its next delivery.
func (q *Queue) fail(l *lease, now time.Time) {
	q.release(l)
	l.failures++
	l.due = now
	if q.policy.MaxAttempts == 0 || l.failures < q.policy.MaxAttempts {
		l.due = now.Add(q.policy.pause(l.failures))
	}
	q.version++
	heap.Push(&q.timetable, l)
}

// release takes the lease from its reader.
func (q *Queue) release(l *lease) {
	if !l.out {
		return
	}
	l.out = false
	q.out--
	if r := l.reader; r != nil {
		full := r.full()
		r.messages--
		r.bytes -= l.bytes
		if full {
			q.wake()
		}
	}
	l.reader = nil
}
