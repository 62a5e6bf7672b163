package main

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/storage"
	"nightwire.dev/infra/local/port/porttest"
	"nightwire.dev/infra/source"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// serveProject runs the local servers in this process, points the clients at
// them as at a project, and makes what a deployment has.
func serveProject(t *testing.T) {
	t.Helper()
	var at [5]string
	for i := range at {
		at[i] = porttest.Keep(t).Address()
	}
	topics, status, buckets, rest, write := at[0], at[1], at[2], at[3], at[4]
	t.Setenv("PUBSUB_EMULATOR_HOST", topics)
	t.Setenv("STORAGE_EMULATOR_HOST", buckets)
	t.Setenv("NIGHTWIRE_BIGQUERY_ENDPOINT", "http://"+rest)
	t.Setenv("NIGHTWIRE_BIGQUERY_WRITE_ENDPOINT", write)

	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	dir := t.TempDir()
	for name, serve := range map[string]func(context.Context) error{
		"pubsub":   (&servePubSub{place: place{Data: filepath.Join(dir, "pubsub"), Listen: topics}, Status: status}).Run,
		"storage":  (&serveStorage{place: place{Data: filepath.Join(dir, "storage"), Listen: buckets}, PubSub: topics}).Run,
		"bigquery": (&serveBigQuery{place: place{Data: filepath.Join(dir, "bigquery"), Listen: rest}, Write: write}).Run,
	} {
		serving.Go(func() {
			if err := serve(ctx); err != nil {
				t.Errorf("serve %s: %v", name, err)
			}
		})
	}
	t.Cleanup(func() { stop(); serving.Wait() })
	for _, address := range []string{topics, buckets, rest, write} {
		await(t, address)
	}
	provisionProject(t)
}

// await returns when something answers at an address.
func await(t *testing.T, address string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if connection, err := net.Dial("tcp", address); err == nil {
			_ = connection.Close()
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("nothing answers at %s", address)
		}
	}
}

func provisionProject(t *testing.T) {
	t.Helper()
	buckets, err := storage.NewClient(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer buckets.Close()
	for _, name := range []string{testResources.AlertsBucket(), testResources.ProductsBucket()} {
		if err := buckets.Bucket(name).Create(t.Context(), testResources.Project, nil); err != nil {
			t.Fatal(err)
		}
	}
	topics, err := pubsub.NewClient(t.Context(), testResources.Project)
	if err != nil {
		t.Fatal(err)
	}
	defer topics.Close()
	archived := &pubsubpb.Topic{Name: testResources.TopicPath(testResources.ArchivedTopic())}
	if _, err := topics.TopicAdminClient.CreateTopic(t.Context(), archived); err != nil {
		t.Fatal(err)
	}
	tables := openTables(t)
	if err := tables.CreateDataset(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, table := range schemas.Tables(names.ZTF.Survey()) {
		if err := tables.Create(t.Context(), table); err != nil {
			t.Fatal(err)
		}
	}
	for _, view := range schemas.Views(names.ZTF.Survey()) {
		if err := tables.CreateView(t.Context(), view); err != nil {
			t.Fatal(err)
		}
	}
}

func openTables(t *testing.T) *warehouse.Warehouse {
	t.Helper()
	d := deployment{Project: testResources.Project, Stream: names.ZTF}
	c, done, err := d.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(done)
	return c.Tables
}

// missAlert archives an alert for which the filter young was paused.
func missAlert(t *testing.T) {
	t.Helper()
	buckets, err := storage.NewClient(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer buckets.Close()
	night, err := source.Synthetic(1, syntheticNight, 1)
	if err != nil {
		t.Fatal(err)
	}
	const object = "v4.02/night=2026-09-01/ZTF26a/1.avro"
	w := buckets.Bucket(testResources.AlertsBucket()).Object(object).NewWriter(t.Context())
	w.ChunkSize = 0
	for packet, err := range night.Packets {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(packet.Bytes); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, definition := range schemas.Tables(names.ZTF.Survey()) {
		if definition.Name != "evaluations" {
			continue
		}
		table, err := openTables(t).Table(t.Context(), definition)
		if err != nil {
			t.Fatal(err)
		}
		if err := table.Append(t.Context(), warehouse.Row{Values: warehouse.Values{
			"night": "2026-09-01", "objectId": "ZTF26a", "candid": int64(1), "object": object, "generation": w.Attrs().Generation,
			"evaluated_at": time.Date(2026, 9, 2, 0, 0, 0, 0, time.UTC), "paused": []string{"young"},
		}}); err != nil {
			t.Fatal(err)
		}
	}
}
