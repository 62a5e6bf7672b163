package pubsub

import (
	"context"
	"errors"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nightwire.dev/infra/local/pubsub/filter"
	"nightwire.dev/infra/local/pubsub/journal"
)

// subscription is what it owes its readers: which messages of its topic are out
// and until when, which failed and when they are to be tried again. Its journal
// has them, until they are acknowledged, and how often they have failed.
type subscription struct {
	server     *Server
	topic      string
	wants      filter.Filter
	journal    *journal.Journal
	definition atomic.Pointer[pubsubpb.Subscription] // replaced, never changed

	live     context.Context // ends with the subscription, or the server; its cause is the error to tell
	end      context.CancelCauseFunc
	stopPush context.CancelFunc // under Server.mu
	burial   chan struct{}      // held by who buries a message

	mu      sync.Mutex
	leases  map[uint64]*lease // by sequence number
	ready   []*lease          // due, the next one first
	changed chan struct{}     // closed when something may have become due; nil while nobody waits
}

// openSubscription puts a subscription among the others, with what it owes. The
// caller holds mu.
func (s *Server) openSubscription(d *pubsubpb.Subscription) (*subscription, error) {
	wants, err := filter.Parse(d.GetFilter())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	sub := &subscription{
		server: s, topic: d.GetTopic(), wants: wants,
		stopPush: func() {}, burial: make(chan struct{}, 1), leases: make(map[uint64]*lease),
	}
	sub.definition.Store(d)
	sub.live, sub.end = context.WithCancelCause(s.stopping)
	sub.journal, err = journal.Open(s.path(d.GetName(), messagesFolder), s.options.SegmentBytes, func(r *journal.Record, failures uint32) {
		s.last = max(s.last, r.Seq)
		sub.add(r, failures)
	})
	if err != nil {
		sub.end(err)
		return nil, unavailable("open subscription", err)
	}
	s.subscriptions[d.GetName()] = sub
	return sub, nil
}

// closeSubscription ends all pulls and pushes of a subscription, and forgets it
// and its backlog. If its folder cannot be moved away, it goes on. The caller
// holds mu.
func (s *Server) closeSubscription(sub *subscription) error {
	name, deleted := sub.name(), s.path(deletedFolder, "")
	err := os.RemoveAll(deleted)
	if err == nil {
		err = os.Rename(s.path(name, ""), deleted)
	}
	if err != nil {
		return unavailable("delete subscription", err)
	}
	sub.end(notFound("subscription", name))
	delete(s.subscriptions, name)
	sub.forget()
	// What stays of it goes at the next deletion, or start.
	sub.told("deleted subscription not removed", errors.Join(sub.journal.Close(), os.RemoveAll(deleted)))
	return nil
}

func (sub *subscription) name() string { return sub.definition.Load().GetName() }

func (sub *subscription) endpoint() string {
	return sub.definition.Load().GetPushConfig().GetPushEndpoint()
}

func (sub *subscription) ackDeadline() time.Duration {
	return time.Duration(sub.definition.Load().GetAckDeadlineSeconds()) * time.Second
}

// maxAttempts is after how many failures a message is a dead letter; zero if it
// never is.
func (sub *subscription) maxAttempts() int {
	return int(sub.definition.Load().GetDeadLetterPolicy().GetMaxDeliveryAttempts())
}

// pause is the wait before the next attempt at a message that has failed so often.
// Where the subscription has no retry policy the service's own habits apply: a
// pulled message comes again at once, a push after 100 ms to 60 s.
func (sub *subscription) pause(failures int) time.Duration {
	policy := sub.definition.Load().GetRetryPolicy()
	low, high := policy.GetMinimumBackoff().AsDuration(), policy.GetMaximumBackoff().AsDuration()
	if policy == nil && sub.endpoint() != "" {
		low, high = 100*time.Millisecond, time.Minute
	}
	for ; failures > 1 && low < high; failures-- {
		low *= 2
	}
	return min(low, high)
}

// deadLetterPause is the wait after a dead-letter topic took no message.
const deadLetterPause = 10 * time.Second

// bury forwards a message that has failed too often. If it cannot, the message is
// offered again, for the policy may be another by then. One message is buried at a
// time, and the others wait, unread: also for as long as their topic takes none.
func (sub *subscription) bury(l *lease) {
	select {
	case sub.burial <- struct{}{}:
		defer func() { <-sub.burial }()
	case <-sub.live.Done():
	}
	if sub.live.Err() != nil {
		return // it is buried when the server is back
	}
	sub.mu.Lock()
	dead := sub.exhausted(l)
	sub.mu.Unlock()
	if dead {
		if err := sub.forward(l); err != nil && sub.live.Err() == nil {
			sub.told("dead letter not forwarded", err)
			_ = gax.Sleep(sub.live, deadLetterPause)
		}
	}
	sub.mu.Lock()
	defer sub.mu.Unlock()
	sub.offer(l, 0)
}

// forward brings a message to the dead-letter topic, with what a reader needs to
// know of its history, and acknowledges it when it is there.
func (sub *subscription) forward(l *lease) error {
	m, err := readMessage(l.record)
	if err != nil {
		return err
	}
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
	if _, err := sub.server.publish(sub.definition.Load().GetDeadLetterPolicy().GetDeadLetterTopic(), m); err != nil {
		return err
	}
	return sub.ack(l.record.Seq, l.failures)
}

// Backlog is what one subscription still owes. A run has settled when every
// subscription's Undelivered is zero.
type Backlog struct {
	Subscription string `json:"subscription"`
	Topic        string `json:"topic"`
	// Undelivered counts the messages not acknowledged.
	Undelivered int `json:"undelivered"`
	// OldestAge is the time since the first message not acknowledged was
	// published; zero when there is none.
	OldestAge time.Duration `json:"oldest_age_ns"`
}

// Backlog tells every subscription's figures, in order of their names.
func (s *Server) Backlog() []Backlog {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]Backlog, 0, len(s.subscriptions))
	for _, name := range slices.Sorted(maps.Keys(s.subscriptions)) {
		sub := s.subscriptions[name]
		sub.mu.Lock()
		b := Backlog{Subscription: name, Topic: sub.topic, Undelivered: len(sub.leases)}
		for seq := range sub.leases {
			b.OldestAge = max(b.OldestAge, time.Since(published(seq)))
		}
		sub.mu.Unlock()
		list = append(list, b)
	}
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
