package telemetry

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/telemetry/metric"
	"nightwire.dev/shared/telemetry/traceparent"
)

func TestMain(m *testing.M) {
	// A worker that a library of Google's starts for ever when it is loaded.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// record is where the alert of these tests comes from.
func record() origin.Origin {
	return origin.Origin{Topic: "ztf_20260901_programid1", Partition: 2, Offset: 41, Timestamp: time.Now().Add(-3 * time.Second)}
}

// raw is a raw message, traced or not.
func raw(t testing.TB, traced bool) *event.Message {
	t.Helper()
	attributes := map[string]string{}
	record().Attributes(attributes)
	if traced {
		attributes[traceparent.Key] = traceparent.Of(record(), 1).String()
	}
	return push(t, "alert", attributes)
}

// notification is a bucket's news of an object with the metadata.
func notification(t testing.TB, metadata map[string]string) *event.Message {
	t.Helper()
	text, err := json.Marshal(map[string]any{"bucket": "b", "name": "n.avro", "generation": "1", "size": "5", "metadata": metadata})
	if err != nil {
		t.Fatal(err)
	}
	return push(t, string(text), map[string]string{"eventType": "OBJECT_FINALIZE"})
}

func push(t testing.TB, data string, attributes map[string]string) *event.Message {
	t.Helper()
	body, err := json.Marshal(map[string]any{"message": map[string]any{
		"data": base64.StdEncoding.EncodeToString([]byte(data)), "attributes": attributes,
		"messageId": "17", "publishTime": time.Now().UTC().Format(time.RFC3339Nano),
	}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := event.Parse(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// open makes telemetry whose spans are log lines.
func open(t testing.TB, export string) (*Telemetry, *bytes.Buffer) {
	t.Helper()
	lines := new(bytes.Buffer)
	watch, err := Open(t.Context(), Config{Export: export, Service: "test"}, "p", names.ZTF, slog.New(slog.NewJSONHandler(lines, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return watch, lines
}

// exposed is the /metrics, by series.
func exposed(t *testing.T, watch *Telemetry) map[string]string {
	t.Helper()
	w := httptest.NewRecorder()
	watch.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	series := map[string]string{}
	for line := range strings.Lines(w.Body.String()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			series[name] = value
		}
	}
	return series
}

type never struct{}

func (never) Error() string   { return "never" }
func (never) Permanent() bool { return true }

func TestOutcomes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		handle  event.Handle
		outcome string
		latency string
	}{
		"done":         {func(context.Context, *event.Message) error { return nil }, "done", "1"},
		"named":        {func(ctx context.Context, _ *event.Message) error { Outcome(ctx, "duplicate"); return nil }, "duplicate", "1"},
		"may pass":     {func(ctx context.Context, _ *event.Message) error { Outcome(ctx, "stored"); return errors.New("busy") }, "again", "0"},
		"never passes": {func(context.Context, *event.Message) error { return fmt.Errorf("wrapped: %w", never{}) }, "dead_letter", "0"},
		"rejected":     {func(ctx context.Context, _ *event.Message) error { Outcome(ctx, "rejected"); return never{} }, "rejected", "0"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			watch, _ := open(t, Off)
			_ = watch.Stage("archive", "stored", "duplicate").Watch(c.handle)(t.Context(), raw(t, false))
			got := exposed(t, watch)
			const labels = `{stage="archive",stream="ztf"}`
			if n := got[`nightwire_alerts_total{outcome="`+c.outcome+`",stage="archive",stream="ztf"}`]; n != "1" {
				t.Errorf("outcome %s is counted %q times, want 1: %v", c.outcome, n, got)
			}
			if n := got["nightwire_latency_seconds_count"+labels]; n != c.latency {
				t.Errorf("latency is counted %q times, want %s", n, c.latency)
			}
			if n := got["nightwire_bytes_total"+labels]; n != "5" {
				t.Errorf("bytes are %q, want 5", n)
			}
		})
	}
}

func TestLatencyIsFromKafka(t *testing.T) {
	t.Parallel()
	marked := map[string]string{names.AttributeReplay: "true"}
	metadata := map[string]string{}
	record().Attributes(metadata)
	record().Attributes(marked)
	sent := map[string]string{}
	Carry(withWork(t, notification(t, metadata)), sent)
	cases := map[string]struct {
		message *event.Message
		counted bool
	}{
		"raw":              {raw(t, false), true},
		"notification":     {notification(t, metadata), true},
		"match":            {push(t, "{}", sent), true},
		"unknown":          {push(t, "{}", nil), false},
		"replay":           {push(t, "{}", marked), false},
		"file of a replay": {notification(t, marked), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			watch, _ := open(t, Off)
			_ = watch.Stage("rows").Watch(func(context.Context, *event.Message) error { return nil })(t.Context(), c.message)
			got := exposed(t, watch)
			const labels = `stage="rows",stream="ztf"`
			// The record is three seconds old: above 2.5, below five minutes on any machine.
			late := got["nightwire_latency_seconds_bucket{"+labels+`,le="300"}`] == "1" &&
				got["nightwire_latency_seconds_bucket{"+labels+`,le="2.5"}`] == "0"
			if late != c.counted {
				t.Errorf("a latency of 3 s is counted: %v, want %v", late, c.counted)
			}
		})
	}
}

// withWork is a context within a stage that has the message.
func withWork(t *testing.T, m *event.Message) context.Context {
	t.Helper()
	watch, _ := open(t, Off)
	w := &work{stage: watch.Stage("filter"), message: m}
	return w.begin(t.Context())
}

// TestEveryMetricIsEmitted compares what a process shows that has seen
// everything with the list of metrics, labels included.
func TestEveryMetricIsEmitted(t *testing.T) {
	t.Parallel()
	watch, _ := open(t, Off)
	stage := watch.Stage("archive")
	_ = stage.Watch(func(ctx context.Context, _ *event.Message) error {
		Matched(ctx, "rising")
		Fitted(ctx, "salt", time.Millisecond)
		Private(ctx)
		Certified(ctx, time.Now(), map[string]int{"row": 2})
		return nil
	})(t.Context(), raw(t, false))
	families, err := watch.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, f := range families {
		for _, l := range f.GetMetric()[0].GetLabel() {
			got[f.GetName()] = append(got[f.GetName()], l.GetName())
		}
	}
	want := map[string][]string{}
	for _, m := range metric.Functions() {
		want[m.Name] = m.Labels
	}
	sorted := cmp.Transformer("sorted", func(labels []string) map[string]bool {
		set := map[string]bool{}
		for _, l := range labels {
			set[l] = true
		}
		return set
	})
	if diff := cmp.Diff(want, got, sorted); diff != "" {
		t.Errorf("metrics (-listed +emitted):\n%s", diff)
	}
}

func TestCertifiedForgets(t *testing.T) {
	t.Parallel()
	watch, _ := open(t, Off)
	certify := func(missing map[string]int) map[string]string {
		_ = watch.Stage("night").Watch(func(ctx context.Context, _ *event.Message) error {
			Certified(ctx, time.Unix(1_788_000_000, 0), missing)
			return nil
		})(t.Context(), push(t, "2026-09-01", nil))
		return exposed(t, watch)
	}
	row, file := `nightwire_night_missing{cause="row",stream="ztf"}`, `nightwire_night_missing{cause="file",stream="ztf"}`
	first, second := certify(map[string]int{"row": 2}), certify(map[string]int{"file": 1})
	if first[row] != "2" || second[row] != "" || second[file] != "1" {
		t.Errorf("missing: first %q, then %q and %q; want 2, then nothing and 1", first[row], second[row], second[file])
	}
	if got := second[`nightwire_certificate_timestamp_seconds{stream="ztf"}`]; got != "1.788e+09" {
		t.Errorf("the certificate's time is %q", got)
	}
}

type box struct{ err error }

func (b box) Put(context.Context, event.Letter) error { return b.err }

func TestLettersCount(t *testing.T) {
	t.Parallel()
	watch, _ := open(t, Off)
	stage := watch.Stage("rows")
	_ = stage.Letters(box{errors.New("no route")}).Put(t.Context(), event.Letter{})
	_ = stage.Letters(box{}).Put(t.Context(), event.Letter{})
	if got := exposed(t, watch)[`nightwire_dead_letters_total{stage="rows",stream="ztf"}`]; got != "1" {
		t.Errorf("%q dead letters, want the one that was taken", got)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		config Config
		ok     bool
	}{
		"off":       {Config{Export: Off, Interval: time.Minute}, true},
		"google":    {Config{Export: Google, Interval: time.Minute}, true},
		"collector": {Config{Export: "127.0.0.1:4317", Interval: time.Minute}, true},
		"no port":   {Config{Export: "collector", Interval: time.Minute}, false},
		"too often": {Config{Export: Google, Interval: time.Second}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := c.config.Validate(); (err == nil) != c.ok {
				t.Errorf("error is %v", err)
			}
		})
	}
}
