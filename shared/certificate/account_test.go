package certificate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/shared/ledger"
)

const (
	night = "2026-09-01"
	topic = "ztf_20260901_programid1"
	ours  = "v4.02/night=2026-09-01/"
	other = "v4.02/night=2026-08-31/" // files of another night
)

// dawn is when the night is looked at; reported is fresh then.
var (
	dawn     = time.Date(2026, 9, 1, 16, 0, 0, 0, time.UTC)
	reported = dawn.Add(-time.Minute)
)

// file is a name of the night's.
func file(name string) string { return ours + name + ".avro" }

// entry is a ledger row of partition 0.
func entry(offset int64, outcome ledger.Outcome, object string) Entry {
	return Entry{Topic: topic, Offset: offset, Outcome: outcome, Object: object}
}

// held is partition 0 with the records from first up to, and without, end, all
// of them read.
func held(first, end int64, gaps ...Gap) []Held {
	return []Held{{Topic: topic, First: first, End: end, Confirmed: end, Gaps: gaps, Reported: reported}}
}

// world is what the sources know.
type world struct {
	stream    bool // the account is of the whole stream
	held      []Held
	heard     []time.Time
	listed    []Sight // of topics of which the reporter had nothing
	ledger    []Entry
	files     []string
	rows      []string
	evaluated []string
	early     bool // files and evaluations are told before the ledger, and again after it
}

// complete are files with all that belongs to them.
func (w world) complete(files ...string) world {
	w.files, w.rows, w.evaluated = append(w.files, files...), append(w.rows, files...), append(w.evaluated, files...)
	return w
}

// account tells an account what the sources know.
func (w world) account(t interface {
	Helper()
	Fatal(args ...any)
}) *Account {
	t.Helper()
	a := New("ztf", night)
	if w.stream {
		a = New("ztf", "")
	}
	for _, h := range w.held {
		if err := a.Hold(h); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range w.heard {
		a.Heard(at)
	}
	if err := a.See(w.listed); err != nil {
		t.Fatal(err)
	}
	tell := func(tell func(string), files []string) {
		for _, name := range files {
			if strings.HasPrefix(name, ours) {
				tell(name)
			}
		}
	}
	if w.early { // the night's own files do not wait for the ledger
		tell(a.Evaluation, w.evaluated)
		tell(a.File, w.files)
	}
	for _, e := range w.ledger {
		a.Record(e)
	}
	for _, name := range w.files {
		a.File(name)
	}
	for i, name := range w.rows {
		a.Row(name, time.Duration(i+1)*time.Second)
	}
	for _, name := range w.evaluated {
		a.Evaluation(name)
	}
	return a
}

// attended are the reports of a night of which nothing was missed.
var attended = present(dawn.Add(-16*time.Hour), dawn)

// present is a report every ten minutes.
func present(from, to time.Time) (heard []time.Time) {
	for at := from; !at.After(to); at = at.Add(10 * time.Minute) {
		heard = append(heard, at)
	}
	return heard
}

func span(first, last int64) []Span { return []Span{{Topic: topic, First: first, Last: last}} }

func TestAccount(t *testing.T) {
	t.Parallel()
	a, x := file("ZTF1/1"), file("ZTF1/1.0123456789ab")
	stored := world{held: held(0, 1), ledger: []Entry{entry(0, ledger.Stored, a)}}
	cases := map[string]struct {
		world world
		want  Certificate
	}{
		"no alerts, and somebody was there": {world{heard: attended}, Certificate{State: Clean}},
		"all is well": {
			world{
				held: held(0, 4),
				ledger: []Entry{
					entry(0, ledger.Stored, a), entry(1, ledger.Duplicate, a), entry(2, ledger.Conflict, x),
					{Topic: topic, Offset: 3, Outcome: ledger.Rejected, Reason: "private"},
				},
			}.complete(a, x),
			Certificate{
				State: Clean, Records: 4, Stored: 1, Duplicates: 1, Conflicts: 1, Rejected: 1, Files: 2, Rows: 2, Evaluated: 2,
				Rejections: []Rejection{{"private", 1}},
			},
		},
		"records without an outcome": {
			world{held: held(0, 5), ledger: []Entry{entry(2, ledger.Stored, a)}}.complete(a),
			Certificate{
				State: Missing, Records: 5, Stored: 1, Files: 1, Rows: 1, Evaluated: 1, Missing: 4,
				Losses: []Loss{{Cause: Unrecorded, Count: 4, Spans: append(span(0, 1), span(3, 4)...)}},
			},
		},
		"records that expired": {
			world{held: held(0, 3, Gap{1, 3}), ledger: []Entry{entry(0, ledger.Stored, a)}}.complete(a),
			Certificate{
				State: Missing, Records: 3, Stored: 1, Files: 1, Rows: 1, Evaluated: 1, Missing: 2,
				Losses: []Loss{{Cause: Expired, Count: 2, Spans: span(1, 2)}},
			},
		},
		"a gap whose records came after all": {
			world{held: held(0, 2, Gap{1, 2}), ledger: []Entry{entry(0, ledger.Stored, a), entry(1, ledger.Duplicate, a)}}.complete(a),
			Certificate{State: Clean, Records: 2, Stored: 1, Duplicates: 1, Files: 1, Rows: 1, Evaluated: 1},
		},
		"records that are not yet read": {
			world{held: []Held{{Topic: topic, End: 4, Confirmed: 1, Reported: reported}}, ledger: []Entry{entry(0, ledger.Stored, a)}}.complete(a),
			Certificate{
				State: Missing, Records: 4, Stored: 1, Files: 1, Rows: 1, Evaluated: 1, Missing: 3,
				Losses: []Loss{{Cause: Unread, Count: 3, Spans: span(1, 3)}},
			},
		},
		"spans end with their partition": {
			world{held: []Held{
				{Topic: topic, End: 2, Confirmed: 2, Reported: reported}, {Topic: topic, Partition: 1, First: 2, End: 3, Confirmed: 3, Reported: reported},
			}},
			Certificate{
				State: Missing, Records: 3, Missing: 3,
				Losses: []Loss{{Cause: Unrecorded, Count: 3, Spans: []Span{{topic, 0, 0, 1}, {topic, 1, 2, 2}}}},
			},
		},
		"a file that is gone": {
			world{held: held(7, 8), ledger: []Entry{entry(7, ledger.Stored, a)}, rows: []string{a}, evaluated: []string{a}},
			Certificate{
				State: Missing, Records: 1, Stored: 1, Rows: 1, Evaluated: 1, Missing: 1,
				Losses: []Loss{{Cause: NoFile, Count: 1, Names: []string{a}, Spans: span(7, 7)}},
			},
		},
		"a row and an evaluation that are gone": {
			world{held: stored.held, ledger: stored.ledger, files: []string{a}},
			Certificate{
				State: Missing, Records: 1, Stored: 1, Files: 1, Missing: 2,
				Losses: []Loss{{Cause: NoRow, Count: 1, Names: []string{a}}, {Cause: Unjudged, Count: 1, Names: []string{a}}},
			},
		},
		"a row of a file that nobody knows": {
			world{heard: attended, rows: []string{a}},
			Certificate{State: Missing, Rows: 1, Missing: 1, Losses: []Loss{{Cause: FileGone, Count: 1, Names: []string{a}}}},
		},
		"an evaluation of a file that nobody knows": {
			world{heard: attended, evaluated: []string{a}},
			Certificate{State: Missing, Evaluated: 1, Missing: 1, Losses: []Loss{{Cause: FileGone, Count: 1, Names: []string{a}}}},
		},
		"a file that no ledger row names": {
			world{heard: attended}.complete(a),
			Certificate{
				State: Missing, Files: 1, Rows: 1, Evaluated: 1, Missing: 1,
				Losses: []Loss{{Cause: Unledgered, Count: 1, Names: []string{a}}},
			},
		},
		"stored, but where": {
			world{held: held(0, 1), ledger: []Entry{entry(0, ledger.Stored, "")}},
			Certificate{
				State: Missing, Records: 1, Stored: 1, Missing: 1, Losses: []Loss{{
					Cause: NoFile, Count: 1, Spans: span(0, 0), Names: []string{"of " + topic + "/0 offset 0, which the ledger does not name"},
				}},
			},
		},
		"ledger rows written twice": {
			world{held: stored.held, ledger: append(stored.ledger, stored.ledger...)}.complete(a),
			Certificate{State: Clean, Records: 1, Stored: 1, Files: 1, Rows: 1, Evaluated: 1},
		},
		"rejected first, and stored later": {
			world{held: held(0, 1), ledger: []Entry{
				{Topic: topic, Outcome: ledger.Rejected, Reason: "unreadable"}, entry(0, ledger.Stored, a),
			}}.complete(a),
			Certificate{State: Clean, Records: 1, Stored: 1, Files: 1, Rows: 1, Evaluated: 1},
		},
		"stored first, and rejected later": {
			world{held: held(0, 1), ledger: []Entry{
				entry(0, ledger.Stored, a), {Topic: topic, Outcome: ledger.Rejected, Reason: "unreadable"},
			}}.complete(a),
			Certificate{State: Clean, Records: 1, Stored: 1, Files: 1, Rows: 1, Evaluated: 1},
		},
		"an outcome that nobody knows": {
			world{held: held(0, 1), ledger: []Entry{entry(0, "eaten", a)}},
			Certificate{State: Missing, Records: 1, Missing: 1, Losses: []Loss{{Cause: Unrecorded, Count: 1, Spans: span(0, 0)}}},
		},
		"an alert of another night": {
			world{held: held(0, 1), ledger: []Entry{entry(0, ledger.Stored, other+"ZTF1/2.avro")}}.complete(other + "ZTF1/2.avro"),
			Certificate{State: Clean, Records: 1, Stored: 1, Files: 1, Rows: 1, Evaluated: 1},
		},
		"an alert of another night whose file is gone": {
			world{held: held(0, 1), ledger: []Entry{entry(0, ledger.Stored, other+"ZTF1/2.avro")}},
			Certificate{
				State: Missing, Records: 1, Stored: 1, Missing: 1,
				Losses: []Loss{{Cause: NoFile, Count: 1, Names: []string{other + "ZTF1/2.avro"}, Spans: span(0, 0)}},
			},
		},
		"what belongs to other nights is passed over": {
			world{
				held: stored.held, files: []string{other + "ZTF9/9.avro"}, rows: []string{other + "ZTF9/8.avro"},
				ledger: append([]Entry{{Topic: "ztf_20260831_programid1", Outcome: ledger.Stored, Object: other + "ZTF9/7.avro"}}, stored.ledger...),
			}.complete(a),
			Certificate{State: Clean, Records: 1, Stored: 1, Files: 1, Rows: 1, Evaluated: 1},
		},
		"an alert of the night out of another night's topic": {
			world{heard: attended, ledger: []Entry{{Topic: "ztf_20260902_programid1", Outcome: ledger.Stored, Object: a}}}.complete(a),
			Certificate{State: Clean, Files: 1, Rows: 1, Evaluated: 1},
		},
		"names of another form": {
			world{stream: true, ledger: []Entry{entry(0, ledger.Stored, "b")}}.complete("b", "c.avro", "v1/night=x"),
			Certificate{
				State: Missing, Files: 3, Rows: 3, Evaluated: 3, Missing: 2,
				Losses: []Loss{{Cause: Unledgered, Count: 2, Names: []string{"c.avro", "v1/night=x"}}},
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.world.account(t).Close(dawn, time.Time{})
			ignored := cmpopts.IgnoreFields(Certificate{}, "Latency", "Stream", "Night", "At", "Until", "Partitions")
			if diff := cmp.Diff(&c.want, got, cmpopts.EquateEmpty(), ignored); diff != "" {
				t.Errorf("certificate (-want +got):\n%s", diff)
			}
			lost := 0
			for _, p := range got.Partitions {
				lost += p.Missing
			}
			if without := got.Records - got.Stored - got.Duplicates - got.Conflicts - got.Rejected; lost != without {
				t.Errorf("%d are missing by partition, and %d in all", lost, without)
			}
			checkPages(t, got)
		})
	}
}

// checkPages compares what people read, and what programs read again, with the
// certificate.
func checkPages(t *testing.T, c *Certificate) {
	t.Helper()
	var text, page strings.Builder
	c.Print(&text)
	if err := c.Page(&page); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"text": text.String(), "page": page.String()} {
		if said := strings.Contains(content, "nothing is missing"); said != (c.State == Clean) {
			t.Errorf("%s, but the %s says:\n%s", c.State, name, content)
		}
	}
	for _, l := range c.Losses {
		for _, line := range append(l.Lines(), c.Commands(l)...) {
			if !strings.Contains(text.String(), line) || !strings.Contains(page.String(), line) {
				t.Errorf("it is not named, or not how to repair it: %s", line)
			}
		}
	}
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	again := new(Certificate)
	if err := json.Unmarshal(encoded, again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, again, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}

func TestHoldRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		held []Held
		want string
	}{
		"twice":             {append(held(0, 1), held(0, 1)...), "told twice"},
		"beyond belief":     {held(0, 1<<40), "more than an account takes"},
		"backwards":         {held(2, 1), "more than an account takes"},
		"before the first":  {held(-1, 1), "more than an account takes"},
		"together too many": {append(held(0, mostRecords), Held{Topic: topic, Partition: 1, End: 1}), "more than an account takes"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := New("ztf", night)
			var err error
			for _, h := range c.held {
				if err = a.Hold(h); err != nil {
					break
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
}

func TestCheckSent(t *testing.T) {
	t.Parallel()
	a := file("ZTF1/1")
	c := world{stream: true, held: held(0, 1), ledger: []Entry{entry(0, ledger.Stored, a)}}.complete(a).account(t).Close(dawn, time.Time{})
	c.CheckSent(map[string]int{topic: 1})
	if c.State != Clean {
		t.Errorf("state is %s", c.State)
	}
	c.CheckSent(map[string]int{topic: 3, "ztf_20260902_programid1": 1})
	want := []Loss{{Cause: Unsent, Count: 3, Names: []string{topic, "ztf_20260902_programid1"}}}
	if diff := cmp.Diff(want, c.Losses); diff != "" || c.Missing != 3 || c.Records != 4 || c.State != Missing {
		t.Errorf("%s, %d of %d missing; losses (-want +got):\n%s", c.State, c.Missing, c.Records, diff)
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	var w world
	for i := range 200 {
		w.rows = append(w.rows, file(fmt.Sprintf("ZTF/%d", i)))
	}
	w.rows = append(w.rows, w.rows[0]) // comes twice, and counts once
	got := w.account(t).Close(dawn, time.Time{}).Latency
	if diff := cmp.Diff(Latency{P50: 100, P90: 180, P99: 198, Max: 200}, got); diff != "" {
		t.Errorf("latency (-want +got):\n%s", diff)
	}
}

// TestAllRejected: all are rejected, and the certificate must not look
// well.
func TestAllRejected(t *testing.T) {
	t.Parallel()
	c := world{held: held(0, 1), ledger: []Entry{entry(0, ledger.Rejected, "")}}.account(t).Close(dawn, time.Time{})
	if !strings.Contains(c.Verdict(), "ALL ARE REJECTED") || c.class() == string(Clean) {
		t.Errorf("verdict %q, colour %s", c.Verdict(), c.class())
	}
}

// TestManyRejected: a share that is no accident is in doubt, and a few are not.
func TestManyRejected(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		records, rejected int64
		want              string // in the verdict
	}{
		"one in a hundred":        {200, 2, "nothing is missing until"},
		"more than one":           {200, 3, "UNPROVEN: 3 OF 200 RECORDS ARE REJECTED"},
		"all but one":             {1000, 999, "UNPROVEN: 999 OF 1000 RECORDS ARE REJECTED"},
		"half of a night of few":  {20, 10, "nothing is missing until"},
		"all of a night of a few": {20, 20, "ALL ARE REJECTED"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world{held: held(0, c.records)}
			for offset := range c.records {
				if offset < c.rejected {
					w.ledger = append(w.ledger, entry(offset, ledger.Rejected, ""))
					continue
				}
				name := file(fmt.Sprint(offset))
				w.ledger = append(w.ledger, entry(offset, ledger.Stored, name))
				w = w.complete(name)
			}
			got := w.account(t).Close(dawn, time.Time{})
			if !strings.Contains(got.Verdict(), c.want) || (got.State == Unproven) != strings.HasPrefix(c.want, "UNPROVEN") {
				t.Errorf("%s: %q; want %q", got.State, got.Verdict(), c.want)
			}
			checkPages(t, got)
		})
	}
}
