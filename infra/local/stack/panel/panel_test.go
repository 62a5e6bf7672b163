package panel

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"nightwire.dev/infra/local/pubsub"
	"nightwire.dev/shared/names"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// A worker that a library of Google's starts for ever when it is loaded.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		// Connections that the panel keeps open between its looks.
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// functionsMetrics is the /metrics of functions that have dealt with n alerts.
const functionsMetrics = `# TYPE nightwire_alerts_total counter
nightwire_alerts_total{outcome="stored",stage="archive",stream="ztf"} $n
nightwire_alerts_total{outcome="conflict",stage="archive",stream="ztf"} 2
nightwire_alerts_total{outcome="done",stage="rows",stream="ztf"} $n
nightwire_alerts_total{outcome="again",stage="rows",stream="ztf"} 0
# TYPE nightwire_matches_total counter
nightwire_matches_total{filter="rising",stream="ztf"} 7
# TYPE nightwire_private_alerts_total counter
nightwire_private_alerts_total{stream="ztf"} 0
# TYPE nightwire_latency_seconds histogram
nightwire_latency_seconds_bucket{stage="rows",stream="ztf",le="1"} 50
nightwire_latency_seconds_bucket{stage="rows",stream="ztf",le="2"} 100
nightwire_latency_seconds_bucket{stage="rows",stream="ztf",le="+Inf"} 100
nightwire_latency_seconds_sum{stage="rows",stream="ztf"} 100
nightwire_latency_seconds_count{stage="rows",stream="ztf"} 100
# TYPE go_goroutines gauge
go_goroutines 12
`

const connectorMetrics = `# TYPE nightwire_connector_published_records_total counter
nightwire_connector_published_records_total{stream="ztf"} 12345
# TYPE nightwire_connector_lag_records gauge
nightwire_connector_lag_records{partition="0",stream="ztf",topic="t"} 3
nightwire_connector_lag_records{partition="1",stream="ztf",topic="t"} 4
# TYPE nightwire_connector_ready gauge
nightwire_connector_ready{stream="ztf"} 1
`

// stand is a panel over processes that tell what the test says.
type stand struct {
	panel  *Panel
	alerts atomic.Int64
	logs   string
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{logs: t.TempDir()}
	serve := func(text func() string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text()) }))
		t.Cleanup(server.Close)
		return server.URL
	}
	r := names.Resources{Project: "p", Stream: names.ZTF}
	s.panel = New(Options{
		Resources: r, Dir: "state", Logs: s.logs,
		Scrape: map[string]string{
			"functions": serve(func() string {
				return strings.ReplaceAll(functionsMetrics, "$n", strconv.FormatInt(s.alerts.Load(), 10))
			}),
			"connector": serve(func() string { return connectorMetrics }),
		},
		Functions: []Function{
			{"archive", r.RawTopic()}, {"rows", r.ArchivedTopic()}, {"filter", r.ArchivedTopic()},
			{"supernova", r.Topic("extragalactic")}, {"night", r.DawnTopic()},
		},
		Backlog: func(context.Context) ([]pubsub.Backlog, error) {
			return []pubsub.Backlog{
				{Subscription: "projects/p/subscriptions/" + r.Subscription(r.ArchivedTopic(), "rows"), Undelivered: 5, OldestAge: 3 * time.Second},
				{Subscription: "projects/p/subscriptions/" + r.DeadLetterTopic(), Undelivered: 4},
			}, nil
		},
		Pending:   func(context.Context) (int, error) { return 0, errors.New("no answer") },
		Processes: func() []Process { return []Process{{Name: "kafka", CPU: time.Second, Resident: 87 << 20, Restarts: 1}} },
	})
	return s
}

func (s *stand) get(t *testing.T, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.panel.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d: %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

func contains(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in:\n%s", want, text)
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.alerts.Store(100)
	text := s.get(t, "/metrics")
	contains(t, text,
		`nightwire_alerts_total{outcome="stored",stage="archive",stream="ztf"} 100`,
		`nightwire_connector_published_records_total{stream="ztf"} 12345`,
		`nightwire_subscription_messages{subscription="ztf-archived-rows"} 5`,
		`nightwire_subscription_oldest_seconds{subscription="ztf-archived-rows"} 3`,
		`nightwire_process_restarts_total{process="kafka"} 1`,
	)
	for _, unwanted := range []string{"go_goroutines", "nightwire_notifications_waiting "} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%q is shown, which all processes have or nobody can tell", unwanted)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.log(t, "functions", `{"time":"2026-09-01T05:00:00Z","severity":"ERROR","message":"event cannot be processed","error":"decode: <b>","function":"rows","candid":"17"}`)
	began := time.Now()
	s.alerts.Store(1000)
	s.panel.look(began)
	s.alerts.Store(1200)
	s.panel.look(began.Add(10 * time.Second))
	contains(t, s.get(t, "/"),
		`id="stage-rows"`, "<span>1\u2009200</span><small>20/s</small>", "5 waiting, the oldest for 3.0 s",
		"1.0 s median, 1.9 s 95 %", "7 in Kafka", "→ rising", "4 dead letters wait", "87 MB",
		"functions/rows", "event cannot be processed: decode: &lt;b&gt;", "candid 17",
		`<section class="card bad" id="stage-archive">`, "polyline points=",
	)
}

// TestSilence shows what does not answer beside what does.
func TestSilence(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.panel.options.Scrape["connector"] = "http://127.0.0.1:1/metrics"
	s.panel = New(s.panel.options)
	contains(t, s.get(t, "/"), "connector does not answer", `id="stage-rows"`)
	contains(t, s.get(t, "/metrics"), "nightwire_alerts_total")
}

func (s *stand) log(t *testing.T, process string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.logs, process+".log"), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTroubles(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	const again = `","severity":"WARNING","message":"event will be sent again","function":"rows","error":"busy"}`
	s.log(t, "functions", "not JSON",
		`{"time":"2026-09-01T05:00:01Z`+again, `{"time":"2026-09-01T05:00:02Z`+again,
		`{"time":"2026-09-01T05:00:03Z","severity":"INFO","message":"resumed"}`)
	s.log(t, "storage", strings.Repeat("x", tail), // a line that begins before the end that is read
		`{"time":"2026-09-01T05:00:04Z","severity":"ERROR","message":"no route"}`)
	var got []string
	for _, line := range troubles(s.logs) {
		got = append(got, line.Process+": "+line.Message+" ×"+number(float64(line.Times)))
	}
	if diff := cmp.Diff([]string{"storage: no route ×1", "functions: event will be sent again ×2"}, got); diff != "" {
		t.Errorf("troubles (-want +got):\n%s", diff)
	}
	if got := troubles(filepath.Join(s.logs, "nowhere")); len(got) != 0 {
		t.Errorf("troubles of no logs: %v", got)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	cases := map[string]struct {
		q              float64
		bounds, counts []float64
		want           float64
	}{
		"in the first bucket": {0.25, []float64{1, 2, inf}, []float64{10, 20, 20}, 0.5},
		"at a bound":          {0.5, []float64{1, 2, inf}, []float64{10, 20, 20}, 1},
		"within a bucket":     {0.75, []float64{1, 2, inf}, []float64{10, 20, 20}, 1.5},
		"beyond the last":     {0.9, []float64{1, 2, inf}, []float64{0, 0, 5}, 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := quantile(c.q, c.bounds, c.counts); math.Abs(got-c.want) > 1e-12 {
				t.Errorf("got %g, want %g", got, c.want)
			}
		})
	}
	if got := quantile(0.5, nil, nil); !math.IsNaN(got) {
		t.Errorf("of nothing: %g", got)
	}
}
