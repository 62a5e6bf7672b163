package bigquery_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"nightwire.dev/infra/queries"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/warehouse"
)

// survey is a server in a process of its own, with the tables of ZTF, and a
// night whose alerts go into them as the function rows writes them.
type survey struct {
	*running
	process   int
	warehouse *warehouse.Warehouse
	alerts    *warehouse.Table
	night     *simulate.Night
	schema    *packet.Schema
}

var firstOfSeptember = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

func startSurvey(b *testing.B, alerts int) *survey {
	b.Helper()
	r, child := startChild(b, b.TempDir())
	b.Cleanup(r.close)
	r.dataset(b, "ztf")
	w := r.open(b)
	tables := schemas.Tables(schemas.ZTF)
	for _, table := range tables {
		if err := w.Create(b.Context(), table); err != nil {
			b.Fatal(err)
		}
	}
	for _, view := range schemas.Views(schemas.ZTF) {
		if err := w.CreateView(b.Context(), view); err != nil {
			b.Fatal(err)
		}
	}
	night, err := simulate.New(simulate.Options{Seed: 1, Night: firstOfSeptember, Alerts: alerts})
	if err != nil {
		b.Fatal(err)
	}
	shipped, _ := schemas.Find(schemas.ZTF, "4.02")
	schema, err := packet.ParseSchema(shipped.JSON)
	if err != nil {
		b.Fatal(err)
	}
	return &survey{r, child.Process.Pid, w, opened(b, w, tables[0]), night, schema}
}

// row is an alert's row, and the name of its object.
func (s *survey) row(b *testing.B, i int) (warehouse.Row, string) {
	b.Helper()
	alert := s.night.Alert(i % s.night.Len())
	from := warehouse.Values{"object": fmt.Sprint(alert["candid"]), "generation": int64(i)}
	return warehouse.Row{
		Record: encode(b, s.schema, alert),
		Values: warehouse.Values{"night": "2026-09-01", "observed_at": firstOfSeptember, "nightwire": from},
	}, alert["objectId"].(string)
}

// append writes n rows, as many at once as instances of the function hold, and
// reports what that takes of the server.
func (s *survey) append(b *testing.B, n, writers int, row func(i int) warehouse.Row) {
	b.Helper()
	began, used := time.Now(), processorTime(b, s.process)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := s.alerts.Append(context.Background(), row(i)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(n)/time.Since(began).Seconds(), "rows/s")
	b.ReportMetric((processorTime(b, s.process)-used).Seconds()*1000/float64(n), "cpu-ms/row")
}

// made are some rows, made beforehand, again and again.
func (s *survey) made(b *testing.B) func(i int) warehouse.Row {
	b.Helper()
	rows := make([]warehouse.Row, s.night.Len())
	for i := range rows {
		rows[i], _ = s.row(b, i)
	}
	return func(i int) warehouse.Row { return rows[i%len(rows)] }
}

// BenchmarkAppend writes rows as the function rows does.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := startSurvey(b, 500)
			rows := s.made(b)
			b.ResetTimer()
			s.append(b, b.N, writers, rows)
		})
	}
}

// BenchmarkAppendBesideReader writes rows as fast as it can, while somebody asks
// for one light curve after the other. The goal is 2,000 rows/s.
func BenchmarkAppendBesideReader(b *testing.B) {
	s := startSurvey(b, 500)
	rows := s.made(b)
	ctx, cancel := context.WithCancel(b.Context())
	read, answered := make(chan struct{}), 0
	go func() {
		defer close(read)
		for i := 0; ctx.Err() == nil; i++ {
			_, object := s.row(b, i)
			s.lightCurve(b, object)
			answered++
		}
	}()
	b.ResetTimer()
	s.append(b, b.N, 1024, rows)
	took := b.Elapsed()
	cancel()
	<-read
	b.ReportMetric(float64(answered)/took.Seconds(), "queries/s")
	b.ReportMetric(peakMemory(b, s.process), "peak-MB")
}

// BenchmarkLightCurve asks the library for the light curves of objects among
// 100,000 alerts. The goal is a second.
func BenchmarkLightCurve(b *testing.B) {
	const alerts = 100_000
	s := startSurvey(b, alerts)
	s.append(b, alerts, 1024, func(i int) warehouse.Row {
		row, _ := s.row(b, i)
		return row
	})
	_, object := s.row(b, alerts/2)
	rows := 0
	for b.Loop() {
		rows = s.lightCurve(b, object)
	}
	b.ReportMetric(float64(rows), "points")
	b.ReportMetric(peakMemory(b, s.process), "peak-MB")
}

// lightCurve is the number of points in an object's light curve.
func (s *survey) lightCurve(b *testing.B, object string) (points int) {
	b.Helper()
	q, err := queries.Find("light-curve", schemas.ZTF)
	if err != nil {
		b.Fatal(err)
	}
	values, err := q.Values(map[string]string{"object": object}, firstOfSeptember)
	if err != nil {
		b.Fatal(err)
	}
	result, err := s.warehouse.Query(context.Background(), q.SQL, values)
	if err != nil {
		b.Error(err)
		return 0
	}
	for _, err := range result.Rows() {
		if err != nil {
			b.Error(err)
		}
		points++
	}
	return points
}

// processorTime is what a process has used until now.
func processorTime(b *testing.B, process int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	if err != nil {
		b.Skip("there is no /proc here to ask:", err)
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	user, err := strconv.Atoi(string(fields[11]))
	if err != nil {
		b.Fatal(err)
	}
	system, err := strconv.Atoi(string(fields[12]))
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond // a tick
}

// peakMemory is the most that a process has had resident, in MB.
func peakMemory(b *testing.B, process int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		b.Fatal(err)
	}
	_, line, _ := bytes.Cut(status, []byte("VmHWM:"))
	kilobytes, err := strconv.Atoi(string(bytes.Fields(line)[0]))
	if err != nil {
		b.Fatal(err)
	}
	return float64(kilobytes) / 1000
}

// BenchmarkLoad has a load job read archived alerts, stamps and all, out of the
// Cloud Storage beside it.
func BenchmarkLoad(b *testing.B) {
	r := start(b)
	r.dataset(b, "ztf")
	night, err := simulate.New(simulate.Options{Seed: 1, Night: firstOfSeptember, Alerts: 200})
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
	began := processorTime(b, os.Getpid())
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
	b.ReportMetric(float64(processorTime(b, os.Getpid())-began)/float64(time.Millisecond)/float64(b.N), "cpu-ms/file")
}
