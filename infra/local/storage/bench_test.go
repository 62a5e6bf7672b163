package storage_test

import (
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	gcs "cloud.google.com/go/storage"
)

// BenchmarkCreate makes objects of the size of an alert with parallel clients,
// each as Nightwire's archive does, with a notification for each.
func BenchmarkCreate(b *testing.B) {
	s, bucket := startWithBucket(b)
	if _, err := bucket.AddNotification(b.Context(), &gcs.Notification{
		TopicProjectID: "nightwire", TopicID: "ztf-archived", PayloadFormat: gcs.JSONPayload,
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
