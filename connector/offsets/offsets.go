// Package offsets keeps the account of one Kafka partition: which records are
// on their way to Pub/Sub, and up to where all of them have arrived.
//
// Offsets enter in ascending order as records are read, and are confirmed in
// any order as Pub/Sub accepts them. What leaves is the position to commit:
// the offset after the last record with no unconfirmed record before it. The
// relay is the caller; the package knows neither Kafka nor Pub/Sub.
package offsets

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Place names a partition.
type Place struct {
	Topic     string
	Partition int32
}

// Tracker is the account of one partition for as long as it is assigned. A
// partition that comes back gets a new Tracker, so that a late confirmation
// from before cannot move the new account. It is safe for concurrent use.
type Tracker struct {
	mu       sync.Mutex
	position int64   // all before it is confirmed
	next     int64   // the lowest offset that may begin
	open     []entry // ascending; the first is unconfirmed
	first    int     // index of the first entry still of interest
	idle     chan struct{}
}

// entry is one record, or a range of offsets that is confirmed as a unit.
type entry struct {
	from, to  int64 // to is not included
	begun     time.Time
	confirmed bool
}

// NewTracker starts an account at the offset of the first record to read.
func NewTracker(start int64) *Tracker {
	return &Tracker{position: start, next: start}
}

// Begin enters the record at offset as unconfirmed. It reports false, and
// enters nothing, for an offset at or below one that was entered before.
func (t *Tracker) Begin(offset int64, at time.Time) bool {
	return t.BeginRange(offset, offset+1, at)
}

// BeginRange enters the offsets from..to-1 as one, for the notice of a gap that
// is on its way.
func (t *Tracker) BeginRange(from, to int64, at time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if from < t.next || to <= from {
		return false
	}
	t.open = append(t.open, entry{from: from, to: to, begun: at})
	t.next = to
	t.advance()
	return true
}

// Confirm notes that what began at offset is safe. A second confirmation, or
// one for an offset that never began, changes nothing.
func (t *Tracker) Confirm(offset int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, found := slices.BinarySearchFunc(t.open[t.first:], offset, func(e entry, offset int64) int {
		return cmp.Compare(e.from, offset)
	})
	if !found {
		return
	}
	t.open[t.first+i].confirmed = true
	t.advance()
}

// advance drops the confirmed entries at the front. Kafka leaves offsets out
// (transaction markers, compaction), so the position is the first unconfirmed
// offset itself, not the one after the last confirmed. Memory is given back
// once half of the slice is history: its size follows what is outstanding.
func (t *Tracker) advance() {
	for t.first < len(t.open) && t.open[t.first].confirmed {
		t.position = t.open[t.first].to
		t.first++
	}
	if t.outstanding() > 0 {
		t.position = t.open[t.first].from
	}
	if t.first > len(t.open)/2 {
		t.open = append(t.open[:0], t.open[t.first:]...)
		t.first = 0
	}
	if t.outstanding() == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// outstanding counts the entries from the first unconfirmed one to the last
// begun.
func (t *Tracker) outstanding() int { return len(t.open) - t.first }

// Position is the offset to commit: every record before it is confirmed.
func (t *Tracker) Position() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.position
}

// Next is the offset after the last record that began, or the start.
func (t *Tracker) Next() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next
}

// Oldest is when the first unconfirmed record began; zero if there is none.
func (t *Tracker) Oldest() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.outstanding() == 0 {
		return time.Time{}
	}
	return t.open[t.first].begun
}

// Idle returns a channel that is closed once nothing is outstanding.
func (t *Tracker) Idle() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	idle := t.idle
	if t.outstanding() == 0 {
		close(t.idle)
		t.idle = nil
	}
	return idle
}
