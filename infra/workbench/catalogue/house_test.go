package catalogue

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
	"go.uber.org/goleak"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"nightwire.dev/infra/local/bigquery"
	localpubsub "nightwire.dev/infra/local/pubsub"
	"nightwire.dev/infra/local/storage"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// TestMain looks for goroutines of ours; the clients leave some of their own,
// which sleep until their next tick.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		goleak.IgnoreAnyFunction("cloud.google.com/go/pubsub/v2.(*messageIterator).streamKeepAliveHandler"),
		goleak.IgnoreAnyFunction("cloud.google.com/go/bigquery/storage/managedwriter.(*connection).getStream.func1"))
}

var resources = names.Resources{Project: "p", Stream: names.ZTF}

// open is an empty catalogue on local servers: its buckets, the topic archived
// and the tables of the filters.
func open(t *testing.T) *Catalogue {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	c := &Catalogue{Resources: resources, Topics: openTopics(t, quiet), Tables: openTables(t, quiet)}
	server, err := storage.Open(storage.Options{Dir: t.TempDir(), Publisher: nobody{}, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server.Handler())
	client, err := gcs.NewClient(context.Background(), option.WithEndpoint(web.URL+"/storage/v1/"), option.WithoutAuthentication(), gcs.WithJSONReads())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		web.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	c.Products, c.Archive = client.Bucket(resources.ProductsBucket()), client.Bucket(resources.AlertsBucket())
	for _, bucket := range []*gcs.BucketHandle{c.Products, c.Archive} {
		if err := bucket.Create(t.Context(), resources.Project, nil); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// nobody takes the bucket's own notifications, which these tests do without.
type nobody struct{}

func (nobody) Publish(context.Context, string, ...*pubsubpb.PubsubMessage) error { return nil }

func openTopics(t *testing.T, quiet *slog.Logger) *pubsub.Client {
	t.Helper()
	server, err := localpubsub.Open(localpubsub.Options{Dir: t.TempDir(), SaveInterval: 5 * time.Millisecond, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	listener := listen(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	client, err := pubsub.NewClient(context.Background(), resources.Project,
		option.WithEndpoint(listener.Addr().String()), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	archived := resources.TopicPath(resources.ArchivedTopic())
	if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: archived}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.SubscriptionAdminClient.CreateSubscription(t.Context(), &pubsubpb.Subscription{
		Name: resources.SubscriptionPath("replays"), Topic: archived,
	}); err != nil {
		t.Fatal(err)
	}
	return client
}

func openTables(t *testing.T, quiet *slog.Logger) *warehouse.Warehouse {
	t.Helper()
	server, err := bigquery.Open(bigquery.Options{Dir: t.TempDir(), Project: resources.Project, Threads: 1, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	rest, write := listen(t), listen(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve(rest, write) }()
	config := warehouse.Config{Endpoint: "http://" + rest.Addr().String(), WriteEndpoint: write.Addr().String()}
	w, err := warehouse.Open(context.Background(), config, resources.Project, resources.Dataset(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	if err := w.CreateDataset(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, table := range schemas.Tables(schemas.ZTF) {
		if table.Name == "evaluations" || table.Name == "filter_matches" {
			if err := w.Create(t.Context(), table); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, view := range schemas.Views(schemas.ZTF) {
		if view.Name == "evaluated" {
			if err := w.CreateView(t.Context(), view); err != nil {
				t.Fatal(err)
			}
		}
	}
	return w
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// file is a filter's file.
func file(t *testing.T, text string) (*filter.Filter, []byte) {
	t.Helper()
	f, _, err := filter.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f, []byte(text)
}

// put writes an object as it is.
func put(t *testing.T, bucket *gcs.BucketHandle, name, content string, metadata map[string]string) *gcs.ObjectAttrs {
	t.Helper()
	w := bucket.Object(name).NewWriter(t.Context())
	w.ChunkSize, w.Metadata, w.ContentType = 0, metadata, "application/avro"
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Attrs()
}

// appendRows stores rows in a table.
func appendRows(t *testing.T, c *Catalogue, table string, rows ...warehouse.Values) {
	t.Helper()
	for _, definition := range schemas.Tables(schemas.ZTF) {
		if definition.Name != table {
			continue
		}
		to, err := c.Tables.Table(t.Context(), definition)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if err := to.Append(t.Context(), warehouse.Row{Values: row}); err != nil {
				t.Fatal(err)
			}
		}
	}
}
