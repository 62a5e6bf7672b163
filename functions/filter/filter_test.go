package filter

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

var (
	everything = text("everything", 1, "true")
	nothing    = text("nothing", 1, "false")
	columned   = text("columned", 3, "candidate.magpsf < 99", "columns:", "  mag: candidate.magpsf", "  fid: candidate.fid", "  id: candid")
)

func TestMatch(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything, nothing, columned)
	i := s.instance(t)
	m := s.archive(t, 0)
	i.handle(t, m)

	n, _ := night()
	record := n.Alert(0)
	candidate := record["candidate"].(map[string]any)
	messages := s.pubsub.Messages()
	if len(messages) != 2 {
		t.Fatalf("messages are %v, want two", s.sent())
	}
	for _, message := range messages {
		if message.Attributes["filter"] != "columned" {
			continue
		}
		var got struct {
			ObjectID  string `json:"objectId"`
			Stamp     any    `json:"cutoutScience"`
			Nightwire struct {
				Filter  string         `json:"filter"`
				Columns map[string]any `json:"columns"`
			} `json:"nightwire"`
		}
		if err := json.Unmarshal(message.Data, &got); err != nil {
			t.Fatal(err)
		}
		if got.ObjectID != record["objectId"] || got.Stamp != nil || got.Nightwire.Filter != "columned" || len(got.Nightwire.Columns) != 3 {
			t.Errorf("message is %.300s", message.Data)
		}
	}
	o, _, _ := m.Object()
	want := warehouse.Values{
		"night": "2026-09-01", "objectId": record["objectId"], "candid": record["candid"], "object": o.Name, "generation": o.Generation,
		"filters": int64(3), "matched": []string{"columned@3", "everything@1"}, "notified": []string{"columned@3", "everything@1"},
		"paused": []string(nil), "failed": []warehouse.Values(nil), "replay": false,
	}
	rows := s.rows(&s.evaluations)
	if len(rows) != 1 {
		t.Fatalf("%d rows of evaluations, want one", len(rows))
	}
	if diff := cmp.Diff(want, rows[0], cmpopts.EquateEmpty(), cmpopts.IgnoreMapEntries(func(k string, _ any) bool {
		return k == "catalogue" || k == "evaluated_at"
	})); diff != "" {
		t.Errorf("evaluation (-want +got):\n%s", diff)
	}
	if len(rows[0]["catalogue"].(string)) != 64 {
		t.Errorf("catalogue is %v, want a digest", rows[0]["catalogue"])
	}
	matches := map[any]warehouse.Values{}
	for _, row := range s.rows(&s.matches) {
		matches[row["filter"]] = row
	}
	row := matches["columned"]
	if len(matches) != 2 || row["version"] != int64(3) || row["ra"] != candidate["ra"] ||
		!strings.Contains(row["computed"].(string), `"mag":`) || !strings.Contains(row["computed"].(string), `"id":"`) {
		t.Errorf("matches are %v", matches)
	}
}

// TestLongColumn has a text that is cut in the row, and whole in the message.
func TestLongColumn(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	long := strings.Repeat("é", longestText)
	s.publish(t, text("wordy", 1, "true", "columns:", `  word: "'`+long+`'"`))
	s.instance(t).handle(t, s.archive(t, 0))
	want := `{"word":"` + strings.Repeat("é", longestText/2) + `…"}`
	if got := s.rows(&s.matches)[0]["computed"]; got != want {
		t.Errorf("computed is %.40s... of %d bytes, want %d", got, len(got.(string)), len(want))
	}
	if m := s.pubsub.Messages(); len(m) != 1 || !strings.Contains(string(m[0].Data), long) {
		t.Error("the message has not the whole text")
	}
}

// TestColumnsAreTheTables has each column be one of its table, and the other
// way round.
func TestColumnsAreTheTables(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	s.instance(t).handle(t, s.archive(t, 0))
	rows := map[string]warehouse.Values{"evaluations": s.rows(&s.evaluations)[0], "filter_matches": s.rows(&s.matches)[0]}
	for _, table := range schemas.Tables(schemas.ZTF) {
		row, ok := rows[table.Name]
		if !ok {
			continue
		}
		var want []string
		for _, c := range table.Columns {
			want = append(want, c.Name)
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(row))); diff != "" {
			t.Errorf("%s (-table +row):\n%s", table.Name, diff)
		}
	}
}

// TestNoMatch is most of a night: one row, and nothing in the bucket.
func TestNoMatch(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, nothing)
	i := s.instance(t)
	i.handle(t, s.archive(t, 0))
	before := i.count("")
	i.handle(t, s.archive(t, 1))
	if n := i.count("") - before; n != 1 {
		t.Errorf("%d requests to the storage, want one, for the alert", n)
	}
	if len(s.sent()) > 0 || len(s.rows(&s.matches)) > 0 || len(s.rows(&s.evaluations)) != 2 {
		t.Errorf("%d messages, %d matches and %d evaluations", len(s.sent()), len(s.rows(&s.matches)), len(s.rows(&s.evaluations)))
	}
}

// TestEventTwice sends an event again, to the same instance and to another.
func TestEventTwice(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything, columned)
	one, other := s.instance(t), s.instance(t)
	m := s.archive(t, 0)
	for _, i := range []*instance{one, one, other} {
		i.handle(t, m)
	}
	if diff := cmp.Diff(map[string]int{"everything@1": 1, "columned@3": 1}, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
	if n := len(s.rows(&s.evaluations)); n != 1 {
		t.Errorf("%d evaluations, want one", n)
	}
}

// TestTwoAtOnce gives one event to many instances at one time. Those that are
// refused have it sent again.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything, columned)
	var instances []*instance
	for range 4 {
		instances = append(instances, s.instance(t))
	}
	m := s.archive(t, 0)
	var wg sync.WaitGroup
	for range 3 {
		for _, i := range instances {
			delivered := *m // each delivery is a message of its own
			wg.Go(func() {
				if err := i.Handle(t.Context(), &delivered); err != nil && !errors.Is(err, errBusy) {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	instances[0].handle(t, m)
	if diff := cmp.Diff(map[string]int{"everything@1": 1, "columned@3": 1}, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
}

// TestRowFails has the row fail once all is published: the retry writes it,
// and publishes nothing.
func TestRowFails(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything, columned)
	i := s.instance(t)
	m := s.archive(t, 0)
	s.fail(errors.New("no route to BigQuery"))
	if err := i.Handle(t.Context(), m); err == nil || event.IsPermanent(err) || !strings.Contains(err.Error(), "no route to BigQuery") {
		t.Fatalf("error is %v, want the table's", err)
	}
	s.fail(nil)
	s.instance(t).handle(t, m)
	if diff := cmp.Diff(map[string]int{"everything@1": 1, "columned@3": 1}, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
	if s.askedOf > 0 {
		t.Errorf("the tables were asked %d times, though the claim says all", s.askedOf)
	}
	rows := s.rows(&s.evaluations)
	if len(rows) != 1 {
		t.Fatalf("%d evaluations, want one", len(rows))
	}
	if diff := cmp.Diff([]string{"columned@3", "everything@1"}, rows[0]["notified"]); diff != "" {
		t.Errorf("notified, by the row (-want +got):\n%s", diff)
	}
}

// TestReplayBetweenTries has somebody replay an alert that was published and
// whose row failed: the retry still writes the proof.
func TestReplayBetweenTries(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	i := s.instance(t)
	m := s.archive(t, 0)
	s.fail(errors.New("no route to BigQuery"))
	if err := i.Handle(t.Context(), m); err == nil {
		t.Fatal("the event was acknowledged without its row")
	}
	s.fail(nil)
	i.handle(t, s.archive(t, 0, names.AttributeReplay, "true"))
	i.handle(t, m)
	var notified []any
	for _, row := range s.rows(&s.evaluations) {
		notified = append(notified, row["notified"])
	}
	if diff := cmp.Diff([]any{[]string{}, []string{"everything@1"}}, notified, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("notified, by the rows (-want +got):\n%s", diff)
	}
	if n := s.idsIn()["everything@1"]; n != 1 {
		t.Errorf("%d notifications, want one", n)
	}
}

// TestKilled kills an instance after it has published and before it could say
// so: it leaves a claim, which is another's once the lease is over.
func TestKilled(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	victim, other := s.instance(t), s.instance(t)
	m := s.archive(t, 0)
	other.handle(t, s.archive(t, 1)) // so that it knows the filters
	s.fail(errors.New("killed"))
	claimed := false
	victim.shut(func(r *http.Request) bool { // all that comes after the claim
		after := claimed
		claimed = claimed || writes(r) && strings.Contains(r.URL.RawQuery, "ifGenerationMatch=0") && strings.Contains(r.URL.Path, resources.ProductsBucket())
		return after
	})
	if err := victim.Handle(t.Context(), m); err == nil {
		t.Fatal("the killed instance acknowledged the event")
	}
	s.fail(nil)
	if err := other.Handle(t.Context(), m); !errors.Is(err, errBusy) || event.IsPermanent(err) {
		t.Fatalf("error within the lease is %v, want %v", err, errBusy)
	}
	s.pass(lease)
	other.handle(t, m)
	other.handle(t, m)
	rows := s.rows(&s.evaluations)
	if len(rows) != 2 || !slices.Equal(rows[1]["notified"].([]string), []string{"everything@1"}) {
		t.Errorf("evaluations are %v", rows)
	}
	// The one gap that is left: published, and nobody knows.
	if n := s.idsIn()["everything@1"]; n != 3 {
		t.Errorf("%d notifications of two alerts, want one twice", n)
	}
}

// TestKilledBeforePublishing loses nothing.
func TestKilledBeforePublishing(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything, columned)
	m := s.archive(t, 0)
	first := s.instance(t)
	first.handle(t, s.archive(t, 1))
	o, _, _ := m.Object()
	part := strings.Split(o.Name, "/")
	text, err := json.Marshal(claimed{Filters: []string{"everything@1"}, At: s.now()})
	if err != nil {
		t.Fatal(err)
	}
	s.put(names.ClaimObject("2026-09-01", part[2], strings.TrimSuffix(part[3], ".avro")), string(text))
	if err := first.Handle(t.Context(), m); !errors.Is(err, errBusy) {
		t.Fatalf("error within the lease is %v, want %v", err, errBusy)
	}
	s.pass(lease)
	first.handle(t, m)
	if diff := cmp.Diff(map[string]int{"everything@1": 2, "columned@3": 2}, s.idsIn()); diff != "" {
		t.Errorf("notified of two alerts (-want +got):\n%s", diff)
	}
}

// TestAnswersLost has the writes of a claim done, and their answers lost: the client
// tries it again, and finds its own work, or gives up.
func TestAnswersLost(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*gate, func(*http.Request) bool){"tried again": (*gate).repeat, "given up": (*gate).lose} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testAnswersLost(t, lose)
		})
	}
}

func testAnswersLost(t *testing.T, lose func(*gate, func(*http.Request) bool)) {
	s := newSky(t)
	s.publish(t, everything)
	i := s.instance(t)
	lose(i.gate, func(r *http.Request) bool { return r.Method == http.MethodPost })
	m := s.archive(t, 0)
	i.handle(t, m)
	i.lose(nil)
	i.handle(t, m)
	// A filter that is new joins the claim that is there.
	s.publish(t, columned)
	s.clock.pass(2 * lease)
	i.inForce(t)
	i.handle(t, m)
	if diff := cmp.Diff(map[string]int{"everything@1": 1, "columned@3": 1}, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
}

// TestNewFilter publishes a filter, and a new version of one, after an alert
// has been notified: they are notified, the others not again.
func TestNewFilter(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	m := s.archive(t, 0)
	s.instance(t).handle(t, m)
	s.publish(t, columned, text("everything", 2, "true"), text("second", 1, "true"))
	i := s.instance(t)
	i.handle(t, m)
	i.handle(t, m)
	want := map[string]int{"everything@1": 1, "everything@2": 1, "columned@3": 1, "second@1": 1}
	if diff := cmp.Diff(want, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
}

// TestConflict has another file of the same detection: it is evaluated, and
// nobody is told twice.
func TestConflict(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	i := s.instance(t)
	m := s.archive(t, 0)
	i.handle(t, m)
	n, _ := night()
	content, err := n.Packet(0)
	if err != nil {
		t.Fatal(err)
	}
	o, _, _ := m.Object()
	conflict := s.store(t, strings.TrimSuffix(o.Name, ".avro")+".b6adba006805.avro", content)
	i.handle(t, conflict)
	i.handle(t, conflict)
	if n := s.idsIn()["everything@1"]; n != 1 {
		t.Errorf("%d notifications, want one", n)
	}
	if n := len(s.rows(&s.evaluations)); n != 2 {
		t.Errorf("%d evaluations, want one a file", n)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		attributes []string
		live       bool // the alert was news before
		want       map[string]int
	}{
		"to nobody":           {[]string{names.AttributeReplay, "true"}, false, map[string]int{}},
		"to nobody, again":    {[]string{names.AttributeReplay, "true"}, true, map[string]int{"everything@1": 1, "columned@3": 1}},
		"to one":              {[]string{names.AttributeReplay, "true", names.AttributeNotify, "columned"}, false, map[string]int{"columned@3": 1}},
		"to one that knows":   {[]string{names.AttributeReplay, "true", names.AttributeNotify, "columned"}, true, map[string]int{"everything@1": 1, "columned@3": 1}},
		"to all":              {[]string{names.AttributeNotify, "*"}, false, map[string]int{"everything@1": 1, "columned@3": 1}},
		"to all, who know it": {[]string{names.AttributeNotify, "*"}, true, map[string]int{"everything@1": 1, "columned@3": 1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(t)
			s.publish(t, everything, columned)
			i := s.instance(t)
			if c.live {
				i.handle(t, s.archive(t, 0))
			}
			replay := s.archive(t, 0, c.attributes...)
			i.handle(t, replay)
			i.handle(t, replay)
			if diff := cmp.Diff(c.want, s.idsIn()); diff != "" {
				t.Errorf("notified (-want +got):\n%s", diff)
			}
			rows := s.rows(&s.evaluations)
			if row := rows[len(rows)-1]; row["replay"] != true || len(row["matched"].([]string)) != 2 {
				t.Errorf("the last row is %v", row)
			}
			for _, m := range s.pubsub.Messages() {
				if got := m.Attributes["nightwire.replay"]; !c.live && got != "true" {
					t.Errorf("nightwire.replay of the message is %q", got)
				}
			}
		})
	}
}

// TestFileOfReplay has the bucket tell of a file whose raw message was sent
// again, and then somebody send it again by name.
func TestFileOfReplay(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything, columned)
	i := s.instance(t)
	news := s.archive(t, 0)
	var resource map[string]any
	err := json.Unmarshal(news.Data, &resource)
	if err != nil {
		t.Fatal(err)
	}
	resource["metadata"] = map[string]string{names.AttributeReplay: "true"}
	if news.Data, err = json.Marshal(resource); err != nil {
		t.Fatal(err)
	}
	i.handle(t, news)
	if diff := cmp.Diff(map[string]int{}, s.idsIn()); diff != "" {
		t.Errorf("notified of a file that is no news (-want +got):\n%s", diff)
	}
	if row := s.rows(&s.evaluations)[0]; row["replay"] != true {
		t.Errorf("the row is %v", row)
	}
	news.Attributes[names.AttributeReplay], news.Attributes[names.AttributeNotify] = "true", "columned"
	i.handle(t, news)
	if diff := cmp.Diff(map[string]int{"columned@3": 1}, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
}

// TestReplayAfterClaim replays an alert whose claim the bucket has deleted, as it
// does after some months: the tables still know who was told.
func TestReplayAfterClaim(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	i := s.instance(t)
	i.handle(t, s.archive(t, 0))
	s.forget(t)
	s.publish(t, columned)
	replay := s.archive(t, 0, names.AttributeReplay, "true", names.AttributeNotify, names.NotifyAll)

	// While nobody can say who was told, nobody is, and no claim is left in the way.
	s.answer(errors.New("no route to BigQuery"))
	i = s.instance(t)
	if err := i.Handle(t.Context(), replay); err == nil || event.IsPermanent(err) {
		t.Errorf("without the tables: %v", err)
	}
	if left := s.claimsIn(t); len(left) > 0 {
		t.Errorf("claims are left: %v", left)
	}
	s.answer(nil)
	i.handle(t, replay)
	if diff := cmp.Diff(map[string]int{"everything@1": 1, "columned@3": 1}, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
	s.forget(t)
	i.handle(t, replay)
	i.handle(t, replay)
	if diff := cmp.Diff(map[string]int{"everything@1": 1, "columned@3": 1}, s.idsIn()); diff != "" {
		t.Errorf("notified, once all know (-want +got):\n%s", diff)
	}
	rows := s.rows(&s.evaluations)
	if diff := cmp.Diff([]string{"columned@3", "everything@1"}, rows[len(rows)-1]["notified"]); diff != "" {
		t.Errorf("notified, by the last row (-want +got):\n%s", diff)
	}
}

// TestReplayIsNoProof sends an alert that was replayed to nobody as news.
func TestReplayIsNoProof(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	i := s.instance(t)
	i.handle(t, s.archive(t, 0, names.AttributeReplay, "true"))
	i.handle(t, s.archive(t, 0))
	if n := s.idsIn()["everything@1"]; n != 1 {
		t.Errorf("%d notifications, want one", n)
	}
}

// TestBackfill resumes a filter and at once sends it what it has missed, long
// before the filters are looked at again.
func TestBackfill(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything, columned)
	s.put(names.PausedObject("columned"), `{"reason":"of the test"}`)
	i := s.instance(t)
	i.handle(t, s.archive(t, 0))
	if diff := cmp.Diff([]string{"columned"}, s.rows(&s.evaluations)[0]["paused"]); diff != "" {
		t.Errorf("paused (-want +got):\n%s", diff)
	}
	s.remove(t, names.PausedObject("columned"))
	s.pass(lease)
	i.handle(t, s.archive(t, 0, names.AttributeNotify, "columned"))
	if diff := cmp.Diff(map[string]int{"everything@1": 1, "columned@3": 1}, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
}

// TestPermanent has events that no other try can help.
func TestPermanent(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	i := s.instance(t)
	m := s.store(t, "v4.02/night=2026-09-01/a/1.avro", []byte("hello"))
	if err := i.Handle(t.Context(), m); !event.IsPermanent(err) || !strings.Contains(err.Error(), "a/1.avro") {
		t.Errorf("error is %v, want a permanent one that names the file", err)
	}
	m.Attributes = nil
	if err := i.Handle(t.Context(), m); !event.IsPermanent(err) {
		t.Errorf("error is %v, want a permanent one", err)
	}
	m.Attributes = map[string]string{"eventType": "OBJECT_DELETE"}
	i.handle(t, m)
	if n := len(s.rows(&s.evaluations)); n != 0 {
		t.Errorf("%d evaluations", n)
	}
}

// TestStorageOutOfReach is no reason to give up on an event, nor to forget its
// count.
func TestStorageOutOfReach(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, text("capped", 1, "true", "max_matches_an_hour: 1"))
	i := s.instance(t)
	i.handle(t, s.archive(t, 0, names.AttributeReplay, "true"))
	i.shut(writes)
	m := s.archive(t, 1)
	if err := i.Handle(t.Context(), m); err == nil || event.IsPermanent(err) {
		t.Fatalf("error is %v, want one that may pass", err)
	}
	i.shut(nil)
	s.pass(time.Second)
	i.handle(t, m)
	if n := s.idsIn()["capped@1"]; n != 1 {
		t.Errorf("%d notifications, want one", n)
	}
}
