package relay

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/googleapis/gax-go/v2"

	"nightwire.dev/connector/topics"
)

// retryDiscovery is the pause after a listing that failed, where the regular
// one is longer.
const retryDiscovery = 2 * time.Second

// discovery is the topics that the cluster lists, with how many partitions each
// has, or why not.
type discovery struct {
	topics map[string]int
	err    error
}

// discover lists the cluster's topics again and again until ctx ends. A topic
// that is listed may have expired; which to read is decided in subscribe.
func (s *session) discover(ctx context.Context, found chan<- discovery) {
	for {
		d := s.list()
		select {
		case found <- d:
		case <-ctx.Done():
			return
		}
		pause := s.relay.stream.TopicRefresh
		if d.err != nil {
			pause = min(pause, retryDiscovery)
		}
		if gax.Sleep(ctx, pause) != nil {
			return
		}
	}
}

func (s *session) list() discovery {
	metadata, err := s.consumer.GetMetadata(nil, true, int(callTimeout.Milliseconds()))
	if err != nil {
		return discovery{err: fmt.Errorf("list topics: %w", err)}
	}
	listed := make(map[string]int, len(metadata.Topics))
	for name, topic := range metadata.Topics {
		listed[name] = len(topic.Partitions)
	}
	return discovery{topics: listed}
}

// subscribe asks the group for the topics that are wanted and there. Partitions
// of topics that stay are not touched.
func (s *session) subscribe(d discovery) {
	s.relay.status.Silence(d.err)
	if d.err != nil {
		s.relay.status.KafkaError()
		slog.WarnContext(s.work, "Kafka does not list its topics", "error", d.err)
		return
	}
	selection := topics.Select(s.relay.stream.Topics, s.relay.stream.Nights, slices.Collect(maps.Keys(d.topics)), time.Now())
	s.listed(selection.Present, d.topics)
	s.await(selection.Awaited)
	if s.subscribed != nil && slices.Equal(s.subscribed, selection.Present) {
		return
	}
	slog.InfoContext(s.work, "subscribing", "topics", strings.Join(selection.Present, " "))
	first := len(s.subscribed) == 0
	s.subscribed = append([]string{}, selection.Present...)
	if len(selection.Present) == 0 {
		if err := s.consumer.Unsubscribe(); err != nil {
			s.fail(fmt.Errorf("unsubscribe: %w", err))
		}
		s.relay.status.Waiting()
		return
	}
	if err := s.consumer.SubscribeTopics(selection.Present, s.rebalance); err != nil {
		s.fail(fmt.Errorf("subscribe to %d topics: %w", len(selection.Present), err))
		return
	}
	if first {
		s.relay.status.Joining(len(selection.Present))
	}
}

// listed tells how many partitions each topic has that we want.
func (s *session) listed(wanted []string, all map[string]int) {
	counts := make(map[string]int, len(wanted))
	for _, topic := range wanted {
		counts[topic] = all[topic]
	}
	s.relay.status.Listed(counts)
}

// await says, once, which topics are not there yet.
func (s *session) await(patterns []topics.Pattern) {
	awaited := make([]string, 0, len(patterns))
	for _, p := range patterns {
		awaited = append(awaited, string(p))
	}
	if slices.Equal(awaited, s.awaited) {
		return
	}
	if len(awaited) > 0 {
		slog.InfoContext(s.work, "waiting for topics that are not there yet",
			"topics", strings.Join(awaited, " "), "nights", s.relay.stream.Nights.String())
	}
	s.awaited = awaited
	s.relay.status.Awaiting(awaited)
	s.relay.reportSoon()
}
