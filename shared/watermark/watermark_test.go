package watermark_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/watermark"
	"pgregory.net/rapid"
)

const report = `{"stream":"ztf","connector":"vm/7","at":"2026-09-01T05:00:00Z","drained":true,"awaiting":["ztf_{date}_programid1"],
	"topics":[{"name":"ztf_20260901_programid1","night":"2026-09-01","partitions":16}],
	"partitions":[{"topic":"ztf_20260901_programid1","partition":3,"night":"2026-09-01","first":40,"last":41,
	"low":12,"high":43,"confirmed":42,"gaps":[{"from":20,"to":40,"reason":"gap"}]}]}`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := watermark.Parse([]byte(report), names.ZTF)
	if err != nil {
		t.Fatal(err)
	}
	want := watermark.Report{
		Stream: names.ZTF, Connector: "vm/7", At: time.Date(2026, 9, 1, 5, 0, 0, 0, time.UTC), Drained: true,
		Awaiting: []string{"ztf_{date}_programid1"},
		Topics:   []watermark.Topic{{Name: "ztf_20260901_programid1", Night: "2026-09-01", Partitions: 16}},
		Partitions: []watermark.Partition{{
			Topic: "ztf_20260901_programid1", Partition: 3, Night: "2026-09-01", First: new(int64(40)), Last: new(int64(41)),
			Low: 12, High: 43, Confirmed: 42, Gaps: []watermark.Gap{{From: 20, To: 40, Reason: "gap"}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ old, new, want string }{
		"no JSON":              {"{", "", "report of watermarks: "},
		"a text for an offset": {`"first":40`, `"first":"40"`, "cannot unmarshal"},
		"another stream":       {`"ztf",`, `"lsst",`, `it is of stream "lsst", not of ztf`},
		"no connector":         {"vm/7", "", "connector is missing"},
		"no time":              {`"at":"2026-09-01T05:00:00Z",`, "", "at is 0001-01-01"},
		"no topic":             {`"topic":"ztf_20260901_programid1"`, `"topic":""`, "want a topic"},
		"a negative partition": {`"partition":3`, `"partition":-3`, "number that is not negative"},
		"no night":             {`"partition":3,"night":"2026-09-01",`, `"partition":3,"night":"",`, `night "": want YYYY-MM-DD`},
		"a night in words":     {`"partition":3,"night":"2026-09-01",`, `"partition":3,"night":"tonight",`, `ztf_20260901_programid1/3: night "tonight"`},
		"a first and no last":  {`"last":41,`, "", "want both or none"},
		"a first behind last":  {`"last":41,`, `"last":39,`, "in order"},
		"a negative high":      {`"high":43`, `"high":-1`, "high -1"},
		"a topic without end":  {`"partitions":16`, `"partitions":16000000`, "16000000 partitions: want a name"},
		"a topic of no night":  {`"night":"2026-09-01","partitions":16`, `"partitions":16`, `topic "ztf_20260901_programid1": night ""`},
		"a gap of nothing":     {`"to":40`, `"to":20`, "gap from 20 to 20"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(report, c.old) {
				t.Fatalf("the report has no %s", c.old)
			}
			_, err := watermark.Parse([]byte(strings.Replace(report, c.old, c.new, 1)), names.ZTF)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want it to say %q", err, c.want)
			}
			var permanent interface{ Permanent() bool }
			if !errors.As(err, &permanent) || !permanent.Permanent() {
				t.Errorf("error %v is not permanent", err)
			}
		})
	}
}

// TestHeartbeat has nothing to tell but that the connector lives.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	r, err := watermark.Parse([]byte(`{"stream":"lsst","connector":"vm/7","at":"2026-09-01T05:00:00Z","unknown":1}`), names.LSST)
	if err != nil || len(r.Partitions) != 0 {
		t.Errorf("report %+v, %v", r, err)
	}
}

// TestRoundTrip writes any report that a connector may make, and reads it.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.Int64Range(0, 1<<62)
		want := watermark.Report{
			Stream: rapid.SampledFrom(names.Streams()).Draw(t, "stream"), Connector: "vm/" + rapid.String().Draw(t, "process"),
			At: time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at")).UTC(), Drained: rapid.Bool().Draw(t, "drained"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "partitions") {
			p := watermark.Partition{
				Topic: "t", Partition: rapid.Int64Range(0, 1<<31-1).Draw(t, "partition"), Night: "2026-09-01",
				Low: offset.Draw(t, "low"), High: offset.Draw(t, "high"), Confirmed: offset.Draw(t, "confirmed") - 1,
			}
			if rapid.Bool().Draw(t, "read") {
				first := offset.Draw(t, "first")
				p.First, p.Last = new(first), new(first+rapid.Int64Range(0, 1<<60).Draw(t, "more"))
			}
			if rapid.Bool().Draw(t, "gap") {
				p.Gaps = []watermark.Gap{{From: p.Low - 1, To: p.Low, Reason: "gap"}}
			}
			want.Partitions = append(want.Partitions, p)
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := watermark.Parse(text, want.Stream)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(normal(want), normal(got)); diff != "" {
			t.Errorf("report (-want +got):\n%s", diff)
		}
	})
}

// normal is the report as JSON has it: a text that is not UTF-8 is replaced.
func normal(r watermark.Report) watermark.Report {
	r.Connector = strings.ToValidUTF8(r.Connector, "\uFFFD")
	return r
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(report))
	f.Add([]byte(`{"stream":"ztf","connector":"c","at":"2026-09-01T05:00:00+13:00","partitions":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := watermark.Parse(data, names.ZTF)
		if err != nil {
			return
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := watermark.Parse(text, names.ZTF); err != nil || len(again.Partitions) != len(r.Partitions) {
			t.Errorf("%s was read and then not: %v", text, err)
		}
	})
}
