package endtoend

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/local/stack"
)

// replayed is the size of the night that is replayed.
const replayed = 1200

// TestReplay kills a replay of a night in the middle and repeats it: the end is
// that of the night itself, and no reader of a filter has heard of it.
func TestReplay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up := start(t, dir, "up", "--port", "0")
	e := up.endpoints(t, dir)
	const night = "2026-09-01"
	if out, err := nightwire(t, dir, "feed", "--synthetic", strconv.Itoa(replayed), "--night", night); err != nil {
		t.Fatalf("feed: %v\n%s", err, out)
	}
	awaitRows(t, e, replayed)
	awaitLedger(t, e, replayed)
	awaitNumber(t, e, `SELECT COUNT(*) FROM evaluated`, replayed)
	contents := []string{
		`SELECT candid, objectId, night, nightwire.sha256 FROM alerts ORDER BY candid`,
		`SELECT outcome, kafka.topic, kafka.partition, kafka.offset FROM records ORDER BY kafka.topic, kafka.partition, kafka.offset`,
		`SELECT candid, filter, version, replay FROM matches ORDER BY candid, filter`,
	}
	before := answers(t, e, contents)
	everything := e.Resources().Topic("everything")
	heard := tapTopics(t, e, everything)

	const seen = `SELECT COUNT(DISTINCT object) FROM evaluations WHERE replay`
	first := start(t, dir, "replay", "--night", night)
	awaitNumber(t, e, seen, 1)
	_ = first.command.Process.Kill() // it may just have ended by itself
	_ = first.command.Wait()
	out, err := nightwire(t, dir, "replay", "--night", night)
	if err != nil || !strings.Contains(out, "sent "+strconv.Itoa(replayed)) {
		t.Fatalf("replay: %v\n%s", err, out)
	}
	awaitNumber(t, e, seen, replayed)
	if out, err := nightwire(t, dir, "replay", "--kafka", "ztf_20260901_programid1", "--partition", "0", "--from", "5", "--to", "15"); err != nil || !strings.Contains(out, "sent 10") {
		t.Errorf("replay of Kafka: %v\n%s", err, out)
	}
	if diff := cmp.Diff(before, answers(t, e, contents)); diff != "" {
		t.Errorf("tables (-before the replay +after):\n%s", diff)
	}
	if n := len(heard()[everything]); n != 0 {
		t.Errorf("the readers of a filter heard of %d alerts again", n)
	}
}

// TestDeadLetters replays what is no alert, and follows its letter.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	dir, folder := t.TempDir(), t.TempDir()
	start(t, dir, "up", "--port", "0").endpoints(t, dir)
	if err := os.WriteFile(filepath.Join(folder, "broken.avro"), []byte("Obj\x01 and no more"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := func(want string, arguments ...string) {
		t.Helper()
		var out string
		await(t, func() bool {
			var err error
			if out, err = nightwire(t, dir, arguments...); err != nil {
				t.Fatalf("%v: %v\n%s", arguments, err, out)
			}
			return strings.Contains(out, want)
		})
	}
	command("sent 1", "replay", folder)
	command("1 of 1 letters", "deadletter", "list")
	command("sent 1 to ztf-alerts-raw", "deadletter", "redrive", "--reason", "decode")
	command("1 of 1 letters", "deadletter", "list", "--function", "archive") // it failed again
	command("wrote 1 letters of 1", "deadletter", "export", filepath.Join(folder, "letters"), "--remove")
	command("there are no dead letters", "deadletter", "list")
	files, err := filepath.Glob(filepath.Join(folder, "letters", "*.bin"))
	if err != nil || len(files) != 1 {
		t.Fatalf("exported %v, %v", files, err)
	}
	if content, err := os.ReadFile(files[0]); err != nil || string(content) != "Obj\x01 and no more" {
		t.Errorf("exported %q, %v", content, err)
	}
}

// awaitNumber waits until a question's one number is at least what is wanted.
func awaitNumber(t *testing.T, e stack.Endpoints, question string, want int64) {
	t.Helper()
	await(t, func() bool {
		rows := answers(t, e, []string{question})[0]
		n, _ := rows[0][0].(int64)
		return n >= want
	})
}

// answers asks a stack that runs.
func answers(t *testing.T, e stack.Endpoints, questions []string) [][][]any {
	t.Helper()
	w, err := e.Warehouse(t.Context(), discard)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var all [][][]any
	for _, question := range questions {
		result, err := w.Query(t.Context(), question, nil)
		if err != nil {
			t.Fatal(err)
		}
		var rows [][]any
		for row, err := range result.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, row)
		}
		all = append(all, rows)
	}
	return all
}
