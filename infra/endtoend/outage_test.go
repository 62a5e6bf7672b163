package endtoend

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOutages lets each server that the functions and the connector write to
// refuse, or lose its answers after it has done the work, a night each. What
// the certificate says of each night is exact.
func TestOutages(t *testing.T) {
	t.Parallel()
	const alerts = 40
	dir := t.TempDir()
	f := startFaulty(t, dir)
	raw := tapTopics(t, f.Endpoints, f.Resources().RawTopic())

	outages := []struct {
		fault, night string
		begin        func()
		end          func(t *testing.T) string // returns once there was enough of it, and says how much
	}{
		{"BigQuery answers 429", "2026-09-01", func() {
			f.tables.refuseAll(true)
			f.appending.refuseAll(true)
		}, func(t *testing.T) string {
			await(t, func() bool { refused, _ := f.tables.counts(); return refused >= 5 })
			f.tables.refuseAll(false)
			await(t, func() bool { refused, _ := f.appending.counts(); return refused >= 100 })
			f.appending.refuseAll(false)
			asked, _ := f.tables.counts()
			appended, _ := f.appending.counts()
			return fmt.Sprintf("%d requests and %d connections for rows were refused", asked, appended)
		}},
		{"the publish answer is lost", "2026-09-02", func() { f.publish.loseNext(20) }, func(t *testing.T) string {
			awaitLost(t, &f.publish, 20)
			again := len(raw()[f.Resources().RawTopic()]) - 2*alerts
			if again <= 0 {
				t.Error("no record came twice")
			}
			return fmt.Sprintf("20 answers were lost, %d records came again", again)
		}},
		{"the append answer is lost", "2026-09-03", func() { f.appending.loseNext(12) }, func(t *testing.T) string {
			awaitLost(t, &f.appending, 12)
			return "12 answers were lost"
		}},
		{"the upload answer is lost", "2026-09-04", func() { f.files.loseNext(20) }, func(t *testing.T) string {
			awaitLost(t, &f.files, 20)
			return "20 answers were lost"
		}},
	}
	for _, o := range outages {
		o.begin()
		feed(t, dir, "--synthetic", strconv.Itoa(alerts), "--night", o.night, "--rate", "40")
		saw := o.end(t)
		c := dawn(t, dir, true, o.night)
		want := counts{Records: alerts, Stored: alerts, Files: alerts, Rows: alerts}
		if diff := cmp.Diff(want, countsOf(c)); diff != "" || c.Evaluated != alerts {
			t.Errorf("%s: %d evaluated; certificate (-want +got):\n%s", o.fault, c.Evaluated, diff)
		}
		written := ask(t, f.Endpoints, "SELECT COUNT(*), COUNT(DISTINCT candid) FROM alerts_stream WHERE night = '"+o.night+"'")[0]
		shown := ask(t, f.Endpoints, "SELECT COUNT(*), COUNT(DISTINCT candid) FROM alerts WHERE night = '"+o.night+"'")[0]
		if diff := cmp.Diff([]any{int64(alerts), int64(alerts)}, shown); diff != "" {
			t.Errorf("%s: rows of the view (-want +got):\n%s", o.fault, diff)
		}
		t.Logf("%s: %s; %d records, %d stored, %d missing; %v rows written, %v shown",
			o.fault, saw, c.Records, c.Stored, c.Missing, written[0], shown[0])
	}
}

// awaitLost waits until so many answers are lost.
func awaitLost(t *testing.T, f *faults, want int) {
	t.Helper()
	await(t, func() bool {
		_, lost := f.counts()
		return lost == want
	})
}
