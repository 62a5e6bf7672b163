package queue

import (
	"slices"
	"time"
)

// State is what must be remembered of a queue: a message that is not in it as
// acknowledged is delivered again after a restart.
type State struct {
	// Floor and Spans are the acknowledged numbers: all below Floor, and the
	// spans above it.
	Floor uint64 `json:"floor"`
	Spans []Span `json:"spans,omitempty"`
	// Log is the end of the log at that time. Which of the later messages were
	// unwanted is not in the state.
	Log uint64 `json:"log"`
	// Failures counts the failed deliveries of messages not yet acknowledged.
	Failures map[uint64]int `json:"failures,omitempty"`
}

// Covers says whether all numbers from first up to but not including end are
// acknowledged.
func (s State) Covers(first, end uint64) bool {
	a := s.acked()
	return a.next(first) >= end
}

func (s State) acked() acked { return acked{s.Floor, slices.Clone(s.Spans)} }

// State returns the state to be saved, and its version: the state needs no
// saving while the version is the same.
func (q *Queue) State() (State, uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := State{Floor: q.acked.floor, Spans: slices.Clone(q.acked.spans), Log: q.end}
	for seq, l := range q.leases {
		if l.failures > 0 {
			if s.Failures == nil {
				s.Failures = make(map[uint64]int)
			}
			s.Failures[seq] = l.failures
		}
	}
	return s, q.version
}

// Version tells whether the state has changed since it was last asked for.
func (q *Queue) Version() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.version
}

// Figures are a queue's numbers for people.
type Figures struct {
	Undelivered int    // not acknowledged, those out included
	Out         int    // with a reader now
	Oldest      uint64 // the first not acknowledged, if there is one
}

// Figures counts.
func (q *Queue) Figures() Figures {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(time.Now())
	return Figures{
		Undelivered: q.acked.missing(q.end),
		Out:         q.out,
		Oldest:      q.acked.floor,
	}
}
