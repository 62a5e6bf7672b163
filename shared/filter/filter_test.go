package filter_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/survey"
)

const good = `# a comment
name: young-and-rising
version: 3
owner: ada@example.org
description: >
  New within three days,
  and brightening.
streams: [ztf, lsst]
where: |
  young &&
  rate > 0.1
columns:
  young: age_days() < 3   # days
  rate: "rise_rate('any', 3)"
max_matches_an_hour: 200
topic: risers
enabled: false
`

func TestParse(t *testing.T) {
	t.Parallel()
	f, advice, err := filter.Parse("good.yaml", []byte(good))
	if err != nil || len(advice) > 0 {
		t.Fatal(err, advice)
	}
	got := []any{f.ID(), f.Owner, strings.Join(strings.Fields(f.Description), " "), f.Streams, f.Columns, f.ColumnTypes(), f.MaxMatchesAnHour, f.Topic, f.Enabled,
		f.For(names.LSST), f.For(names.ZTFPartnership)}
	want := []any{"young-and-rising@3", "ada@example.org", "New within three days, and brightening.", []names.Stream{names.ZTF, names.LSST},
		[]string{"young", "rate"}, []string{"bool", "double"}, 200, "risers", false, true, false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("filter (-want +got):\n%s", diff)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	f := parse(t, "plain", "true", "")
	if f.Topic != "plain" || !f.Enabled || f.MaxMatchesAnHour != 0 {
		t.Errorf("topic %q, enabled %v, cap %d; want the name, true, none", f.Topic, f.Enabled, f.MaxMatchesAnHour)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		old, new string // what is changed in the good file
		want     []string
	}{
		"a block's second line": {"  rate > 0.1", "  candidate.rbb > 0.1 && rate > 0.1", []string{"f.yaml:11:12: where: there is no field rbb here; did you mean candidate.rb or prv_candidates.rb? (ztf)"}},
		"within a line":         {"age_days() < 3 ", "age_day() < 3 ", []string{"f.yaml:13:17: young: nothing is called age_day; did you mean age_days()? (ztf)"}},
		"within quotes":         {"rise_rate('any', 3)", "rise_rate('u', 3)", []string{`f.yaml:14:19: rate: rise_rate: there is no band "u"; it is g, r, i or any (ztf)`}},
		"of one survey alone":   {"young &&", "candidate.rb > 0.5 &&", []string{"f.yaml:10:3: where: nothing is called candidate (lsst)"}},
		"a later column":        {"age_days() < 3 ", "rate > 0.0 ", []string{"f.yaml:13:10: young: nothing is called rate (ztf)"}},
		"no condition":          {"rate > 0.1", "young ? rate : 0.0", []string{"f.yaml:10:1: where is double: want a condition, which is true or false"}},
		"a column that is many": {`"rise_rate('any', 3)"`, "[1.0]", []string{"f.yaml:14:9: rate is list(double): a column is one value"}},
		"an unknown key":        {"topic:", "topik:", []string{"f.yaml:16:1: a filter has no topik; it has name, version, owner, description, streams, where, columns, max_matches_an_hour, topic, enabled"}},
		"a name with capitals":  {"young-and-rising", "Rising", []string{`f.yaml:2:7: name: want "Rising" to be lower-case letters, digits and single hyphens, 60 at most`}},
		"a topic of others":     {"risers", "alerts-raw", []string{`f.yaml:16:8: topic: topic "alerts-raw" carries other things; choose another`}},
		"a name of others":      {good, named("dead-letter"), []string{`f.yaml:1:7: name: topic "dead-letter" carries other things; choose another name, or give a topic`}},
		"another stream's":      {"risers", "partnership-alerts-raw", []string{`f.yaml:16:8: topic: topic "partnership-alerts-raw" of ztf is one of ztf-partnership; choose another`}},
		"another stream":        {good, named("partnership"), []string{`f.yaml:1:7: name: topic "partnership" of ztf is one of ztf-partnership; choose another name, or give a topic`}},
		"a version in words":    {"version: 3", "version: three", []string{"f.yaml:3:1: version: want a whole number"}},
		"version nought":        {"version: 3", "version: 0", []string{"f.yaml:3:10: version: want a whole number from 1 on"}},
		"an unknown stream":     {"lsst]", "sdss]", []string{`f.yaml:8:16: streams: stream "sdss" is not one of ztf, ztf-partnership, lsst`}},
		"a stream twice":        {"lsst]", "ztf]", []string{"f.yaml:8:16: streams: ztf stands there twice"}},
		"no streams":            {"[ztf, lsst]", "[]", []string{"f.yaml:8:1: streams: want a list such as [ztf]"}},
		"a cap below nought":    {"200", "-1", []string{"f.yaml:15:22: max_matches_an_hour: want 0 (no cap) or more"}},
		"a column of ours":      {"young:", "candid:", []string{"f.yaml:13:11: columns: every match has candid already; choose another name"}},
		"a column twice":        {"rate: ", "young: ", []string{`f.yaml:14:3: mapping key "young" already defined at [13:3]`}},
		"enabled, perhaps":      {"false", "perhaps", []string{"f.yaml:17:1: enabled: want true or false"}},
		"no owner":              {"owner: ada@example.org\n", "", []string{"f.yaml: owner is missing"}},
		"an empty owner":        {"ada@example.org", "", []string{"f.yaml:4:1: owner: want a text"}},
		"no YAML":               {"version: 3", "version: [3", []string{"f.yaml:4:1: ',' or ']' must be specified"}},
		"a list":                {good, "- a\n- b\n", []string{"f.yaml:1:1: want keys and values: name, where and so on"}},
		"brackets without end":  {good, "a: " + strings.Repeat("[", 10000), []string{"f.yaml: brackets within brackets: 64 at most"}},
		"nothing":               {good, "", []string{"f.yaml: want one YAML document"}},
		"too long":              {good, strings.Repeat("#", 70000), []string{"f.yaml: 70000 bytes: a filter has 16384 at most"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(good, c.old) {
				t.Fatalf("the good file has no %q", c.old)
			}
			_, _, err := filter.Parse("f.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
			var faults filter.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("the error is %v", err)
			}
			if diff := cmp.Diff(c.want, strings.Split(faults.Error(), "\n")); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// named is a filter's file with nothing but a name to tell its topic.
func named(name string) string {
	return "name: " + name + "\nversion: 1\nowner: o\ndescription: d\nstreams: [ztf]\nwhere: \"true\"\n"
}

// TestNearlyAnotherStream has a topic that only begins like another stream's.
func TestNearlyAnotherStream(t *testing.T) {
	t.Parallel()
	if _, _, err := filter.Parse("f.yaml", []byte(named("partnerships"))); err != nil {
		t.Error(err)
	}
}

// TestQuotedKeys reads what is YAML as well: quoted keys, a mark of byte order.
func TestQuotedKeys(t *testing.T) {
	t.Parallel()
	text := "\ufeff" + `{"name": "f", "version": 1, "owner": "o", "description": "d", "streams": ["ztf"], "where": "young", "columns": {"young": "age_days() < 3"}}`
	if _, _, err := filter.Parse("f.yaml", []byte(text)); err != nil {
		t.Error(err)
	}
}

// TestManyColumns has columns that name one another be checked in time that
// does not double with each.
func TestManyColumns(t *testing.T) {
	t.Parallel()
	var columns strings.Builder
	columns.WriteString("columns:\n  c0: mag()\n")
	for i := 1; i < 50; i++ {
		fmt.Fprintf(&columns, "  c%d: c%d + sum([%s])\n", i, i-1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("c%d, ", i-1), 8), ", "))
	}
	f := parse(t, "many", "c49 > 0.0", columns.String())
	set, err := filter.NewSet(names.ZTF, []*filter.Filter{f})
	if err != nil {
		t.Fatal(err)
	}
	if o := set.Evaluate(newAlert(t)); len(o.Failures) > 0 {
		t.Errorf("failures: %v", o.Failures)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("name: x\nwhere: |\n"))
	f.Add([]byte("columns:\n  a: >\n   1\nwhere: |"))
	f.Fuzz(func(t *testing.T, content []byte) {
		parsed, _, err := filter.Parse("f.yaml", content)
		if (parsed == nil) == (err == nil) {
			t.Errorf("filter %v with error %v", parsed, err)
		}
	})
}

// parse makes a filter of the stream ztf.
func parse(t testing.TB, name, where, columns string) *filter.Filter {
	t.Helper()
	text := fmt.Sprintf("name: %s\nversion: 1\nowner: o\ndescription: d\nstreams: [ztf]\nwhere: %q\n%s", name, where, columns)
	f, _, err := filter.Parse(name+".yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func newAlert(t testing.TB) *alert.Alert {
	t.Helper()
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 1})
	if err != nil {
		t.Fatal(err)
	}
	content, err := night.Packet(0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := new(packet.Decoder).Decode(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	a, err := survey.Read(names.ZTF, p)
	if err != nil {
		t.Fatal(err)
	}
	return &a
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	deep := "prv_candidates.all(a, prv_candidates.all(b, prv_candidates.all(c, prv_candidates.all(d, d.jd + c.jd + b.jd > a.jd))))"
	set, err := filter.NewSet(names.ZTF, []*filter.Filter{
		parse(t, "no", "candidate.rb > 2.0", ""),
		parse(t, "runaway", deep, ""),
		parse(t, "yes", "where_it_is", "columns:\n  where_it_is: ra() >= 0\n  n: size(prv_candidates)\n  none: candidate.rb / 0\n  b: band()\n"),
		parse(t, "columns-run-away", "true", "columns:\n  deep: "+deep),
	})
	if err != nil {
		t.Fatal(err)
	}
	a := newAlert(t)
	o := set.Evaluate(a)
	if len(o.Matches) != 1 || o.Matches[0].Filter.Name != "yes" {
		t.Fatalf("matches are %+v", o.Matches)
	}
	values := map[string]any{}
	for _, c := range o.Matches[0].Columns {
		values[c.Name] = c.Value
	}
	n := int64(a.Record.Get("prv_candidates").Len())
	if n < 20 {
		t.Fatalf("a history of %d entries is no test of a runaway", n)
	}
	if diff := cmp.Diff(map[string]any{"where_it_is": true, "n": n, "none": nil, "b": o.Matches[0].Columns[3].Value}, values); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	var failed []string
	for _, f := range o.Failures {
		failed = append(failed, f.Filter.Name+": "+f.Err.Error())
	}
	want := []string{"columns-run-away: the evaluation takes more than 100000 steps", "runaway: the evaluation takes more than 100000 steps"}
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

func TestSetOfAnotherStream(t *testing.T) {
	t.Parallel()
	if _, err := filter.NewSet(names.LSST, []*filter.Filter{parse(t, "f", "true", "")}); err == nil {
		t.Error("a filter of ztf is in a set of lsst")
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	digest := func(filters ...*filter.Filter) string {
		set, err := filter.NewSet(names.ZTF, filters)
		if err != nil {
			t.Fatal(err)
		}
		return set.Digest()
	}
	a, b := parse(t, "a", "true", ""), parse(t, "b", "true", "")
	if digest(a, b) != digest(b, a) || digest(a) == digest(b) || digest() == digest(a) {
		t.Error("the digest does not tell sets apart, whatever their order")
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	a := newAlert(t)
	m := filter.Match{Filter: parse(t, "f", "true", ""), Columns: []filter.Column{
		{Name: "big", Value: int64(1<<62 + 1)}, {Name: "rate", Value: 0.25}, {Name: "young", Value: true}, {Name: "kind", Value: `a "star"`}, {Name: "none", Value: nil},
	}}
	p := filter.Provenance{
		Stream: names.ZTF, Bucket: "b", Object: "v4.02/night=2026-09-01/x/1.avro", Generation: 17, Replay: true, At: time.Date(2026, 9, 1, 5, 0, 0, 0, time.UTC),
	}
	var got map[string]any
	if err := json.Unmarshal(filter.AppendMessage(nil, filter.AppendRecord(nil, a), a, m, p), &got); err != nil {
		t.Fatal(err)
	}
	candid := fmt.Sprint(a.Candid)
	own := got["nightwire"]
	wantOwn := map[string]any{
		"stream": "ztf", "filter": "f", "version": 1.0, "objectId": a.ObjectID, "candid": candid, "night": survey.Night(a),
		"observed_at": a.ObservedAt.Format(time.RFC3339Nano), "archive": "gs://b/v4.02/night=2026-09-01/x/1.avro#17", "replay": true, "matched_at": "2026-09-01T05:00:00Z",
		"columns": map[string]any{"big": "4611686018427387905", "rate": 0.25, "young": true, "kind": `a "star"`, "none": nil},
	}
	if diff := cmp.Diff(wantOwn, own); diff != "" {
		t.Errorf("our member (-want +got):\n%s", diff)
	}
	for name, value := range a.Record.Fields() {
		sent, ok := got[name.Name]
		if isCutout := strings.HasPrefix(name.Name, "cutout"); isCutout == ok {
			t.Errorf("field %s is there: %v", name.Name, ok)
		} else if !isCutout && sent == nil != value.IsNull() {
			t.Errorf("field %s is %v", name.Name, sent)
		}
	}
	if got["candid"] != candid || got["candidate"].(map[string]any)["candid"] != candid {
		t.Errorf("candid is %v and %v, want the text %s", got["candid"], got["candidate"].(map[string]any)["candid"], candid)
	}
	wantAttributes := map[string]string{
		"stream": "ztf", "filter": "f", "version": "1", "objectId": a.ObjectID, "candid": candid, "band": filter.Attributes(a, m, p)["band"],
		"nightwire.bucket": "b", "nightwire.object": p.Object, "nightwire.generation": "17", "nightwire.replay": "true",
		"big": "4611686018427387905", "young": "true", "kind": `a "star"`,
	}
	if diff := cmp.Diff(wantAttributes, filter.Attributes(a, m, p)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}
