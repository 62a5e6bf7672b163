package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/cluster"
)

// TestNodeClients has Google's own clients for another language publish and
// receive, upload and download, and query.
func TestNodeClients(t *testing.T) {
	t.Parallel()
	folder := nodeClients(t)
	dir := t.TempDir()
	up := start(t, dir, "up", "--port", "0")
	e := up.endpoints(t, dir)
	if out, err := nightwire(t, dir, "feed", "--synthetic", "5"); err != nil {
		t.Fatalf("feed: %v\n%s", err, out)
	}
	awaitRows(t, e, 5)
	variables, err := nightwire(t, dir, "env")
	if err != nil {
		t.Fatalf("env: %v\n%s", err, variables)
	}
	command := exec.CommandContext(t.Context(), "sh", "-c", variables+"\nexec node clients.mjs")
	command.Dir = folder
	// Without it the client for BigQuery asks the machine for its credentials first.
	command.Env = append(os.Environ(), "METADATA_SERVER_DETECTION=none")
	var out, complaints bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaints
	if err := command.Run(); err != nil {
		t.Fatalf("node: %v\n%s\n%s", err, complaints.String(), logs(dir))
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	tables := got["bigquery"].(map[string]any)
	if first, _ := tables["first"].(string); len(first) != len("3530170006015015001") {
		t.Errorf("the first candid is %q, which is none", first)
	}
	delete(tables, "first")
	want := map[string]any{
		"pubsub": map[string]any{"text": "clear skies", "band": "r", "sameId": true},
		"storage": map[string]any{
			"text": "seeing 0.8", "part": 10.0, "files": []any{"node/frame.bin 3145728", "node/note.txt 10"},
			"site": "Palomar", "again": 412.0, "exists": false,
		},
		"bigquery": map[string]any{"alerts": 5.0, "four": 4.0, "hasAlerts": true, "loaded": 5.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what Node saw (-want +got):\n%s", diff)
	}
}

// nodeClients is a folder with the clients installed.
func nodeClients(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not installed: Google's clients for Node are not tried")
	}
	folder := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "clients.mjs"} {
		text, err := os.ReadFile(filepath.Join("testdata", "node", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	command := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	command.WaitDelay = time.Second
	command.Dir = folder
	if out, err := command.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install Google's clients here, so they are not tried: %v\n%s", err, out)
	}
	return folder
}

// TestKcat has the usual tool of Kafka's users write and read.
func TestKcat(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("kcat"); err != nil {
		t.Skip("kcat is not installed: the Kafka side is not tried with it")
	}
	dir := t.TempDir()
	e := start(t, dir, "up", "--port", "0").endpoints(t, dir)
	const topic = "notes"
	kcat := func(input string, arguments ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), "kcat", append([]string{"-b", e.Kafka}, arguments...)...)
		command.Stdin = strings.NewReader(input)
		var out, complaints bytes.Buffer
		command.Stdout, command.Stderr = &out, &complaints
		if err := command.Run(); err != nil {
			t.Fatalf("kcat %v: %v\n%s", arguments, err, complaints.String())
		}
		return out.String()
	}
	// What the shell was told by a stack that wanted a password is forgotten.
	stale := func(k *cluster.Kafka) { k.Password, k.Mechanism, k.CAFile = "old", "SCRAM-SHA-512", "/gone.pem" }
	if told := toldByEnv(t, dir, stale); told != e.Cluster() {
		t.Errorf("nightwire env leaves of another stack: %s", cmp.Diff(e.Cluster(), told))
	}
	kcat("one\ntwo\nthree\n", "-P", "-t", topic, "-p", "1")
	if got, want := kcat("", "-C", "-t", topic, "-p", "1", "-o", "1", "-e", "-f", "%o %s\n"), "1 two\n2 three\n"; got != want {
		t.Errorf("kcat reads %q, want %q", got, want)
	}
	if metadata := kcat("", "-L", "-t", topic); !strings.Contains(metadata, `topic "notes" with 4 partitions`) {
		t.Errorf("kcat does not see the topic:\n%s", metadata)
	}
}
