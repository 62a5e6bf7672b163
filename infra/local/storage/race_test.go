package storage

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// TestCreateOnlyRace: of many writers whose contents are all there, one makes
// the object.
func TestCreateOnlyRace(t *testing.T) {
	t.Parallel()
	b := reopen(t, t.TempDir())
	var won atomic.Int32
	var winner atomic.Value
	var writers sync.WaitGroup
	uploads := map[string]*upload{}
	for i := range 16 {
		text := fmt.Sprint("writer ", i)
		uploads[text] = arrived(t, b, "alert", text)
	}
	for text, u := range uploads {
		writers.Go(func() {
			defer u.close()
			var refused *apiError
			_, err := u.finish()
			switch {
			case err == nil:
				won.Add(1)
				winner.Store(text)
			case !errors.As(err, &refused) || refused.reason != "conditionNotMet":
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
	dir := b.TempDir()
	const objects = 20_000
	full := reopen(b, dir)
	o := object{attributes: attributes{Metadata: map[string]string{"candid": "1642404680815015001", "kafka.topic": "ztf_20210701_programid1"}}}
	for i := range int64(objects) {
		o.Name, o.Generation = fmt.Sprintf("v3.3/night=2021-07-01/ZTF21%07d/%d.avro", i, i), i+1
		if _, err := full.journal.append(record{Change: &change{Object: o}}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if len(reopen(b, dir).entries) != objects {
			b.Fatal("objects are lost")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/objects, "µs/object")
}
