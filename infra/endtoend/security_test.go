package endtoend

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/cluster"
	"nightwire.dev/infra/local/stack"
)

// TestKafkaSecurity passes a night through a Kafka that asks for something: the
// connector, the feeder and the certificate all have to get in.
func TestKafkaSecurity(t *testing.T) {
	t.Parallel()
	for _, security := range []stack.Security{stack.TLS, stack.SCRAM} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			c := run(t, t.TempDir(), "--synthetic", "20", "--kafka-security", string(security))
			if diff := cmp.Diff(counts{Records: 20, Stored: 20, Files: 20, Rows: 20}, countsOf(c)); diff != "" {
				t.Errorf("certificate (-want +got):\n%s", diff)
			}
		})
	}
}

// TestKafkaKeepsOthersOut has both kinds of security on a stack that stays up:
// who is told by nightwire env gets in, who lacks a part of it does not.
func TestKafkaKeepsOthersOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up := start(t, dir, "up", "--port", "0", "--kafka-security", "tls+scram")
	e := up.endpoints(t, dir)
	if out, err := nightwire(t, dir, "feed", "--synthetic", "15"); err != nil {
		t.Fatalf("feed: %v\n%s", err, out)
	}
	awaitRows(t, e, 15)
	if told := toldByEnv(t, dir); told != e.Cluster() {
		t.Errorf("nightwire env tells another Kafka than that of the stack: %s", cmp.Diff(e.Cluster(), told))
	}
	if out, err := feedAs(t, dir, toldByEnv(t, dir)); err != nil {
		t.Errorf("feed as nightwire env says: %v\n%s", err, out)
	}
	t.Run("kcat", func(t *testing.T) { //nolint:paralleltest // before the others, who are kept out
		if _, err := exec.LookPath("kcat"); err != nil {
			t.Skip("kcat is not installed: its sign-in is not tried")
		}
		k := e.Cluster()
		out, err := exec.CommandContext(t.Context(), "kcat", "-b", k.Bootstrap, "-L", "-X", "security.protocol="+k.Protocol,
			"-X", "sasl.mechanism="+k.Mechanism, "-X", "sasl.username="+k.Username, "-X", "sasl.password="+k.Password,
			"-X", "ssl.ca.location="+k.CAFile).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "broker 0 at") {
			t.Errorf("kcat -L: %v\n%s", err, out)
		}
	})
	cases := map[string]func(*cluster.Kafka){
		"in the clear":       func(k *cluster.Kafka) { *k = cluster.Kafka{Bootstrap: k.Bootstrap, Protocol: "PLAINTEXT"} },
		"without a user":     func(k *cluster.Kafka) { k.Protocol = "SSL" },
		"with no password":   func(k *cluster.Kafka) { k.Password = "guessed" },
		"without encryption": func(k *cluster.Kafka) { k.Protocol = "SASL_PLAINTEXT" },
		"trusting others":    func(k *cluster.Kafka) { k.CAFile = "" },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := e.Cluster()
			change(&k)
			if out, err := feedAs(t, dir, k); err == nil {
				t.Errorf("it was let in:\n%s", out)
			}
		})
	}
}

// toldByEnv is how a shell reaches Kafka that has taken what nightwire env says,
// after what it was told before.
func toldByEnv(t *testing.T, dir string, before ...func(*cluster.Kafka)) cluster.Kafka {
	t.Helper()
	var old cluster.Kafka
	for _, change := range before {
		change(&old)
	}
	out, err := nightwire(t, dir, "env")
	if err != nil {
		t.Fatalf("env: %v\n%s", err, out)
	}
	script := out + `printf '%s\n' "$KAFKA_BOOTSTRAP_SERVERS" "$KAFKA_SECURITY_PROTOCOL" "$KAFKA_SASL_MECHANISM" "$KAFKA_SASL_USERNAME" "$KAFKA_SASL_PASSWORD" "$KAFKA_CA_FILE"`
	shell := exec.CommandContext(t.Context(), "sh", "-c", script)
	shell.Env = append(os.Environ(), old.Environment()...)
	text, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}
	v := strings.Split(string(text), "\n")
	return cluster.Kafka{Bootstrap: v[0], Protocol: v[1], Mechanism: v[2], Username: v[3], Password: v[4], CAFile: v[5]}
}

// feedAs sends one alert to a Kafka that its flags describe.
func feedAs(t *testing.T, dir string, k cluster.Kafka) (string, error) {
	t.Helper()
	arguments := []string{"feed", "--synthetic", "1", "--kafka-bootstrap", k.Bootstrap, "--kafka-security-protocol", k.Protocol}
	for flag, value := range map[string]string{
		"--kafka-mechanism": k.Mechanism, "--kafka-username": k.Username, "--kafka-password": k.Password, "--kafka-ca-file": k.CAFile,
	} {
		if value != "" {
			arguments = append(arguments, flag, value)
		}
	}
	return nightwire(t, dir, arguments...)
}

// TestBench measures a small night, and leaves nothing behind.
func TestBench(t *testing.T) {
	t.Parallel()
	const alerts = 60
	temporary := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(programs, "nightwire"), "bench", "--alerts", strconv.Itoa(alerts), "--rate", "50", "--json")
	command.Env = append(os.Environ(), "TMPDIR="+temporary)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 30 * time.Second
	out, err := command.Output() // what it says besides goes to the other stream
	if err != nil {
		t.Fatalf("bench: %v\n%s", err, out)
	}
	var found struct {
		Records         int
		Missing         int
		AlertsPerSecond float64 `json:"alerts_per_second"`
		CPUMsPerAlert   float64 `json:"cpu_ms_per_alert"`
		Latency         []struct {
			Stage  string
			Alerts int
			P50    float64 `json:"p50_seconds"`
			P99    float64 `json:"p99_seconds"`
			Max    float64 `json:"max_seconds"`
		}
		Processes []struct {
			Name          string
			CPUMsPerAlert float64 `json:"cpu_ms_per_alert"`
			PeakMB        float64 `json:"peak_mb"`
		}
	}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if found.Records != alerts || found.Missing != 0 || found.AlertsPerSecond <= 0 || found.AlertsPerSecond > 55 {
		t.Errorf("%d alerts, %d missing, %.1f/s", found.Records, found.Missing, found.AlertsPerSecond)
	}
	var stages []string
	for _, l := range found.Latency {
		stages = append(stages, l.Stage)
		if l.Stage != "fitted" && l.Alerts != alerts || l.Alerts > 0 && (l.P50 <= 0 || l.P99 < l.P50 || l.Max < l.P99) {
			t.Errorf("latency: %+v", l)
		}
	}
	if diff := cmp.Diff([]string{"archived", "row", "evaluated", "fitted"}, stages); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	total := 0.0
	for _, p := range found.Processes {
		total += p.CPUMsPerAlert
		if p.PeakMB <= 0 {
			t.Errorf("process %+v", p)
		}
	}
	if len(found.Processes) != 7 || total != found.CPUMsPerAlert {
		t.Errorf("%d processes use %v together, not %v", len(found.Processes), total, found.CPUMsPerAlert)
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}
