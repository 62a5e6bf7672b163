package queue

import (
	"context"
	"time"
)

// wait gives up the lock until something may have become due.
func (q *Queue) wait(ctx context.Context) {
	changed := q.changed
	var due <-chan time.Time
	if len(q.timetable) > 0 {
		timer := time.NewTimer(time.Until(q.timetable[0].due))
		defer timer.Stop()
		due = timer.C
	}
	q.waiting++
	q.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-changed:
	case <-due:
	}
	q.mu.Lock()
	q.waiting--
}

// wake lets all who wait look again.
func (q *Queue) wake() {
	if q.waiting > 0 {
		close(q.changed)
		q.changed = make(chan struct{})
	}
}
