package bigquery_test

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/simulate"
)

// alertSchema has the shape of a ZTF alert without its stamps: a record of 100
// values, and a history of 30 entries of 57 values each.
func alertSchema() bigquery.Schema {
	record := func(n int) bigquery.Schema {
		kinds := []bigquery.FieldType{bigquery.FloatFieldType, bigquery.FloatFieldType, bigquery.IntegerFieldType, bigquery.FloatFieldType}
		var fields bigquery.Schema
		for i := range n {
			fields = append(fields, &bigquery.FieldSchema{Name: fmt.Sprintf("value%d", i), Type: kinds[i%len(kinds)]})
		}
		return append(fields, &bigquery.FieldSchema{Name: "pdiffimfilename", Type: bigquery.StringFieldType})
	}
	return bigquery.Schema{
		{Name: "objectId", Type: bigquery.StringFieldType, Required: true},
		{Name: "candid", Type: bigquery.IntegerFieldType, Required: true},
		{Name: "night", Type: bigquery.DateFieldType},
		{Name: "observed_at", Type: bigquery.TimestampFieldType},
		{Name: "position", Type: bigquery.GeographyFieldType},
		{Name: "candidate", Type: bigquery.RecordFieldType, Schema: record(99)},
		{Name: "prv_candidates", Type: bigquery.RecordFieldType, Repeated: true, Schema: record(56)},
	}
}

func alertRow(candid int) string {
	record := func(n, missing int) string {
		var parts []string
		for i := range n {
			if missing > 0 && i%missing == 0 {
				continue
			}
			if i%4 == 2 {
				parts = append(parts, fmt.Sprintf(`"value%d":"%d"`, i, (candid*31+i)%1000))
			} else {
				parts = append(parts, fmt.Sprintf(`"value%d":%v`, i, float64((candid*7919+i*104729)%1000003)/977))
			}
		}
		return "{" + strings.Join(parts, ",") + `,"pdiffimfilename":"ztf_20231114_000_zg_c01_o_q1_scimrefdiffimg.fits"}`
	}
	history := make([]string, 30)
	for i := range history {
		history[i] = record(56, i%3*2)
	}
	return fmt.Sprintf(`{"objectId":"ZTF%d","candid":"%d","night":19675,"observed_at":"1700000000000000","position":"POINT(10.5 -3.25)","candidate":%s,"prv_candidates":[%s]}`,
		candid%5000, candid, record(99, 0), strings.Join(history, ","))
}

// BenchmarkAppend sends rows of ZTF's shape, one a request, as the rows
// function does, over as many writers as run at once there.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			r := start(b)
			r.dataset(b, "ztf")
			schema := alertSchema()
			w := r.stream(b, r.table(b, "alerts", schema), schema)
			var raw [][]byte
			for i := range 64 {
				raw = append(raw, w.encode(b, alertRow(i))...)
			}
			b.SetBytes(int64(len(raw[0])))
			b.ResetTimer()
			began := cpu(b)
			next := make(chan int)
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for i := range next {
						result, err := w.stream.AppendRows(b.Context(), raw[i%len(raw):i%len(raw)+1])
						if err == nil {
							_, err = result.GetResult(b.Context())
						}
						if err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i := range b.N {
				next <- i
			}
			close(next)
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(cpu(b)-began)/float64(time.Millisecond)/float64(b.N), "cpu-ms/row")
		})
	}
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLoad has a load job read archived alerts, stamps and all, out of the
// Cloud Storage beside it.
func BenchmarkLoad(b *testing.B) {
	r := start(b)
	r.dataset(b, "ztf")
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 200})
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	for i := range b.N {
		content, err := night.Packet(i % night.Len())
		if err != nil {
			b.Fatal(err)
		}
		size += len(content)
		if _, err := bucket.Write(b.Context(), r.bucket.Object(fmt.Sprintf("night/%d.avro", i)), "avro/binary", content, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(size / b.N))
	b.ResetTimer()
	began := cpu(b)
	source := bigquery.NewGCSReference("gs://" + r.bucket.BucketName() + "/night/*")
	source.SourceFormat = bigquery.Avro
	job, err := r.Dataset("ztf").Table("archived").LoaderFrom(source).Run(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	status, err := job.Wait(b.Context())
	if err != nil || status.Err() != nil {
		b.Fatal(err, status.Err())
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
	b.ReportMetric(float64(cpu(b)-began)/float64(time.Millisecond)/float64(b.N), "cpu-ms/file")
}
