package house_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, house.Leaks()...) }

var resources = names.Resources{Project: "p", Stream: names.ZTF}

// TestPubSub sends a message through it.
func TestPubSub(t *testing.T) {
	t.Parallel()
	topics := house.PubSub(t, resources)
	topics.Create(t, resources.RawTopic(), "all")
	publisher := topics.Client.Publisher(resources.TopicPath(resources.RawTopic()))
	defer publisher.Stop()
	if _, err := publisher.Publish(t.Context(), &pubsub.Message{Data: []byte("a packet")}).Get(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	var got []byte
	subscriber := topics.Client.Subscriber(resources.SubscriptionPath("all"))
	subscriber.ReceiveSettings.MaxOutstandingMessages = 1
	if err := subscriber.Receive(ctx, func(_ context.Context, m *pubsub.Message) {
		m.Ack()
		got = m.Data
		enough()
	}); err != nil || string(got) != "a packet" {
		t.Errorf("message is %q, %v", got, err)
	}
}

// TestStorage writes into both buckets.
func TestStorage(t *testing.T) {
	t.Parallel()
	buckets := house.Storage(t, resources)
	for _, one := range []struct{ name, want string }{
		{buckets.Alerts.BucketName(), resources.AlertsBucket()}, {buckets.Products.BucketName(), resources.ProductsBucket()},
	} {
		if one.name != one.want {
			t.Errorf("bucket is %s, want %s", one.name, one.want)
		}
		if _, err := bucket.Write(t.Context(), buckets.Client.Bucket(one.name).Object("a"), "text/plain", []byte("a"), nil); err != nil {
			t.Error(err)
		}
	}
}

// TestBigQuery asks of the rows of one table.
func TestBigQuery(t *testing.T) {
	t.Parallel()
	tables := house.BigQuery(t, resources)
	tables.Create(t, "evaluations", "evaluated")
	for _, candid := range []int64{1, 2, 3} {
		tables.Append(t, "evaluations", warehouse.Values{"night": "2026-09-01", "objectId": "ZTF18a", "candid": candid, "evaluated_at": time.Now()})
	}
	ask := func(visit func(row []any) error) error {
		return tables.Warehouse.Visit(t.Context(), "SELECT candid FROM evaluated WHERE candid > @above ORDER BY candid",
			map[string]any{"above": 1}, visit)
	}
	var got []any
	take := func(row []any) error {
		got = append(got, row...)
		return nil
	}
	if err := ask(take); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{int64(2), int64(3)}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	enough := errors.New("enough")
	visited := 0
	if err := ask(func([]any) error { visited++; return enough }); !errors.Is(err, enough) || visited != 1 {
		t.Errorf("after %d rows the error is %v, want the visitor's after one", visited, err)
	}
	if err := tables.Warehouse.Visit(t.Context(), "SELECT candid FROM nothing", nil, take); err == nil {
		t.Error("a table that is not there was asked")
	}
}

// TestWholeDataset makes all tables and views of each stream.
func TestWholeDataset(t *testing.T) {
	t.Parallel()
	for _, stream := range []names.Stream{names.ZTF, names.LSST} {
		t.Run(string(stream), func(t *testing.T) {
			t.Parallel()
			tables := house.BigQuery(t, names.Resources{Project: "p", Stream: stream})
			tables.Create(t)
			for _, name := range []string{"alerts_stream", "ledger", "alerts", "certificates"} {
				if err := tables.Warehouse.Visit(t.Context(), "SELECT * FROM "+name, nil, func([]any) error { return nil }); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}
