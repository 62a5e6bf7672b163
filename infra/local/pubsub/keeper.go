package pubsub

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strconv"
	"time"

	"nightwire.dev/infra/local/pubsub/queue"
)

// deadLetterPause is the wait after a dead-letter topic took no message.
const deadLetterPause = 10 * time.Second

// keep does, at intervals and until the server stops, what no call waits for:
// it forwards dead letters, saves acknowledgements and removes used-up files.
func (s *Server) keep() {
	ticker := time.NewTicker(s.options.SaveInterval)
	defer ticker.Stop()
	for {
		select {
		case <-s.stopping.Done():
			return
		case <-ticker.C:
		}
		s.forwardDeadLetters(s.stopping)
		if err := errors.Join(s.saveAcknowledgements(), s.discard()); err != nil {
			s.log.ErrorContext(s.stopping, "state not saved", "error", err)
		}
	}
}

func (s *Server) forwardDeadLetters(ctx context.Context) {
	for _, sub := range s.allSubscriptions() {
		for _, d := range sub.queue.Exhausted() {
			if err := s.forward(ctx, sub, d); err != nil {
				s.log.ErrorContext(ctx, "dead letter not forwarded", "subscription", sub.name(),
					"message", messageID(sub.topic.number, d.Seq), "error", err)
				sub.queue.Postpone(d.Seq, deadLetterPause)
				continue
			}
			sub.queue.Ack(d.Seq)
		}
	}
}

// forward publishes a copy of the message, with what a reader needs to know of
// its history, to the dead-letter topic.
func (s *Server) forward(ctx context.Context, sub *subscription, d queue.Delivery) error {
	r, _, err := sub.topic.read(d.Seq, nil)
	if err != nil {
		return err
	}
	m := r.message("")
	if m.Attributes == nil {
		m.Attributes = make(map[string]string)
	}
	// The subscription's full name is projects/PROJECT/subscriptions/ID.
	name := sub.name()
	m.Attributes["CloudPubSubDeadLetterSourceSubscription"] = path.Base(name)
	m.Attributes["CloudPubSubDeadLetterSourceSubscriptionProject"] = path.Base(path.Dir(path.Dir(name)))
	m.Attributes["CloudPubSubDeadLetterSourceDeliveryCount"] = strconv.Itoa(d.Attempt)
	m.Attributes["CloudPubSubDeadLetterSourceTopicPublishTime"] = r.published.Format(time.RFC3339Nano)
	_, err = s.Publish(ctx, sub.deadLetterTopic(), m)
	return err
}

func (s *Server) saveAcknowledgements() error {
	var errs []error
	for _, sub := range s.allSubscriptions() {
		errs = append(errs, sub.save())
	}
	return errors.Join(errs...)
}

// discard removes the files of which every subscription has saved that it needs
// nothing more.
func (s *Server) discard() error {
	s.mu.RLock()
	topics := slices.Collect(maps.Values(s.topics))
	s.mu.RUnlock()
	var errs []error
	for _, t := range topics {
		readers := t.readers()
		errs = append(errs, t.journal.Discard(func(first, end uint64) bool {
			return !slices.ContainsFunc(readers, func(sub *subscription) bool { return !sub.released(first, end) })
		}))
	}
	return errors.Join(errs...)
}

func (s *Server) allSubscriptions() []*subscription {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Values(s.subscriptions))
}
