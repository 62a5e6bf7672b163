package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/option"
)

// BenchmarkCreate makes objects of the size of an alert with parallel clients,
// each as Nightwire's archive does, with a notification for each.
func BenchmarkCreate(b *testing.B) {
	s, bucket := startWithBucket(b)
	if _, err := bucket.AddNotification(b.Context(), &gcs.Notification{
		TopicProjectID: "nightwire", TopicID: "ztf-archived", PayloadFormat: gcs.JSONPayload,
		EventTypes: []string{gcs.ObjectFinalizeEvent},
	}); err != nil {
		b.Fatal(err)
	}
	content := packet("alert")
	var made atomic.Int64
	b.SetParallelism(8)
	b.SetBytes(int64(len(content)))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := made.Add(1)
			name := fmt.Sprintf("v4.02/night=2026-11-21/ZTF26%07d/%d.avro", i, i)
			object := bucket.Object(name).If(gcs.Conditions{DoesNotExist: true})
			if _, err := write(b.Context(), object, content, func(w *gcs.Writer) {
				w.Metadata = map[string]string{"objectId": "ZTF26aaaaaaa", "candid": "1642404680815015001", "kafka.offset": "12345"}
			}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	await(b, "all notifications to be accepted", func() bool { return s.Pending() == 0 })
}

// BenchmarkRead reads whole objects of the size of an alert.
func BenchmarkRead(b *testing.B) {
	_, bucket := startWithBucket(b)
	content := packet("alert")
	if _, err := write(b.Context(), bucket.Object("alert.avro"), content, nil); err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(8)
	b.SetBytes(int64(len(content)))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := bucket.Object("alert.avro").NewReader(b.Context())
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, r)
			r.Close()
		}
	})
}

// BenchmarkAlert does what a night does for each alert: it is created once, told
// of, and read twice; of every other one there is a claim. The server is a
// process of its own, of which the processor's time is reported.
func BenchmarkAlert(b *testing.B) {
	_, pubsub := startInbox(b)
	victim, url := startVictim(b, b.TempDir(), pubsub)
	client, err := gcs.NewClient(b.Context(), option.WithEndpoint(url+"/storage/v1/"), option.WithoutAuthentication(), gcs.WithJSONReads())
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	bucket := client.Bucket(bucketName)
	if err := bucket.Create(b.Context(), "nightwire", nil); err != nil {
		b.Fatal(err)
	}
	if _, err := bucket.AddNotification(b.Context(), &archived); err != nil {
		b.Fatal(err)
	}
	metadata := map[string]string{
		"objectId": "ZTF26aaaaaaa", "candid": "1642404680815015001", "ra": "159.1894954", "dec": "56.5451284",
		"mjd": "59396.40468075", "schema": "4.02", "night": "2026-11-21", "kafka.topic": "ztf_20261121_programid1",
		"kafka.partition": "11", "kafka.offset": "12345", "kafka.timestamp": "2026-11-21T09:42:44.123Z",
		"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	}
	content := packet("alert")[:60<<10]
	var made atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := liveOfAlert(b.Context(), bucket, made.Add(1), content, metadata); err != nil {
				b.Error(err)
				return
			}
		}
	})
	_ = victim.Process.Kill()
	_ = victim.Wait()
	used := victim.ProcessState.UserTime() + victim.ProcessState.SystemTime()
	b.ReportMetric(float64(used.Microseconds())/float64(b.N), "server-µs/op")
}

func liveOfAlert(ctx context.Context, bucket *gcs.BucketHandle, i int64, content []byte, metadata map[string]string) error {
	absent := gcs.Conditions{DoesNotExist: true}
	alert := bucket.Object(fmt.Sprintf("v4.02/night=2026-11-21/ZTF26%07d/%d.avro", i, i))
	made, err := write(ctx, alert.If(absent), content, func(w *gcs.Writer) { w.Metadata = metadata })
	if err != nil {
		return err
	}
	for range 2 {
		r, err := alert.Generation(made.Generation).NewReader(ctx)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r)
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	if i%2 == 0 {
		return nil
	}
	claim := bucket.Object(fmt.Sprintf("matches/night=2026-11-21/ZTF26%07d/%d.json", i, i))
	_, err = write(ctx, claim.If(absent), []byte(`{"filters":["rising 3","extragalactic 7"],"at":"2026-11-21T09:42:45Z"}`), nil)
	return err
}
