package pubsub

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"path"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"nightwire.dev/infra/local/pubsub/filter"
	"nightwire.dev/infra/local/pubsub/journal"
)

// subscription is what it owes its readers: which messages of its topic are out
// and until when, which failed and when they are to be tried again. It holds
// their records, and marks on each what has become of the message.
type subscription struct {
	server     *Server
	number     uint64 // larger than those of messages published before its creation
	topic      *topic
	wants      filter.Filter
	definition atomic.Pointer[pubsubpb.Subscription] // replaced, never changed

	live     context.Context // ends with the subscription, or the server; its cause is the error to tell
	end      context.CancelCauseFunc
	stopPush context.CancelFunc // under Server.mu; nil when it does not push

	mu      sync.Mutex
	leases  map[uint64]*lease // by sequence number
	ready   []*lease          // due, the next one first
	changed chan struct{}     // closed when something may have become due; nil while nobody waits
}

// openSubscription puts a subscription among the others. The caller holds mu.
func (s *Server) openSubscription(number uint64, d *pubsubpb.Subscription) (*subscription, error) {
	t := s.topics[d.GetTopic()]
	wants, err := filter.Parse(d.GetFilter())
	if t == nil {
		err = notFound("topic", d.GetTopic())
	}
	if err != nil {
		return nil, err
	}
	sub := &subscription{server: s, number: number, topic: t, wants: wants, leases: make(map[uint64]*lease)}
	sub.definition.Store(d)
	sub.live, sub.end = context.WithCancelCause(s.stopping)
	t.subscriptions = append(t.subscriptions, sub)
	s.subscriptions[d.GetName()] = sub
	return sub, nil
}

// closeSubscription ends all pulls and pushes of a subscription, and forgets it
// and its backlog. The caller holds mu.
func (s *Server) closeSubscription(sub *subscription) (err error) {
	name := sub.name()
	sub.end(notFound("subscription", name))
	delete(s.subscriptions, name)
	sub.topic.subscriptions = slices.DeleteFunc(sub.topic.subscriptions, func(other *subscription) bool { return other == sub })
	for _, l := range sub.forget() {
		err = errors.Join(err, l.record.Release())
	}
	return err
}

// recover takes a record that was there at the start, if the subscription has
// not done with it.
func (sub *subscription) recover(r *journal.Record, mark uint32) error {
	if r.Seq < sub.number || mark == done {
		return nil
	}
	if sub.definition.Load().GetFilter() != "" {
		m, _, err := readMessage(r, nil)
		if err != nil || !sub.wants(m.GetAttributes()) {
			return err
		}
	}
	sub.add(r, int(mark))
	return nil
}

func (sub *subscription) name() string { return sub.definition.Load().GetName() }

func (sub *subscription) ackDeadline() time.Duration {
	return time.Duration(sub.definition.Load().GetAckDeadlineSeconds()) * time.Second
}

// exhausted says whether a message that has failed so often is a dead letter.
func (sub *subscription) exhausted(failures int) bool {
	attempts := int(sub.definition.Load().GetDeadLetterPolicy().GetMaxDeliveryAttempts())
	return attempts > 0 && failures >= attempts
}

// pause is the wait before the next attempt at a message that has failed so often.
// Where the subscription has no retry policy the service's own habits apply: a
// pulled message comes again at once, a push after 100 ms to 60 s.
func (sub *subscription) pause(failures int) time.Duration {
	if sub.exhausted(failures) {
		return 0 // there is no next attempt
	}
	d := sub.definition.Load()
	low, high := d.GetRetryPolicy().GetMinimumBackoff().AsDuration(), d.GetRetryPolicy().GetMaximumBackoff().AsDuration()
	if d.GetRetryPolicy() == nil && d.GetPushConfig().GetPushEndpoint() != "" {
		low, high = 100*time.Millisecond, time.Minute
	}
	for ; failures > 1 && low < high; failures-- {
		low *= 2
	}
	return min(low, high)
}

// deadLetterPause is the wait after a dead-letter topic took no message.
const deadLetterPause = 10 * time.Second

// bury brings a message that has failed too often to the dead-letter topic, with
// what a reader needs to know of its history, and acknowledges it when it is
// there. If it cannot, the message is offered again, for the policy may be another
// by then.
func (sub *subscription) bury(l *lease) {
	m, _, err := readMessage(l.record, nil)
	if err == nil {
		if m.Attributes == nil {
			m.Attributes = make(map[string]string)
		}
		// The subscription's full name is projects/PROJECT/subscriptions/ID.
		name := sub.name()
		maps.Copy(m.Attributes, map[string]string{
			"CloudPubSubDeadLetterSourceSubscription":        path.Base(name),
			"CloudPubSubDeadLetterSourceSubscriptionProject": path.Base(path.Dir(path.Dir(name))),
			"CloudPubSubDeadLetterSourceDeliveryCount":       strconv.Itoa(l.failures),
			"CloudPubSubDeadLetterSourceTopicPublishTime":    m.GetPublishTime().AsTime().Format(time.RFC3339Nano),
		})
		_, err = sub.server.publish(sub.definition.Load().GetDeadLetterPolicy().GetDeadLetterTopic(), m)
	}
	if err == nil {
		err = sub.ack(l.record.Seq, l.failures)
	}
	if err != nil && sub.live.Err() == nil {
		sub.told("dead letter not forwarded", err)
		sub.mu.Lock()
		defer sub.mu.Unlock()
		sub.offer(l, deadLetterPause)
	}
}

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
}

// Backlog tells every subscription's figures, in order of their names.
func (s *Server) Backlog() []Backlog {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]Backlog, 0)
	for name, sub := range s.subscriptions {
		sub.mu.Lock()
		b := Backlog{Subscription: name, Topic: sub.definition.Load().GetTopic(), Undelivered: len(sub.leases)}
		oldest := uint64(math.MaxUint64)
		for seq, l := range sub.leases {
			oldest = min(oldest, seq)
			if l.out {
				b.InFlight++
			}
		}
		sub.mu.Unlock()
		if b.Undelivered > 0 {
			b.OldestAge = time.Since(published(oldest))
		}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b Backlog) int { return cmp.Compare(a.Subscription, b.Subscription) })
	return list
}

// subscription finds a subscription by its full name.
func (s *Server) subscription(name string) (*subscription, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if sub := s.subscriptions[name]; sub != nil {
		return sub, nil
	}
	return nil, notFound("subscription", name)
}
