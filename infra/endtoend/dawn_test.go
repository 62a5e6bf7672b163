package endtoend

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/shared/certificate"
)

// closed is the night of these tests.
const closed = "2026-09-01"

// TestDawn closes a night of a running stack: a clean one, one whose bucket
// told nobody of its new files, one out of which a file was taken, and one that
// nobody told of.
func TestDawn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up := start(t, dir, "up", "--port", "0")
	e := up.endpoints(t, dir)
	archive, closeArchive, err := e.Bucket(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closeArchive() })

	feed(t, dir, "--synthetic", "20", "--night", closed)
	awaitRows(t, e, 20)
	awaitLedger(t, e, 20)
	c := dawn(t, dir, true, closed)
	if diff := cmp.Diff(counts{Records: 20, Stored: 20, Files: 20, Rows: 20}, countsOf(c)); diff != "" || c.Evaluated != 20 {
		t.Errorf("a clean night, %d evaluated (-want +got):\n%s", c.Evaluated, diff)
	}

	// Files of which the bucket tells nobody.
	notifications, err := archive.Notifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for id := range notifications {
		if err := archive.DeleteNotification(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	feed(t, dir, "--synthetic", "35", "--night", closed)
	awaitLedger(t, e, 55)
	c = dawn(t, dir, true, closed)
	if diff := cmp.Diff(counts{Records: 55, Stored: c.Stored, Duplicates: 55 - c.Stored - c.Conflicts, Conflicts: c.Conflicts, Files: c.Stored + c.Conflicts, Rows: c.Files}, countsOf(c)); diff != "" {
		t.Errorf("after the repair (-want +got):\n%s", diff)
	}
	if fresh := c.Files - 20; c.Repair.Sent != fresh || c.Repaired() != 2*fresh || fresh < 15 {
		t.Errorf("%d files that nobody was told of; %d sent again, %d repaired", fresh, c.Repair.Sent, c.Repaired())
	}

	// A file that is gone, and the command that the certificate gives for it.
	lost := deleteFirst(t, archive)
	out, err := nightwire(t, dir, "dawn", closed)
	if err == nil || !strings.Contains(out, "missing: "+lost) {
		t.Fatalf("a file is gone: %v\n%s", err, out)
	}
	c = readSaved(t, dir, closed)
	commands := c.Commands(c.Lost(certificate.NoFile))
	if c.State != certificate.Missing || c.Missing != 1 || len(commands) != 1 {
		t.Fatalf("a file is gone: %s, %d missing, commands %q", c.State, c.Missing, commands)
	}
	notification := &storage.Notification{
		TopicProjectID: stack.Project, TopicID: e.Resources().ArchivedTopic(),
		EventTypes: []string{storage.ObjectFinalizeEvent}, PayloadFormat: storage.JSONPayload,
	}
	if _, err := archive.AddNotification(t.Context(), notification); err != nil {
		t.Fatal(err)
	}
	if out, err := nightwire(t, dir, strings.Fields(commands[0])[1:]...); err != nil {
		t.Fatalf("%s: %v\n%s", commands[0], err, out)
	}
	dawn(t, dir, true, closed)

	// A night that was over before anybody reported.
	if c := dawn(t, dir, false, "2019-01-01"); c.State != certificate.Unproven {
		// A connector lives, and knows of no topic of that night: Kafka may have had one.
		t.Errorf("a night at which nobody looked: %s %q", c.State, c.Doubts)
	}
	// The row follows the certificate.
	awaitAnswer(t, e, "SELECT state, COUNT(*) FROM nights GROUP BY state ORDER BY state", [][]any{
		{"clean", int64(3)}, {"missing", int64(1)}, {"unproven", int64(1)},
	})
	awaitAnswer(t, e, "SELECT CAST(night AS STRING), state FROM certificates ORDER BY night", [][]any{
		{"2019-01-01", "unproven"}, {"2026-09-01", "clean"},
	})
}

func feed(t *testing.T, dir string, arguments ...string) {
	t.Helper()
	if out, err := nightwire(t, dir, append([]string{"feed"}, arguments...)...); err != nil {
		t.Fatalf("feed: %v\n%s", err, out)
	}
}

// dawn closes a night and reads its certificate.
func dawn(t *testing.T, dir string, clean bool, night string) *certificate.Certificate {
	t.Helper()
	out, err := nightwire(t, dir, "dawn", night)
	if clean && err != nil {
		t.Fatalf("nightwire dawn: %v\n%s\n%s", err, out, logs(dir))
	}
	return readSaved(t, dir, night)
}

func readSaved(t *testing.T, dir, night string) *certificate.Certificate {
	t.Helper()
	path := filepath.Join(dir, "certificates", "ztf", night)
	text, err := os.ReadFile(path + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if page, err := os.ReadFile(path + ".html"); err != nil || !strings.Contains(string(page), "Certificate of night "+night) {
		t.Errorf("the page: %v", err)
	}
	c := new(certificate.Certificate)
	if err := json.Unmarshal(text, c); err != nil {
		t.Fatal(err)
	}
	return c
}

// deleteFirst deletes a file of a running stack.
func deleteFirst(t *testing.T, archive *storage.BucketHandle) string {
	t.Helper()
	o, err := archive.Objects(t.Context(), nil).Next()
	if err != nil {
		t.Fatal(err)
	}
	if err := archive.Object(o.Name).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o.Name
}

// awaitLedger waits until the ledger has so many records.
func awaitLedger(t *testing.T, e stack.Endpoints, want int64) {
	t.Helper()
	await(t, func() bool {
		rows := ask(t, e, "SELECT COUNT(*) FROM records")
		n, _ := rows[0][0].(int64)
		return n >= want
	})
}
