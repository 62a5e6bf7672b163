package dawn_test

import (
	"context"
	"log/slog"
	"net"
	"net/http/httptest"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	gcs "cloud.google.com/go/storage"
	"go.uber.org/goleak"
	"google.golang.org/api/option"
	"nightwire.dev/infra/local/bigquery"
	"nightwire.dev/infra/local/storage"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// TestMain looks for goroutines of ours; the clients leave some of their own,
// which sleep until their next tick.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		goleak.IgnoreAnyFunction("cloud.google.com/go/bigquery/storage/managedwriter.(*connection).getStream.func1"))
}

var quiet = slog.New(slog.DiscardHandler)

// house is a stream's bucket and tables on the local servers.
type house struct {
	names.Resources
	client *gcs.Client
	tables *warehouse.Warehouse
}

func open(t *testing.T, stream names.Stream) *house {
	t.Helper()
	h := &house{Resources: names.Resources{Project: "p", Stream: stream}}
	server, err := storage.Open(storage.Options{Dir: t.TempDir(), Publisher: nobody{}, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server.Handler())
	h.client, err = gcs.NewClient(context.Background(), option.WithEndpoint(web.URL+"/storage/v1/"), option.WithoutAuthentication(), gcs.WithJSONReads())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = h.client.Close()
		web.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{h.AlertsBucket(), h.ProductsBucket()} {
		if err := h.client.Bucket(name).Create(t.Context(), h.Project, nil); err != nil {
			t.Fatal(err)
		}
	}
	h.openTables(t)
	return h
}

// nobody takes the bucket's notifications, which these tests do without.
type nobody struct{}

func (nobody) Publish(context.Context, string, ...*pubsubpb.PubsubMessage) error { return nil }

func (h *house) openTables(t *testing.T) {
	t.Helper()
	server, err := bigquery.Open(bigquery.Options{Dir: t.TempDir(), Project: h.Project, Threads: 1, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	rest, write := listen(t), listen(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve(rest, write) }()
	config := warehouse.Config{Endpoint: "http://" + rest.Addr().String(), WriteEndpoint: write.Addr().String()}
	h.tables, err = warehouse.Open(context.Background(), config, h.Project, h.Dataset(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = h.tables.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	if err := h.tables.CreateDataset(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// append writes a row.
func (h *house) append(t *testing.T, table string, values warehouse.Values) {
	t.Helper()
	for _, definition := range schemas.Tables(h.Stream.Survey()) {
		if definition.Name != table {
			continue
		}
		opened, err := h.tables.Table(t.Context(), definition)
		if err == nil {
			err = opened.Append(t.Context(), warehouse.Row{Values: values})
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("no table %s is known", table)
}

// put writes an object to the bucket of alerts.
func (h *house) put(t *testing.T, name string) {
	t.Helper()
	if _, err := bucket.Write(t.Context(), h.client.Bucket(h.AlertsBucket()).Object(name), "avro/binary", []byte("a"), nil); err != nil {
		t.Fatal(err)
	}
}
