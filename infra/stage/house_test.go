package main

import (
	"context"
	"log/slog"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"nightwire.dev/infra/local/bigquery"
	localpubsub "nightwire.dev/infra/local/pubsub"
	"nightwire.dev/infra/local/storage"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
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
	quiet := slog.New(slog.DiscardHandler)
	s := &services{}
	s.openTopics(t, quiet)
	s.openBuckets(t, quiet)
	s.openTables(t, quiet)
	s.environment = append(s.environment,
		"GOOGLE_CLOUD_PROJECT="+resources.Project, "NIGHTWIRE_STREAM="+string(resources.Stream))
	return s
}

func (s *services) openTopics(t *testing.T, quiet *slog.Logger) {
	t.Helper()
	server, err := localpubsub.Open(localpubsub.Options{Dir: t.TempDir(), SaveInterval: 5 * time.Millisecond, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	listener := listen(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	address := listener.Addr().String()
	s.environment = append(s.environment, "PUBSUB_EMULATOR_HOST="+address)
	s.topics, err = pubsub.NewClient(t.Context(), resources.Project,
		option.WithEndpoint(address), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.topics.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	letters := resources.DeadLetterTopic()
	if _, err := s.topics.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: resources.TopicPath(letters)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.topics.SubscriptionAdminClient.CreateSubscription(t.Context(), &pubsubpb.Subscription{
		Name: resources.SubscriptionPath(letters), Topic: resources.TopicPath(letters),
	}); err != nil {
		t.Fatal(err)
	}
}

func (s *services) openBuckets(t *testing.T, quiet *slog.Logger) {
	t.Helper()
	server, err := storage.Open(storage.Options{Dir: t.TempDir(), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		web.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	s.environment = append(s.environment, "STORAGE_EMULATOR_HOST="+web.Listener.Addr().String())
	client, err := gcs.NewClient(t.Context(), option.WithEndpoint(web.URL+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, bucket := range []string{resources.AlertsBucket(), resources.ProductsBucket()} {
		if err := client.Bucket(bucket).Create(t.Context(), resources.Project, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *services) openTables(t *testing.T, quiet *slog.Logger) {
	t.Helper()
	server, err := bigquery.Open(bigquery.Options{Dir: t.TempDir(), Project: resources.Project, Threads: 1, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	rest, write := listen(t), listen(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve(rest, write) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	config := warehouse.Config{Endpoint: "http://" + rest.Addr().String(), WriteEndpoint: write.Addr().String()}
	s.environment = append(s.environment,
		"NIGHTWIRE_BIGQUERY_ENDPOINT="+config.Endpoint, "NIGHTWIRE_BIGQUERY_WRITE_ENDPOINT="+config.WriteEndpoint)
	w, err := warehouse.Open(t.Context(), config, resources.Project, resources.Dataset(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.CreateDataset(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// letter takes the next dead letter.
func (s *services) letter(t *testing.T) *pubsub.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// await returns once the function listens, or ends the test once it has ended.
func await(t *testing.T, address string, ended <-chan struct{}) {
	t.Helper()
	limit := time.NewTimer(time.Minute)
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
