package replay

import (
	"context"
	"log/slog"
	"net"
	"net/http/httptest"
	"sync"
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
	"nightwire.dev/shared/event"
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

var (
	resources = names.Resources{Project: "p", Stream: names.ZTF}
	quiet     = slog.New(slog.DiscardHandler)
)

// openTarget is a deployment's topics on a local server, with a subscription
// "all" to each, <topic>-all.
func openTarget(t *testing.T) Target {
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
	for _, topic := range []string{resources.RawTopic(), resources.ArchivedTopic()} {
		path := resources.TopicPath(topic)
		if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: path}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.SubscriptionAdminClient.CreateSubscription(t.Context(), &pubsubpb.Subscription{
			Name: resources.SubscriptionPath(topic + "-all"), Topic: path,
		}); err != nil {
			t.Fatal(err)
		}
	}
	return Target{Resources: resources, Topics: client}
}

func openArchive(t *testing.T) *gcs.BucketHandle {
	t.Helper()
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
	archive := client.Bucket(resources.AlertsBucket())
	if err := archive.Create(t.Context(), resources.Project, nil); err != nil {
		t.Fatal(err)
	}
	return archive
}

// nobody takes the bucket's own notifications, which these tests do without.
type nobody struct{}

func (nobody) Publish(context.Context, string, ...*pubsubpb.PubsubMessage) error { return nil }

// openTables is a stream's ledger and alerts_stream.
func openTables(t *testing.T) *warehouse.Warehouse {
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
	for _, name := range []string{"ledger", "alerts_stream"} {
		if err := w.Create(t.Context(), table(t, name)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func table(t *testing.T, name string) schemas.Table {
	t.Helper()
	for _, one := range schemas.Tables(schemas.ZTF) {
		if one.Name == name {
			return one
		}
	}
	t.Fatalf("there is no table %s", name)
	return schemas.Table{}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// put writes a file into the archive.
func put(t *testing.T, archive *gcs.BucketHandle, name string) *gcs.ObjectAttrs {
	t.Helper()
	w := archive.Object(name).NewWriter(t.Context())
	w.ChunkSize, w.Metadata = 0, map[string]string{"file": name}
	if _, err := w.Write([]byte("an alert")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Attrs()
}

// appendRows stores rows in a table.
func appendRows(t *testing.T, w *warehouse.Warehouse, name string, rows ...warehouse.Values) {
	t.Helper()
	to, err := w.Table(t.Context(), table(t, name))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := to.Append(t.Context(), warehouse.Row{Values: row}); err != nil {
			t.Fatal(err)
		}
	}
}

// receive takes so many messages of a topic.
func receive(t *testing.T, target Target, topic string, n int) []*event.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var mu sync.Mutex
	var got []*event.Message
	err := target.Topics.Subscriber(resources.SubscriptionPath(topic+"-all")).Receive(ctx, func(_ context.Context, m *pubsub.Message) {
		mu.Lock()
		defer mu.Unlock()
		m.Ack()
		got = append(got, &event.Message{Data: m.Data, Attributes: m.Attributes})
		if len(got) == n {
			cancel()
		}
	})
	if err != nil || len(got) != n {
		t.Fatalf("%d messages came, want %d: %v", len(got), n, err)
	}
	return got
}
