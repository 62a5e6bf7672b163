package tarball_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"nightwire.dev/functions/tarball"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	pack "nightwire.dev/shared/tarball"
)

var resources = names.Resources{Project: "p", Stream: names.LSST}

// newTopic is the function's own topic, on Google's fake.
func newTopic(t *testing.T) (*pubsub.Publisher, *pstest.Server) {
	t.Helper()
	server := pstest.NewServer()
	t.Cleanup(func() { _ = server.Close() })
	client, err := pubsub.NewClient(t.Context(), resources.Project, option.WithEndpoint(server.Addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	topic := resources.TopicPath(resources.TarballTopic())
	if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: topic}); err != nil {
		t.Fatal(err)
	}
	publisher := client.Publisher(topic)
	t.Cleanup(publisher.Stop)
	return publisher, server
}

// scripted is a maker whose work ends as told. It asks first whether there is
// time.
type scripted struct {
	outcome pack.Outcome
	err     error
	nights  []string
	enough  bool
}

func (s *scripted) Make(_ context.Context, night string, enough func() bool) (pack.Result, error) {
	s.nights, s.enough = append(s.nights, night), enough()
	return pack.Result{Outcome: s.outcome}, s.err
}

func TestHandle(t *testing.T) {
	t.Parallel()
	outOfReach := errors.New("no route to the bucket")
	cases := map[string]struct {
		outcome pack.Outcome
		err     error
		budget  time.Duration
		enough  bool
		sent    int // messages to the function's own topic
	}{
		"made":             {outcome: pack.Made, budget: time.Hour},
		"there already":    {outcome: pack.Unchanged, budget: time.Hour},
		"an empty night":   {outcome: pack.Empty, budget: time.Hour},
		"the time is over": {outcome: pack.Unfinished, budget: -time.Second, enough: true, sent: 1},
		"an error":         {err: outOfReach, budget: time.Hour},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			topic, server := newTopic(t)
			maker := &scripted{outcome: c.outcome, err: c.err}
			f := &tarball.Function{Maker: maker, Topic: topic, Budget: c.budget, Log: slog.New(slog.DiscardHandler)}
			err := f.Handle(t.Context(), &event.Message{ID: "1", Data: []byte("2026-09-01\n")})
			if !errors.Is(err, c.err) {
				t.Errorf("error is %v, want %v", err, c.err)
			}
			if diff := cmp.Diff([]string{"2026-09-01"}, maker.nights); diff != "" || maker.enough != c.enough {
				t.Errorf("enough is %t, nights (-want +got):\n%s", maker.enough, diff)
			}
			sent := server.Messages()
			if len(sent) != c.sent || c.sent > 0 && string(sent[0].Data) != "2026-09-01" {
				t.Errorf("sent %v, want the night %d times", sent, c.sent)
			}
		})
	}
}

func TestTopicOutOfReach(t *testing.T) {
	t.Parallel()
	topic, server := newTopic(t)
	topic.Stop() // as if the instance were ending
	f := &tarball.Function{Maker: &scripted{outcome: pack.Unfinished}, Topic: topic, Log: slog.New(slog.DiscardHandler)}
	err := f.Handle(t.Context(), &event.Message{ID: "1", Data: []byte("2026-09-01")})
	if err == nil || event.IsPermanent(err) || len(server.Messages()) > 0 {
		t.Errorf("error is %v, want one that may pass", err)
	}
}

// TestNoNight sends what is no night to the real maker.
func TestNoNight(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "yesterday", "20260901", "2026-02-30", "../../2026-09-01"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			f := &tarball.Function{Maker: &pack.Maker{Resources: resources}, Log: slog.New(slog.DiscardHandler)}
			err := f.Handle(t.Context(), &event.Message{ID: "1", Data: []byte(text)})
			if !event.IsPermanent(err) || !strings.Contains(err.Error(), "want YYYY-MM-DD") {
				t.Errorf("error is %v, want a permanent one that says what a night is", err)
			}
		})
	}
}

// TestEmptyNight asks the real maker for a night without files.
func TestEmptyNight(t *testing.T) {
	t.Parallel()
	server := fakestorage.NewServer(nil)
	t.Cleanup(server.Stop)
	var buckets []*storage.BucketHandle
	for _, name := range []string{resources.AlertsBucket(), resources.ProductsBucket()} {
		server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: name})
		buckets = append(buckets, server.Client().Bucket(name))
	}
	var log strings.Builder
	f := &tarball.Function{
		Maker:  &pack.Maker{Resources: resources, Alerts: buckets[0], Products: buckets[1]},
		Budget: time.Hour, Log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	if err := f.Handle(t.Context(), &event.Message{ID: "1", Data: []byte("2026-09-01")}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "tarball empty") {
		t.Errorf("the log does not say so: %s", &log)
	}
	left, err := server.ListObjectsWithOptionsPaginated(resources.ProductsBucket(), fakestorage.ListOptions{})
	if err != nil || len(left.Objects) > 0 {
		t.Errorf("products %v, %v; want none", left.Objects, err)
	}
}
