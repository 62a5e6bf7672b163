package endtoend

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/source"
)

// TestRefuses checks that what cannot work says so in one sentence.
func TestRefuses(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	text := filepath.Join(empty, "notes.txt")
	if err := os.WriteFile(text, []byte("no alert"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	port := taken.Addr().(*net.TCPAddr).Port
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"folder without Avro":  {[]string{"run", empty}, "holds no .avro file"},
		"no such folder":       {[]string{"run", filepath.Join(empty, "nowhere")}, "no such file or directory"},
		"neither Avro nor tar": {[]string{"run", text}, "none of a folder, an .avro file, a .tar, a .tar.gz"},
		"port taken":           {[]string{"run", "--synthetic", "1", "--port", strconv.Itoa(port)}, fmt.Sprintf("port %d is taken by another program", port)},
		"port out of range":    {[]string{"run", "--port", "80"}, "--port 80: want 1024 to"},
		"two rhythms":          {[]string{"run", "--rate", "1", "--visit", "10"}, "two rhythms"},
		"night":                {[]string{"run", "--night", "tomorrow"}, "want YYYY-MM-DD"},
		"feed without a stack": {[]string{"feed"}, "no stack runs here"},
		"query without tables": {[]string{"query", "SELECT 1"}, "make some with nightwire run"},
		"query that changes":   {[]string{"query", "DROP TABLE ledger"}, "want SELECT or WITH"},
		"night of LSST":        {[]string{"run", "--stream", "lsst"}, "there are synthetic nights of ztf only"},
		"status of nothing":    {[]string{"status"}, "no stack runs in"},
		"env of nothing":       {[]string{"env"}, "start one in another terminal with nightwire up"},
		"down of nothing":      {[]string{"down"}, "no stack runs in"},
		"logs of nothing":      {[]string{"logs"}, "there are no logs in"},
		"dawn of no night":     {[]string{"dawn", "tomorrow"}, `night "tomorrow": want YYYY-MM-DD`},
		"dawn without a stack": {[]string{"dawn", "2026-09-01"}, "no stack runs here"},
		"topic of nobody":      {[]string{"run", "--topic", "my_alerts"}, "the connector of stream ztf does not read it"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := nightwire(t, t.TempDir(), c.arguments...)
			if err == nil {
				t.Fatalf("it succeeded:\n%s", out)
			}
			lines := strings.Split(strings.TrimSpace(out), "\n")
			last := lines[len(lines)-1]
			if !strings.HasPrefix(last, "nightwire: ") || !strings.Contains(last, c.want) {
				t.Errorf("it said %q, want %q in it", last, c.want)
			}
		})
	}
}

// TestHelp checks that each command explains itself.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"run", "up", "feed", "dawn", "query"} {
		out, err := nightwire(t, t.TempDir(), command, "--help")
		if err != nil || !strings.Contains(out, "Usage: nightwire "+command) {
			t.Errorf("%s --help: %v\n%s", command, err, out)
		}
	}
}

// TestTarball runs a night out of a tarball in which there is also what is no
// alert.
func TestTarball(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "night.tar.gz")
	writeTarball(t, path, 20)
	want := counts{Records: 21, Stored: 20, Rejected: 1, Files: 20, Rows: 20}
	if diff := cmp.Diff(want, countsOf(run(t, t.TempDir(), path))); diff != "" {
		t.Errorf("certificate (-want +got):\n%s", diff)
	}
}

// writeTarball packs synthetic alerts, one broken packet and a text.
func writeTarball(t *testing.T, path string, alerts int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	archive := tar.NewWriter(z)
	add := func(name string, content []byte) {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	night, err := source.Synthetic(11, time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC), alerts)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for packet, err := range night.Packets {
		if err != nil {
			t.Fatal(err)
		}
		add(fmt.Sprintf("night/%d.avro", n), packet.Bytes)
		n++
	}
	add("night/broken.avro", []byte("Obj\x01 and no more"))
	add("night/README", []byte("not an alert"))
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestUp keeps a stack up, feeds it, asks it, and ends it as Ctrl-C does.
func TestUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up := start(t, dir, "up", "--port", "0")
	e := up.endpoints(t, dir)
	if out, err := nightwire(t, dir, "up", "--port", "0"); err == nil || !strings.Contains(out, "another stack uses the folder") {
		t.Errorf("a second stack on the same folder: %v\n%s", err, out)
	}
	if out, err := nightwire(t, dir, "feed", "--synthetic", "40", "--visit", "20", "--every", "100ms"); err != nil || !strings.Contains(out, "sent 40 alerts") {
		t.Fatalf("feed: %v\n%s", err, out)
	}
	awaitRows(t, e, 40)
	awaitLedger(t, e, 40)
	out, err := nightwire(t, dir, "query", "SELECT COUNT(DISTINCT candid) AS alerts FROM alerts")
	if err != nil || strings.Join(strings.Fields(out), " ") != "alerts 40" {
		t.Errorf("query: %v\n%s", err, out)
	}
	out, err = nightwire(t, dir, "query", "SELECT outcome, COUNT(*) AS n FROM records GROUP BY outcome")
	if err != nil || strings.Join(strings.Fields(out), " ") != "outcome n stored 40" {
		t.Errorf("query: %v\n%s", err, out)
	}
	says := func(want string, arguments ...string) {
		t.Helper()
		if out, err := nightwire(t, dir, arguments...); err != nil || !strings.Contains(out, want) {
			t.Errorf("%v: %v, want %q in\n%s", arguments, err, want, out)
		}
	}
	says("export PUBSUB_EMULATOR_HOST='"+e.PubSub+"'\n", "env")
	await(t, func() bool { // the connector commits twice a second
		out, err := nightwire(t, dir, "status")
		return err == nil && strings.Contains(out, "waiting: 0 in Kafka, 0 notifications")
	})
	says(`"name":"functions","address":"`+e.Functions+`","answers":true`, "status", "--json")
	says("connector  {", "logs", "connector", "-n", "1")
	if out, err := nightwire(t, dir, "reset", "--yes"); err == nil || !strings.Contains(out, "another stack uses the folder") {
		t.Errorf("reset of a stack that runs: %v\n%s", err, out)
	}
	says("stopped", "down")
	if err := up.command.Wait(); err != nil {
		t.Errorf("up ended with %v", err)
	}
	if _, running := stack.Running(dir); running {
		t.Error("something still runs")
	}
	if out, err := nightwire(t, dir, "reset"); err == nil || !strings.Contains(out, "say --yes") {
		t.Errorf("reset without a yes: %v\n%s", err, out)
	}
	says("forgot", "reset", "--yes")
	if _, err := os.Stat(filepath.Join(dir, "storage")); !os.IsNotExist(err) {
		t.Errorf("the files are still there: %v", err)
	}
}

// TestCtrlC ends a stack from its own terminal.
func TestCtrlC(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up := start(t, dir, "up", "--port", "0")
	up.endpoints(t, dir)
	if err := up.command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := up.command.Wait(); err != nil {
		t.Errorf("up ended with %v", err)
	}
	if _, running := stack.Running(dir); running {
		t.Error("something still runs")
	}
}
