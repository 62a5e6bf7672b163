package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/connector/publish"
	"nightwire.dev/shared/origin"
)

const (
	pollTimeout = 100 * time.Millisecond
	// patience is how long the reader waits for room in the budget before it
	// pauses Kafka. Pausing throws away what librdkafka read ahead, so it is
	// for outages; but only a reader that polls takes part in rebalances.
	patience = time.Second
	// callTimeout bounds one question to Kafka.
	callTimeout = 10 * time.Second
	// leaveTimeout bounds leaving the group, in which what is left to commit may
	// be committed.
	leaveTimeout = 15 * time.Second
	// warnAgain is when an error that repeats is logged again.
	warnAgain = 30 * time.Second
)

// session is one membership of the consumer group. All of its fields belong to
// the goroutine that polls; librdkafka calls rebalance on it too.
type session struct {
	relay    *Relay
	consumer *kafka.Consumer
	admin    *kafka.AdminClient
	work     context.Context // of publishing; outlives reading by the drain timeout

	subscribed []string
	awaited    []string
	partitions map[offsets.Place]*partition
	waiting    []*kafka.Message // read, but without room in the budget
	paused     bool
	ended      bool // Kafka was asked for the last time how far it goes
	lastRecord time.Time
	failure    error

	warned   string // the last error logged
	warnedAt time.Time
}

// run reads until ctx ends or the session fails.
func (s *session) run(ctx context.Context) error {
	discovering, stop := context.WithCancel(ctx)
	found := make(chan discovery)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.discover(discovering, found)
	}()
	defer func() { stop(); <-stopped }()

	tick := time.NewTicker(s.relay.stream.CommitInterval)
	defer tick.Stop()
	for s.failure == nil {
		select {
		case <-ctx.Done():
			return nil
		case d := <-found:
			s.subscribe(d)
		case <-tick.C:
			s.commit(s.all())
			s.show()
		default:
		}
		s.sendWaiting(ctx)
		s.handle(s.consumer.Poll(int(pollTimeout.Milliseconds())))
	}
	return s.failure
}

func (s *session) handle(event kafka.Event) {
	switch e := event.(type) {
	case *kafka.Message:
		s.take(e)
	case kafka.Error:
		s.handleError(e)
	}
}

func (s *session) handleError(e kafka.Error) {
	switch {
	case e.IsFatal():
		s.fail(fmt.Errorf("%w: %w", errBroken, e))
	case e.Code() == kafka.ErrAutoOffsetReset:
		slog.WarnContext(s.work, "Kafka does not have the offset to read next", "error", e)
		s.realign()
	case e.Code() == kafka.ErrUnknownTopicOrPart:
		// A subscribed topic has gone; the next discovery drops it.
		slog.DebugContext(s.work, "a topic is not there", "error", e)
	default:
		s.warn(e.Error())
	}
}

// warn counts every error of the Kafka client, and logs one that repeats once
// in a while: brokers that are down are reported many times a second.
func (s *session) warn(text string) {
	s.relay.status.KafkaError()
	if text == s.warned && time.Since(s.warnedAt) < warnAgain {
		return
	}
	s.warned, s.warnedAt = text, time.Now()
	slog.WarnContext(s.work, "Kafka client reports an error", "error", text)
}

// leave leaves the group and closes the client. A client with a fatal error does
// not close: librdkafka refuses to, and its wrapper waits for it without end.
func (s *session) leave() error {
	if errors.Is(s.failure, errBroken) {
		return s.failure
	}
	closed := make(chan error, 1)
	go func() { closed <- s.consumer.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			slog.WarnContext(s.work, "closing the Kafka consumer failed", "error", err)
		}
		return nil
	case <-time.After(leaveTimeout):
		return fmt.Errorf("%w: it does not close within %v", errBroken, leaveTimeout)
	}
}

// fail ends the session with the first failure.
func (s *session) fail(err error) {
	if s.failure == nil {
		s.failure = err
	}
}

// take publishes a record, or keeps it until there is room.
func (s *session) take(m *kafka.Message) {
	if m.TopicPartition.Error != nil {
		s.warn(m.TopicPartition.String())
		return
	}
	if len(s.waiting) > 0 || !s.send(m, s.relay.publisher.TryReserve) {
		s.waiting = append(s.waiting, m)
	}
}

// send publishes the record if reserve finds room for it. A record of a
// partition that is no longer ours is dropped: its new owner reads it.
func (s *session) send(m *kafka.Message, reserve func(publish.Record) bool) bool {
	p := s.partitions[placeOf(m.TopicPartition)]
	if p == nil {
		return true
	}
	from := origin.Origin{
		Topic:     p.Topic,
		Partition: int64(p.Partition),
		Offset:    int64(m.TopicPartition.Offset),
		Timestamp: m.Timestamp,
	}
	r := publish.Record{Origin: from, Value: m.Value}
	if !reserve(r) {
		return false
	}
	tracker := p.tracker
	if !tracker.Begin(from.Offset, time.Now()) {
		s.relay.publisher.Release(r)
		return true
	}
	p.noteRead(from.Offset)
	s.relay.status.Read(p.Place, from.Offset, m.Timestamp)
	s.lastRecord = from.Timestamp
	s.relay.status.Consumed(len(r.Value))
	s.relay.publisher.Publish(s.work, r, func() { tracker.Confirm(from.Offset) })
	return true
}

// sendWaiting publishes the records that found no room, in their order. While
// some are left, Kafka is paused.
func (s *session) sendWaiting(ctx context.Context) {
	for len(s.waiting) > 0 {
		sent := s.send(s.waiting[0], func(r publish.Record) bool {
			limited, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			return s.relay.publisher.Reserve(limited, r) == nil
		})
		if !sent {
			s.pause()
			return
		}
		s.waiting = s.waiting[1:]
	}
	s.waiting = nil
	s.resume()
}

// all lists the partitions that are ours.
func (s *session) all() []*partition {
	all := make([]*partition, 0, len(s.partitions))
	for _, p := range s.partitions {
		all = append(all, p)
	}
	return all
}

func (s *session) assignment() []kafka.TopicPartition {
	list := make([]kafka.TopicPartition, 0, len(s.partitions))
	for _, p := range s.partitions {
		list = append(list, p.at(p.tracker.Next()))
	}
	return list
}

func (s *session) pause() {
	if s.paused {
		return
	}
	slog.WarnContext(s.work, "Pub/Sub does not keep up; reading pauses")
	if err := s.consumer.Pause(s.assignment()); err != nil {
		s.fail(fmt.Errorf("pause reading: %w", err))
	}
	s.setPaused(true)
}

func (s *session) resume() {
	if !s.paused {
		return
	}
	slog.InfoContext(s.work, "reading resumes")
	if err := s.consumer.Resume(s.assignment()); err != nil {
		s.fail(fmt.Errorf("resume reading: %w", err))
	}
	s.setPaused(false)
}

func (s *session) setPaused(paused bool) {
	s.paused = paused
	s.relay.status.Paused(paused)
}
