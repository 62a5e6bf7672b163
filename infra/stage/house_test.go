package main

import (
	"context"
	"net"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/shared/names"
)

var resources = names.Resources{Project: "p", Stream: names.ZTF}

// services are local servers in the place of Google's, with the stream's
// buckets, dataset and topic of dead letters.
type services struct {
	environment []string
	topics      *pubsub.Client
}

func openServices(t *testing.T) *services {
	t.Helper()
	topics, buckets, tables := house.PubSub(t, resources), house.Storage(t, resources), house.BigQuery(t, resources)
	letters := resources.DeadLetterTopic()
	topics.Create(t, letters, letters)
	return &services{
		environment: []string{
			"GOOGLE_CLOUD_PROJECT=" + resources.Project,
			"NIGHTWIRE_STREAM=" + string(resources.Stream),
			"PUBSUB_EMULATOR_HOST=" + topics.Address,
			"STORAGE_EMULATOR_HOST=" + buckets.Address,
			"NIGHTWIRE_BIGQUERY_ENDPOINT=" + tables.Config.Endpoint,
			"NIGHTWIRE_BIGQUERY_WRITE_ENDPOINT=" + tables.Config.WriteEndpoint,
		},
		topics: topics.Client,
	}
}

// letter takes the next dead letter.
func (s *services) letter(t *testing.T) *pubsub.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	var letter *pubsub.Message
	subscriber := s.topics.Subscriber(resources.SubscriptionPath(resources.DeadLetterTopic()))
	subscriber.ReceiveSettings.MaxOutstandingMessages = 1
	err := subscriber.Receive(ctx, func(_ context.Context, m *pubsub.Message) {
		m.Ack()
		letter = m
		cancel()
	})
	if err != nil || letter == nil {
		t.Fatalf("no dead letter came: %v", err)
	}
	return letter
}

// await returns once the function listens, or ends the test once it has ended.
func await(t *testing.T, address string, ended <-chan struct{}) {
	t.Helper()
	limit := time.NewTimer(4 * time.Minute)
	defer limit.Stop()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		// A request, of whatever kind, would be an event.
		if connection, err := net.Dial("tcp", address); err == nil {
			_ = connection.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			t.Fatal("the function ended before it listened")
		case <-limit.C:
			t.Fatal("the function does not listen")
		}
	}
}
