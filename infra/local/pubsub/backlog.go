package pubsub

import (
	"cmp"
	"slices"
	"time"
)

// Backlog is what one subscription still owes. A run has settled when every
// subscription's Undelivered is zero.
type Backlog struct {
	Subscription string `json:"subscription"`
	Topic        string `json:"topic"`
	// Undelivered counts the messages not acknowledged, those in flight included.
	Undelivered int `json:"undelivered"`
	// InFlight counts those that are with a reader now.
	InFlight int `json:"in_flight"`
	// OldestAge is the time since the first message not acknowledged was
	// published; zero when there is none.
	OldestAge time.Duration `json:"oldest_age_ns"`
	// Published counts the messages that the topic ever took.
	Published uint64 `json:"published"`
}

// Backlog tells every subscription's figures, in order of their names.
func (s *Server) Backlog() []Backlog {
	list := make([]Backlog, 0)
	for _, sub := range s.allSubscriptions() {
		d, figures := sub.definition.Load(), sub.queue.Figures()
		b := Backlog{
			Subscription: d.GetName(),
			Topic:        d.GetTopic(),
			Undelivered:  figures.Undelivered,
			InFlight:     figures.Out,
			Published:    sub.topic.journal.Next() - 1,
		}
		if figures.Undelivered > 0 {
			b.OldestAge = sub.age(figures.Oldest)
		}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b Backlog) int { return cmp.Compare(a.Subscription, b.Subscription) })
	return list
}

// age is the time since the message was published, or zero if it cannot be read.
func (sub *subscription) age(seq uint64) time.Duration {
	r, _, err := sub.topic.read(seq, nil)
	if err != nil {
		return 0
	}
	return time.Since(r.published)
}
