package certificate

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"nightwire.dev/shared/ledger"
)

// BenchmarkNight makes the account of a night of a million alerts, and tells the
// bytes that are held for each when it is closed, and those that the process has
// taken from the machine at most, which is what a function's memory must hold.
func BenchmarkNight(b *testing.B) {
	const alerts, partitions = 1_000_000, 16
	name := func(i int) string {
		return fmt.Sprintf("v4.02/night=2026-09-01/ZTF21%07d/%d.avro", i, 3_500_000_000_000_000_000+i)
	}
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		a := New("ztf", "2026-09-01")
		for p := range int64(partitions) {
			if err := a.Hold(Held{Topic: topic, Partition: p, End: alerts / partitions, Confirmed: alerts / partitions}); err != nil {
				b.Fatal(err)
			}
		}
		for i := range alerts {
			a.Record(Entry{
				Topic: topic, Partition: int64(i % partitions), Offset: int64(i / partitions), Outcome: ledger.Stored, Object: name(i),
			})
		}
		for i := range alerts {
			a.File(name(i))
			a.Row(name(i), time.Second)
			a.Evaluation(name(i))
		}
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.Sys)/alerts, "taken-B/alert")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/alerts, "held-B/alert")
		if c := a.Close(time.Now(), time.Time{}); c.Missing > 0 {
			b.Fatal(c.Losses)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/alerts, "µs/alert")
}
