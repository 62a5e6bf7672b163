package pubsub

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"nightwire.dev/infra/local/pubsub/journal"
	"nightwire.dev/infra/local/pubsub/queue"
)

func (s *Server) createTopic(d *pubsubpb.Topic) error {
	s.admin.Lock()
	defer s.admin.Unlock()
	if s.named[d.GetName()] != nil {
		return status.Errorf(codes.AlreadyExists, "topic already exists: %s", d.GetName())
	}
	s.last++
	j, err := journal.Open(s.topicDir(s.last), s.options.SegmentBytes)
	if err != nil {
		return status.Errorf(codes.Internal, "create topic %s: %v", d.GetName(), err)
	}
	t := &topic{number: s.last, definition: d, journal: j}
	s.change(func() { s.topics[t.number], s.named[d.GetName()] = t, t })
	if err := s.save(); err != nil {
		s.change(func() { delete(s.topics, t.number); delete(s.named, d.GetName()) })
		return status.Errorf(codes.Internal, "create topic %s: %v", d.GetName(), errors.Join(err, s.removeLog(t)))
	}
	return nil
}

func (s *Server) deleteTopic(name string) error {
	s.admin.Lock()
	defer s.admin.Unlock()
	t := s.named[name]
	if t == nil {
		return topicNotFound(name)
	}
	readers := t.retire()
	s.change(func() { delete(s.named, name) })
	for _, sub := range readers {
		d := proto.CloneOf(sub.definition.Load())
		d.Topic = deletedTopic
		sub.definition.Store(d)
	}
	if len(readers) == 0 {
		s.change(func() { delete(s.topics, t.number) })
	}
	err := s.save()
	if err == nil && len(readers) == 0 {
		err = s.removeLog(t)
	}
	if err != nil {
		return status.Errorf(codes.Internal, "delete topic %s: %v", name, err)
	}
	return nil
}

func (s *Server) createSubscription(d *pubsubpb.Subscription) error {
	s.admin.Lock()
	defer s.admin.Unlock()
	name := d.GetName()
	if s.subscriptions[name] != nil {
		return status.Errorf(codes.AlreadyExists, "subscription already exists: %s", name)
	}
	t := s.named[d.GetTopic()]
	if t == nil {
		return topicNotFound(d.GetTopic())
	}
	s.last++
	sub, err := s.attach(s.last, t, d)
	if err != nil {
		return status.Errorf(codes.Internal, "create subscription %s: %v", name, err)
	}
	s.change(func() { s.subscriptions[name] = sub })
	if err := s.save(); err != nil {
		t.detach(sub)
		s.change(func() { delete(s.subscriptions, name) })
		return status.Errorf(codes.Internal, "create subscription %s: %v", name, err)
	}
	s.startPush(sub)
	return nil
}

// attach makes a subscription that sees the topic's next message, and no
// earlier one.
func (s *Server) attach(number uint64, t *topic, d *pubsubpb.Subscription) (*subscription, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	from := t.journal.Next()
	sub, err := s.newSubscription(number, t, d, from, queue.State{Floor: from})
	if err != nil {
		return nil, err
	}
	t.subscriptions = append(t.subscriptions, sub)
	return sub, nil
}

// updateSubscription applies the edit to a copy of the definition, and takes
// the copy if it is sound.
func (s *Server) updateSubscription(name string, edit func(*pubsubpb.Subscription) error) (*pubsubpb.Subscription, error) {
	s.admin.Lock()
	defer s.admin.Unlock()
	sub := s.subscriptions[name]
	if sub == nil {
		return nil, subscriptionNotFound(name)
	}
	before := sub.definition.Load()
	changed := proto.CloneOf(before)
	if err := edit(changed); err != nil {
		return nil, err
	}
	if err := s.checkSubscription(changed); err != nil {
		return nil, err
	}
	sub.definition.Store(changed)
	if err := s.save(); err != nil {
		sub.definition.Store(before)
		return nil, status.Errorf(codes.Internal, "update subscription %s: %v", name, err)
	}
	sub.queue.SetPolicy(policy(changed))
	s.startPush(sub)
	return changed, nil
}

func (s *Server) deleteSubscription(name string) error {
	s.admin.Lock()
	defer s.admin.Unlock()
	sub := s.subscriptions[name]
	if sub == nil {
		return subscriptionNotFound(name)
	}
	unused := sub.topic.detach(sub)
	s.change(func() {
		delete(s.subscriptions, name)
		if unused {
			delete(s.topics, sub.topic.number)
		}
	})
	err := errors.Join(s.save(), sub.remove())
	if err == nil && unused {
		err = s.removeLog(sub.topic)
	}
	if err != nil {
		return status.Errorf(codes.Internal, "delete subscription %s: %v", name, err)
	}
	return nil
}

// change edits the maps. The caller holds admin.
func (s *Server) change(edit func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	edit()
}

// retire marks the topic as deleted and returns the subscriptions that it
// leaves behind.
func (t *topic) retire() []*subscription {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deleted = true
	return slices.Clone(t.subscriptions)
}

// detach forgets a subscription and says whether the topic is of no more use.
func (t *topic) detach(sub *subscription) (unused bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subscriptions = slices.DeleteFunc(t.subscriptions, func(other *subscription) bool { return other == sub })
	return t.deleted && len(t.subscriptions) == 0
}

// removeLog removes the log of a topic that is in no list any more.
func (s *Server) removeLog(t *topic) error {
	if err := t.journal.Close(); err != nil {
		return err
	}
	if err := os.RemoveAll(s.topicDir(t.number)); err != nil {
		return fmt.Errorf("remove log: %w", err)
	}
	return nil
}

// remove ends the subscription's pushes and waits, and forgets its
// acknowledgements.
func (sub *subscription) remove() error {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	sub.deleted = true
	sub.end()
	if err := os.Remove(sub.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove acknowledgements: %w", err)
	}
	return nil
}
