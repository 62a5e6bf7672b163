package storage

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// TestCreateOnlyRace: of many writers whose contents are all there, one makes
// the object.
func TestCreateOnlyRace(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "bucket")
	if err := makeBucket(dir, settings{Bucket: bucketResource{Name: "bucket"}}); err != nil {
		t.Fatal(err)
	}
	b := reopen(t, dir)
	var absent int64
	var won atomic.Int32
	var winner atomic.Value
	var writers sync.WaitGroup
	for i := range 16 {
		text := fmt.Sprint("writer ", i)
		c := staged(t, b, text)
		writers.Go(func() {
			defer c.release()
			_, err := b.create("alert", attributes{}, c, conditions{generationMatch: &absent})
			switch {
			case err == nil:
				won.Add(1)
				winner.Store(text)
			case asAPIError(err).reason != "conditionNotMet":
				t.Error(err)
			}
		})
	}
	writers.Wait()
	if won.Load() != 1 {
		t.Fatalf("%d writers won", won.Load())
	}
	if got := contentOf(t, b, "alert"); got != winner.Load() {
		t.Errorf("the object holds %q, %q won", got, winner.Load())
	}
}

// BenchmarkReopen opens a bucket that holds many objects.
func BenchmarkReopen(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "bucket")
	if err := makeBucket(dir, settings{Bucket: bucketResource{Name: "bucket"}}); err != nil {
		b.Fatal(err)
	}
	j, err := openJournal(filepath.Join(dir, journalFile), func(record, span) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
	const objects = 20_000
	metadata := map[string]string{"objectId": "ZTF21abiuvdk", "candid": "1642404680815015001", "kafka.topic": "ztf_20210701_programid1"}
	for i := range int64(objects) {
		at, err := j.write(record{Sequence: i + 1, Event: finalize, Object: object{
			Name: fmt.Sprintf("v3.3/night=2021-07-01/ZTF21%07d/%d.avro", i, i), Generation: i + 1, Metageneration: 1,
			attributes: attributes{Metadata: metadata},
		}})
		if err != nil {
			b.Fatal(err)
		}
		j.keep(at)
	}
	if err := j.close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		opened, err := openBucket(dir, environment{clock: &clock{}})
		if err != nil {
			b.Fatal(err)
		}
		if err := opened.close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/objects, "µs/object")
}
