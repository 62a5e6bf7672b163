package main

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"nightwire.dev/shared/config"
	"nightwire.dev/shared/watermark"
)

// asConnector makes the test binary be the connector, so that a test can kill
// a real process.
const asConnector = "NIGHTWIRE_TEST_AS_CONNECTOR"

func TestMain(m *testing.M) {
	if _, ok := config.Lookup(asConnector); ok {
		main()
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

const night = "ztf_20260101_programid1"

func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	const records = 600
	cluster := newKafka(t, records, 20_000)
	to := newSink(t, 0)
	for limit := 100; limit <= 300; limit += 200 {
		to.raise(limit)
		c := startConnector(t, cluster, to)
		to.await(limit)
		// Records are in flight: read, and not confirmed.
		c.kill(t)
	}
	to.raise(1 << 30)
	c := startConnector(t, cluster, to)
	to.await(records)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+c.address+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %s, %v", response.Status, err)
	}
	c.terminate(t)
	commits := cluster.GroupInfo("nightwire-ztf").Commits[night]
	if commits[0].Offset != records/2 || commits[1].Offset != records/2 {
		t.Errorf("committed %v, want %d each", commits, records/2)
	}
	compareReports(t, to.reports, records/2)
}

// TestFencedProcessEnds has another process take the connector's fixed place in
// the group. Kafka's client is of no use after that, and cannot be closed: the
// process says so and ends, and the next one goes on.
func TestFencedProcessEnds(t *testing.T) {
	t.Parallel()
	const records = 40
	cluster := newKafka(t, records, 1000)
	to := newSink(t, 1<<30)
	fenced := startConnector(t, cluster, to, "group.instance.id=one")
	to.await(records)
	other, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...),
		kgo.ConsumerGroup("nightwire-ztf"), kgo.InstanceID("one"), kgo.ConsumeTopics(night))
	if err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := fenced.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("the fenced process: %v, want exit status 1", err)
	}
	if log := fenced.log.String(); !strings.Contains(log, "fenced by other consumer with same group.instance.id") {
		t.Error("it does not say why")
	}
	other.Close()

	next := startConnector(t, cluster, to, "group.instance.id=one")
	produce(t, cluster, records, 1000)
	to.await(2 * records)
	next.terminate(t)
}

// compareReports wants the reports of all lives to tell of two whole partitions:
// what one that was killed left out, a later one says.
func compareReports(t *testing.T, reports []watermark.Report, records int64) {
	t.Helper()
	type reach struct{ Low, Last, High, Confirmed int64 }
	got := map[int64]reach{}
	processes := map[string]bool{}
	for _, r := range reports {
		processes[r.Connector] = true
		for _, p := range r.Partitions {
			c, ok := got[p.Partition]
			if !ok {
				c.Low = p.Low
			}
			if p.Last != nil {
				c.Last = max(c.Last, *p.Last)
			}
			got[p.Partition] = reach{min(c.Low, p.Low), c.Last, max(c.High, p.High), max(c.Confirmed, p.Confirmed)}
		}
	}
	all := reach{0, records - 1, records, records}
	if diff := cmp.Diff(map[int64]reach{0: all, 1: all}, got); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	if len(processes) < 2 || !reports[len(reports)-1].Drained {
		t.Errorf("reports of %d processes, the last one drained: %v", len(processes), reports[len(reports)-1].Drained)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/connector.yaml"
	text := "project: p\nstreams:\n  - stream: ztf\n    kafka:\n      bootstrap_servers: h:1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		arguments []string
		prints    string
		fails     string
	}{
		{"help", []string{"--help"}, "nightwire-connector [--check] --config FILE", ""},
		{"help on the flags", []string{"--help"}, "\nFlags:\n  --config FILE ", ""},
		{"help on the settings", []string{"--help"}, "\nSettings:\n  GOOGLE_CLOUD_PROJECT\n", ""},
		{"check", []string{"--check", "--config", file}, "group_id: nightwire-ztf", ""},
		{"no such file", []string{"--config", file + "x"}, "", "no such file"},
		{"unknown flag", []string{"--verbose"}, "", "see nightwire-connector --help"},
		{"unexpected argument", []string{"run"}, "", `"run"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := run(t.Context(), test.arguments, &out, &out)
			if !strings.Contains(out.String(), test.prints) {
				t.Errorf("printed %q, want %q in it", &out, test.prints)
			}
			if (err == nil) != (test.fails == "") || (err != nil && !strings.Contains(err.Error(), test.fails)) {
				t.Errorf("error %v, want %q", err, test.fails)
			}
		})
	}
}

// BenchmarkConnector runs the whole process over records of a ZTF packet's
// size. cpu-ms/record is the connector's own, without Kafka's and Pub/Sub's.
func BenchmarkConnector(b *testing.B) {
	const records, size = 4000, 71_000
	for range b.N {
		b.StopTimer()
		cluster := newKafka(b, records, size)
		to := newSink(b, 1<<30)
		b.StartTimer()
		begin := time.Now()
		c := startConnector(b, cluster, to)
		to.await(records)
		elapsed := time.Since(begin)
		peak := c.peakMiB(b)
		c.terminate(b)
		used := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		b.ReportMetric(records/elapsed.Seconds(), "records/s")
		b.ReportMetric(used.Seconds()*1000/records, "cpu-ms/record")
		b.ReportMetric(peak, "peak-MiB")
	}
}
