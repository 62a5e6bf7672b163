package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/functions/archive"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/ledger"
	"nightwire.dev/shared/logging"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/survey"
	"nightwire.dev/shared/warehouse"
)

// book keeps the rows that it is given; err, once, refuses the next.
type book struct {
	rows []warehouse.Values
	err  error
}

func (l *book) Append(_ context.Context, row warehouse.Row) error {
	if err := l.err; err != nil {
		l.err = nil
		return err
	}
	l.rows = append(l.rows, row.Values)
	return nil
}

// bench is an archive on a fake of Cloud Storage.
type bench struct {
	archive *archive.Archive
	ledger  *book
	server  *fakestorage.Server
}

const bucket = "p-ztf-alerts"

func newBench(t *testing.T) *bench {
	t.Helper()
	server := fakestorage.NewServer(nil)
	t.Cleanup(server.Stop)
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: bucket})
	b := &bench{ledger: &book{}, server: server}
	b.archive = &archive.Archive{
		Stream: names.ZTF, Decoder: &packet.Decoder{}, Ledger: b.ledger, Log: slog.New(slog.DiscardHandler),
		Vault: &archive.Vault{Bucket: server.Client().Bucket(bucket)},
	}
	return b
}

// send passes a packet that Kafka has at an offset, and returns the ledger's
// newest row.
func (b *bench) send(t *testing.T, data []byte, offset int64) (warehouse.Values, error) {
	t.Helper()
	return b.sendMarked(t, data, offset, map[string]string{})
}

// sendMarked passes a packet with attributes besides its coordinates.
func (b *bench) sendMarked(t *testing.T, data []byte, offset int64, attributes map[string]string) (warehouse.Values, error) {
	t.Helper()
	attributes["stream"] = "ztf"
	at := time.Date(2026, 9, 1, 5, 0, 0, 0, time.UTC)
	origin.Origin{Topic: "ztf_20260901_programid1", Offset: offset, Timestamp: at}.Attributes(attributes)
	before := len(b.ledger.rows)
	err := b.archive.Handle(t.Context(), &event.Message{ID: "1", Data: data, Attributes: attributes})
	if len(b.ledger.rows) == before {
		return nil, err
	}
	return b.ledger.rows[before], err
}

func (b *bench) objects(t *testing.T) []string {
	t.Helper()
	list, err := b.server.ListObjectsWithOptionsPaginated(bucket, fakestorage.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, o := range list.Objects {
		found = append(found, o.Name)
	}
	slices.Sort(found)
	return found
}

// makePacket makes a synthetic alert; change may alter the record before it is
// encoded.
func makePacket(t *testing.T, change func(record map[string]any)) []byte {
	t.Helper()
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 3})
	if err != nil {
		t.Fatal(err)
	}
	record := night.Alert(0)
	if change != nil {
		change(record)
	}
	b, err := night.Encode(record)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func setProgram(program int32) func(map[string]any) {
	return func(record map[string]any) {
		candidate, _ := record["candidate"].(map[string]any)
		candidate["programid"] = program
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := makePacket(t, nil)
	other := makePacket(t, func(record map[string]any) { record["publisher"] = "another" })
	steps := []struct {
		name    string
		data    []byte
		offset  int64
		want    ledger.Outcome
		objects int
	}{
		{"a new alert", first, 0, ledger.Stored, 1},
		{"the same Kafka record, delivered again", first, 0, ledger.Stored, 1},
		{"the same alert in another Kafka record", first, 1, ledger.Duplicate, 1},
		{"the same identity with other bytes", other, 2, ledger.Conflict, 2},
		{"that record, delivered again", other, 2, ledger.Conflict, 2},
		{"those bytes in another Kafka record", other, 3, ledger.Duplicate, 2},
	}
	for _, s := range steps {
		row, err := b.send(t, s.data, s.offset)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if row["outcome"] != string(s.want) {
			t.Errorf("%s: outcome %v, want %s", s.name, row["outcome"], s.want)
		}
		if got := b.objects(t); len(got) != s.objects {
			t.Errorf("%s: objects %q, want %d", s.name, got, s.objects)
		}
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	data := makePacket(t, nil)
	row, err := b.send(t, data, 41)
	if err != nil {
		t.Fatal(err)
	}
	name, _ := row["object"].(string)
	if !strings.HasPrefix(name, "v4.02/night=2026-09-01/ZTF") || !strings.HasSuffix(name, ".avro") {
		t.Errorf("object is %q", name)
	}
	object, err := b.server.GetObject(bucket, name)
	if err != nil {
		t.Fatal(err)
	}
	if string(object.Content) != string(data) {
		t.Error("the file is not what was sent")
	}
	for _, key := range []string{"objectId", "candid", "ra", "dec", "mjd", "schema", "sha256", "kafka.topic", "kafka.partition", "kafka.timestamp"} {
		if object.Metadata[key] == "" {
			t.Errorf("the object's metadata has no %s", key)
		}
	}
	if got := object.Metadata["kafka.offset"]; got != "41" {
		t.Errorf("kafka.offset is %q", got)
	}
	want := warehouse.Values{"outcome": "stored", "night": "2026-09-01", "bytes": int64(len(data)), "sha256": object.Metadata["sha256"]}
	for column, value := range want {
		if diff := cmp.Diff(value, row[column]); diff != "" {
			t.Errorf("ledger's %s: %s", column, diff)
		}
	}
}

// TestReplay hands the mark of a raw message that was sent again on to the file
// that is made of it, and changes no file that is there.
func TestReplay(t *testing.T) {
	t.Parallel()
	data := makePacket(t, nil)
	mark := map[string]string{names.AttributeReplay: "true", names.AttributeNotify: "orphan"}
	cases := map[string]struct {
		live bool // the survey's own record came first
		want map[string]string
	}{
		"of an alert that is new": {false, mark},
		"of one that is there":    {true, map[string]string{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if c.live {
				if _, err := b.send(t, data, 41); err != nil {
					t.Fatal(err)
				}
			}
			row, err := b.sendMarked(t, data, 41, maps.Clone(mark))
			if err != nil || row["outcome"] != "stored" {
				t.Fatalf("row %v, error %v", row, err)
			}
			name, _ := row["object"].(string)
			object, err := b.server.GetObject(bucket, name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, event.ReplayMark(object.Metadata)); diff != "" {
				t.Errorf("the file's mark (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRejected(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		data   []byte
		reason string
	}{
		"private alert":        {makePacket(t, setProgram(3)), "programid 3 does not belong on stream ztf"},
		"not an alert":         {[]byte("hello"), "first byte is 0x68"},
		"nothing":              {nil, "the packet is empty"},
		"an escaping objectId": {makePacket(t, func(r map[string]any) { r["objectId"] = "../../a" }), "not a plain name"},
		"no candid":            {makePacket(t, func(r map[string]any) { r["candid"] = int64(0) }), "not positive"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			row, err := b.send(t, c.data, 7)
			if !event.IsPermanent(err) || !strings.Contains(err.Error(), c.reason) {
				t.Fatalf("error is %v, want a permanent one that says %q", err, c.reason)
			}
			reason, _ := row["reason"].(string)
			if row["outcome"] != "rejected" || row["night"] != "2026-09-01" || !strings.Contains(reason, c.reason) {
				t.Errorf("ledger has %v", row)
			}
			if got := b.objects(t); len(got) > 0 {
				t.Errorf("objects %q, want none", got)
			}
		})
	}
}

// TestPrivate finds a private alert, whole or with a fault, in neither the
// ledger nor the log, which say where in Kafka it is.
func TestPrivate(t *testing.T) {
	t.Parallel()
	cases := map[string]func(record map[string]any){
		"whole":                func(map[string]any) {},
		"an escaping objectId": func(r map[string]any) { r["objectId"] = "../../ZTF26secretx" },
		"no position":          func(r map[string]any) { r["candidate"].(map[string]any)["ra"] = 812.625 },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			var said bytes.Buffer
			b.archive.Log = logging.New(&said, slog.LevelInfo)
			row, err := b.send(t, makePacket(t, func(r map[string]any) {
				r["objectId"], r["candid"] = "ZTF26secretx", int64(3530170009915019999)
				setProgram(3)(r)
				change(r)
			}), 7)
			var refused *survey.AudienceError
			if !errors.As(err, &refused) {
				t.Fatalf("error is %v, want one about the audience", err)
			}
			known := fmt.Sprint(row) + said.String()
			for _, secret := range []string{"secretx", "3530170009915019999", "812.625"} {
				if strings.Contains(known, secret) {
					t.Errorf("%s is told: %s", secret, known)
				}
			}
			for _, want := range []string{`"alarm":true`, `"topic":"ztf_20260901_programid1"`, `"offset":7`} {
				if !strings.Contains(said.String(), want) {
					t.Errorf("the log does not say %s: %s", want, said.String())
				}
			}
		})
	}
}

func TestWithoutCoordinates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	err := b.archive.Handle(t.Context(), &event.Message{Data: makePacket(t, nil), Attributes: map[string]string{"stream": "ztf"}})
	if !event.IsPermanent(err) || len(b.ledger.rows) > 0 || len(b.objects(t)) > 0 {
		t.Errorf("error %v, %d ledger rows, objects %q", err, len(b.ledger.rows), b.objects(t))
	}
}

// TestLedgerOutOfReach fails between the file and its ledger row: the event
// comes again and ends as if nothing had happened.
func TestLedgerOutOfReach(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	data := makePacket(t, nil)
	b.ledger.err = errors.New("no route")
	if _, err := b.send(t, data, 5); err == nil || event.IsPermanent(err) {
		t.Fatalf("error is %v, want one that may pass", err)
	}
	row, err := b.send(t, data, 5)
	if err != nil || row["outcome"] != "stored" {
		t.Errorf("the second time: %v, %v", row, err)
	}
}

// TestFileSentAgain sends files of the archive, as a night is run again from its
// tarball. Their packets had other bytes: a default that Avro forbids.
func TestFileSentAgain(t *testing.T) {
	t.Parallel()
	forbidden := func(packet []byte) []byte { // of the same length, so that the container stays whole
		return regexp.MustCompile(`"default": ?null`).ReplaceAllFunc(packet, func(b []byte) []byte {
			return []byte(strings.Replace(string(b), "null", "0   ", 1))
		})
	}
	first := forbidden(makePacket(t, nil))
	other := forbidden(makePacket(t, func(record map[string]any) { record["publisher"] = "another" }))
	b := newBench(t)
	var files [][]byte
	for i, sent := range [][]byte{first, other} {
		row, err := b.send(t, sent, int64(i))
		if err != nil {
			t.Fatal(err)
		}
		name, _ := row["object"].(string)
		object, err := b.server.GetObject(bucket, name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(object.Content, sent) {
			t.Fatal("the packet was not mended: this test tests nothing")
		}
		files = append(files, object.Content)
	}
	before := b.objects(t)
	for i, name := range []string{"the first", "its conflict"} {
		row, err := b.send(t, files[i], int64(10+i))
		if err != nil || row["outcome"] != string(ledger.Duplicate) {
			t.Errorf("%s: outcome %v, %v; want duplicate", name, row["outcome"], err)
		}
	}
	if row, err := b.send(t, other, 1); err != nil || row["outcome"] != string(ledger.Conflict) {
		t.Errorf("the conflict's own record, delivered again: %v, %v", row["outcome"], err)
	}
	if diff := cmp.Diff(before, b.objects(t)); diff != "" || len(before) != 2 {
		t.Errorf("objects (-before +after):\n%s", diff)
	}

	// The other way round: the archive is made of files, and then the survey's
	// own packets come.
	b = newBench(t)
	for i, file := range files {
		if _, err := b.send(t, file, int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	for i, sent := range [][]byte{first, other} {
		if row, err := b.send(t, sent, int64(10+i)); err != nil || row["outcome"] != string(ledger.Duplicate) {
			t.Errorf("packet %d after its file: outcome %v, %v; want duplicate", i, row["outcome"], err)
		}
	}
}
