package rows_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"nightwire.dev/functions/rows"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/archived"
	"nightwire.dev/shared/config"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/warehouse"
)

// The project that the local servers have.
const localProject = "nightwire-local"

// BenchmarkHandle is the function's whole work: read the file, decode it, append
// the row and wait for the confirmation. BigQuery and Cloud Storage are other
// processes, so the processor time is the function's own. Start them by
//
//	nightwire serve bigquery --data DIR --listen 127.0.0.1:8901 --write 127.0.0.1:8902
//	nightwire serve storage --data DIR --listen 127.0.0.1:8903 --pubsub 127.0.0.1:8904
//
// and say so in NIGHTWIRE_BIGQUERY_ENDPOINT (http://127.0.0.1:8901),
// NIGHTWIRE_BIGQUERY_WRITE_ENDPOINT and STORAGE_EMULATOR_HOST. Pub/Sub is not
// needed: the bucket has no notifications.
func BenchmarkHandle(b *testing.B) {
	c, err := config.Load[warehouse.Config](b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if c.Endpoint == "" || c.WriteEndpoint == "" || os.Getenv("STORAGE_EMULATOR_HOST") == "" {
		b.Skip("no local BigQuery and Cloud Storage: the benchmark's comment says how to start them")
	}
	f, files := remote(b, c)
	b.ReportAllocs()
	b.ResetTimer()
	began := cpu(b)
	events := make(chan *event.Message)
	var wg sync.WaitGroup
	for range 64 { // events that an instance has at once
		wg.Go(func() {
			for m := range events {
				if err := f.Handle(context.Background(), m); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range b.N {
		events <- files[i%len(files)]
	}
	close(events)
	wg.Wait()
	b.StopTimer()
	used := cpu(b) - began
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(b.N)/used.Seconds(), "rows/s/core")
	b.ReportMetric(float64(used.Microseconds())/float64(b.N)/1000, "cpu-ms/row")
}

// remote is the function on the local servers, and the news of some files.
func remote(b *testing.B, c *warehouse.Config) (*rows.Rows, []*event.Message) {
	b.Helper()
	ctx := b.Context()
	dataset := "bench" + strconv.FormatInt(time.Now().UnixNano(), 10)
	tables, err := warehouse.Open(ctx, *c, localProject, dataset, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = tables.Close() })
	if err := tables.CreateDataset(ctx); err != nil {
		b.Fatal(err)
	}
	all := schemas.Tables(schemas.ZTF)
	alerts, err := tables.Table(ctx, all[slices.IndexFunc(all, func(t schemas.Table) bool { return t.Name == "alerts_stream" })])
	if err != nil {
		b.Fatal(err)
	}
	client, err := storage.NewClient(ctx, storage.WithJSONReads())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Close() })
	folder := client.Bucket(dataset)
	if err := folder.Create(ctx, localProject, nil); err != nil {
		b.Fatal(err)
	}
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 500})
	if err != nil {
		b.Fatal(err)
	}
	var news []*event.Message
	for i := range night.Len() {
		content, err := night.Packet(i)
		if err != nil {
			b.Fatal(err)
		}
		news = append(news, upload(b, folder, fmt.Sprintf("%d.avro", i), content))
	}
	return &rows.Rows{Archive: &archived.Reader{Stream: names.ZTF, Decoder: &packet.Decoder{}, Client: client}, Alerts: alerts}, news
}

// upload writes a file as archive does, and returns the bucket's notification.
func upload(b *testing.B, folder *storage.BucketHandle, name string, content []byte) *event.Message {
	b.Helper()
	w := folder.Object(name).NewWriter(b.Context())
	w.ChunkSize = 0
	w.Metadata = map[string]string{"objectId": "ZTF21abiuvdk", "sha256": fmt.Sprintf("%x", sha256.Sum256(content))}
	from.Attributes(w.Metadata)
	if _, err := w.Write(content); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	data, err := json.Marshal(map[string]any{
		"bucket": folder.BucketName(), "name": name, "generation": strconv.FormatInt(w.Attrs().Generation, 10),
		"size": strconv.Itoa(len(content)), "metadata": w.Metadata, "timeCreated": archiveTime,
	})
	if err != nil {
		b.Fatal(err)
	}
	return push(b, data, map[string]string{"eventType": "OBJECT_FINALIZE", "payloadFormat": "JSON_API_V1"})
}

// cpu is the processor time of this process so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
