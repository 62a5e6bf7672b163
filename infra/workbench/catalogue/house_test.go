package catalogue

import (
	"testing"

	gcs "cloud.google.com/go/storage"
	"go.uber.org/goleak"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, house.Leaks()...) }

var resources = names.Resources{Project: "p", Stream: names.ZTF}

// open is an empty catalogue on local servers: its buckets, the topic archived
// and the tables of the filters, which come besides to be filled.
func open(t *testing.T) (*Catalogue, *house.Tables) {
	t.Helper()
	topics, buckets, tables := house.PubSub(t, resources), house.Storage(t, resources), openTables(t)
	topics.Create(t, resources.ArchivedTopic(), "replays")
	return &Catalogue{
		Resources: resources, Products: buckets.Products, Archive: buckets.Alerts,
		Topics: topics.Client, Tables: tables.Warehouse,
	}, tables
}

// openTables is the tables of the filters.
func openTables(t *testing.T) *house.Tables {
	t.Helper()
	tables := house.BigQuery(t, resources)
	tables.Create(t, "evaluations", "filter_matches", "evaluated")
	return tables
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
