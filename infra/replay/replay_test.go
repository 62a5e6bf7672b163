package replay

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/source"
	"nightwire.dev/shared/origin"
	"pgregory.net/rapid"
)

// TestFiles sends a folder's packets, twice, with coordinates that no record of
// Kafka has, and the same both times.
func TestFiles(t *testing.T) {
	t.Parallel()
	target := openTarget(t)
	target.Notify = true
	dir := filepath.Join(t.TempDir(), "night")
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.avro", n)), fmt.Appendf(nil, "packet %d", n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	alerts, err := source.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Files(target, alerts)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Count != 5 || plan.Bytes != 40 || filepath.Base(plan.First) != "0.avro" || filepath.Base(plan.Last) != "4.avro" {
		t.Errorf("plan is %+v", plan)
	}
	for range 2 {
		if result, err := plan.Send(t.Context(), func(Result) {}); err != nil || result.Sent != 5 || result.Bytes != 40 {
			t.Fatalf("result %+v, error %v", result, err)
		}
	}
	times := map[string]int{}
	for _, m := range receive(t, target, resources.RawTopic(), 10) {
		from, err := origin.Parse(m.Attributes)
		if err != nil {
			t.Fatal(err)
		}
		if origin.InKafka(from.Topic) || from != origin.File(dir, m.Data) || !m.Replay() || !m.Notifies("any") {
			t.Errorf("attributes are %v", m.Attributes)
		}
		times[string(m.Data)]++
	}
	want := map[string]int{"packet 0": 2, "packet 1": 2, "packet 2": 2, "packet 3": 2, "packet 4": 2}
	if diff := cmp.Diff(want, times); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// TestTooLarge passes over a packet that Pub/Sub never takes, and counts it.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	target := openTarget(t)
	path := filepath.Join(t.TempDir(), "huge.avro")
	if err := os.WriteFile(path, make([]byte, 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	alerts, err := source.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Files(target, alerts)
	if err != nil {
		t.Fatal(err)
	}
	if result, err := plan.Send(t.Context(), func(Result) {}); err != nil || result != (Result{TooLarge: 1}) {
		t.Errorf("result %+v, error %v", result, err)
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	plan := Plan{
		From: "the archive of ztf: night 2026-09-01", What: "notifications of files", Count: 12, Bytes: 840_000,
		First: "a.avro", Last: "b.avro", To: "projects/p/topics/ztf-archived", Notify: true, Notes: []string{"be warned"},
	}
	const want = `from    the archive of ztf: night 2026-09-01
send    12 notifications of files, 840.0 kB of alerts
first   a.avro
last    b.avro
to      projects/p/topics/ztf-archived
notify  the readers of every filter that chooses an alert, but for those who were notified of it before
note    be warned
`
	var out strings.Builder
	if err := plan.Print(&out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
	plan.Notify, plan.Bytes, plan.Count = false, -1, 0
	out.Reset()
	if err := plan.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"notify  nobody", "of a size that shows as they are read"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("plan is\n%swant it to say %q", out.String(), want)
		}
	}
	if strings.Contains(out.String(), "first") {
		t.Errorf("the first of none is shown:\n%s", out.String())
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]string{0: "0.0 kB", 1500: "1.5 kB", 70_000_000: "70.0 MB", 72_300_000_000: "72.3 GB"} {
		if got := Size(bytes); got != want {
			t.Errorf("%d bytes are %s, want %s", bytes, got, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"2026-09-01":                time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC),
		"2026-09-01T05:06:07Z":      time.Date(2026, 9, 1, 5, 6, 7, 0, time.UTC),
		"2026-09-01T05:06:07-03:00": time.Date(2026, 9, 1, 8, 6, 7, 0, time.UTC),
	} {
		if got, err := ParseTime(text); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "2026-13-01", "2026-09-01T05"} {
		if _, err := ParseTime(text); err == nil || !strings.Contains(err.Error(), "want 2026-09-01") {
			t.Errorf("%q: error is %v", text, err)
		}
	}
}

func TestParseCandids(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		want := rapid.SliceOfN(rapid.Int64Min(1), 1, 20).Draw(r, "candids")
		var text strings.Builder
		for _, candid := range want {
			fmt.Fprint(&text, candid, rapid.SampledFrom([]string{"\n", ", ", "\r\n", " # a comment, 7\n", "\n\n"}).Draw(r, "separator"))
		}
		got, err := ParseCandids(strings.NewReader(text.String()))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			r.Errorf("%q: error %v, candids (-want +got):\n%s", text.String(), err, diff)
		}
	})
	for text, want := range map[string]string{"": "there are none", "# 1": "there are none", "1\nx": `line 2: "x" is no candid`, "-1": "no candid", "1e18": "no candid"} {
		if _, err := ParseCandids(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want it to say %q", text, err, want)
		}
	}
}

func FuzzParseCandids(f *testing.F) {
	f.Add("1627148971515015007\n# none\n1, 2")
	f.Fuzz(func(t *testing.T, text string) {
		candids, err := ParseCandids(strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := ParseCandids(strings.NewReader(strings.Trim(fmt.Sprint(candids), "[]")))
		if diff := cmp.Diff(candids, again); diff != "" || err != nil {
			t.Errorf("%v, read again: %v, %v", candids, again, err)
		}
	})
}
