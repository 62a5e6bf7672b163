package queue

import "time"

// lease is one message that has been handed out and not been acknowledged: it
// is either out with a reader, or waiting to be handed out again.
type lease struct {
	seq      uint64
	failures int       // refusals and expired deadlines so far
	out      bool      // with a reader
	due      time.Time // out: the deadline; waiting: the earliest next delivery
	reader   *Reader
	bytes    int
	index    int // in the timetable; -1 when not there
}

// attempt numbers the delivery that the lease is in, from one.
func (l *lease) attempt() int { return l.failures + 1 }

// timetable is a heap of leases, the next due on top (container/heap).
type timetable []*lease

func (t timetable) Len() int           { return len(t) }
func (t timetable) Less(i, j int) bool { return t[i].due.Before(t[j].due) }

func (t timetable) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].index, t[j].index = i, j
}

// Push is called by container/heap.
func (t *timetable) Push(x any) {
	l := x.(*lease)
	l.index = len(*t)
	*t = append(*t, l)
}

// Pop is called by container/heap.
func (t *timetable) Pop() any {
	old := *t
	l := old[len(old)-1]
	old[len(old)-1] = nil
	l.index = -1
	*t = old[:len(old)-1]
	return l
}

// Reader is one stream's flow control: no more than so many messages and bytes
// out with it at a time. Zero means no limit.
type Reader struct {
	MaxMessages, MaxBytes int

	messages, bytes int
}

func (r *Reader) full() bool {
	return r != nil && (r.MaxMessages > 0 && r.messages >= r.MaxMessages || r.MaxBytes > 0 && r.bytes >= r.MaxBytes)
}
