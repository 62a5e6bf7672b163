package expression_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/filter/expression"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/survey"
)

// newAlert is a synthetic alert, whose record change may alter.
func newAlert(t testing.TB, change func(record map[string]any)) *alert.Alert {
	t.Helper()
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 1})
	if err != nil {
		t.Fatal(err)
	}
	record := night.Alert(0)
	if change != nil {
		change(record)
	}
	content, err := night.Encode(record)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, names.ZTF, content)
}

func read(t testing.TB, stream names.Stream, content []byte) *alert.Alert {
	t.Helper()
	var decoder packet.Decoder
	p, err := decoder.Decode(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	a, err := survey.Read(stream, p)
	if err != nil {
		t.Fatal(err)
	}
	return &a
}

func language(t testing.TB, survey string) *expression.Language {
	t.Helper()
	l, err := expression.For(survey)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// value evaluates one expression on an alert.
func value(t testing.TB, text string, a *alert.Alert) any {
	t.Helper()
	l := language(t, a.Survey)
	e, err := l.Check(text, nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	always, err := l.Check("true", nil)
	if err != nil {
		t.Fatal(err)
	}
	p := expression.NewProgram(l)
	if _, err := p.Add(always, []*expression.Expression{e}); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	run := p.Run(a)
	defer run.Close()
	values, err := run.Columns(0)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return values[0]
}

// exposure is one entry of a made-up history.
type exposure struct {
	daysAgo  float64
	band     int32
	mag      any    // float32, or nil for an upper limit
	positive string // isdiffpos
}

const (
	now     = 2461285.75 // jd of the made-up alert
	noMatch = float32(-999)
)

// object is a made-up alert of a rising object, 20.5 mag eight days ago and
// 18.0 now, with an upper limit before and a negative subtraction between.
func object(t testing.TB) *alert.Alert {
	return newAlert(t, func(record map[string]any) {
		c := record["candidate"].(map[string]any)
		for name, v := range map[string]any{
			"jd": now, "fid": int32(2), "magpsf": float32(18), "sigmapsf": float32(0.05), "isdiffpos": "t", "ra": 150.0, "dec": 2.0,
			"rb": float32(0.65), "drb": nil, "nbad": int32(0), "distpsnr1": noMatch, "sgscore1": noMatch, "ssdistnr": noMatch,
			"distpsnr2": float32(3), "sgscore2": float32(0.1), "distpsnr3": nil, "sgscore3": nil, "ssnamenr": "null", "ndethist": int32(7),
		} {
			c[name] = v
		}
		first := record["prv_candidates"].([]any)[0].(map[string]any)
		var history []any
		for i, e := range []exposure{
			{10, 1, nil, ""}, {8, 2, float32(20.5), "1"}, {6, 1, float32(19.5), "t"}, {5, 2, float32(19), "f"},
			{4, 2, float32(19.5), "t"}, {2, 1, float32(18.5), "t"}, {1, 2, nil, ""},
		} {
			p := map[string]any{}
			for name, v := range first {
				p[name] = v
			}
			p["jd"], p["fid"], p["candid"], p["diffmaglim"] = now-e.daysAgo, e.band, nil, float32(20.6)
			p["magpsf"], p["sigmapsf"], p["isdiffpos"] = e.mag, nil, nil
			if e.mag != nil {
				p["candid"], p["sigmapsf"], p["isdiffpos"] = int64(100+i), float32(0.1), e.positive
			}
			history = append(history, p)
		}
		record["prv_candidates"] = history
	})
}

func TestValues(t *testing.T) {
	t.Parallel()
	a := object(t)
	cases := map[string]any{
		// Fields, as the survey sent them.
		"candidate.magpsf":                          18.0,
		"candidate.rb >= 0.65":                      false, // 0.65 as a float is a little less
		"candidate.nbad == 0":                       true,
		"candid == " + fmt.Sprint(a.Candid):         true,
		"objectId.startsWith('ZTF')":                true,
		"objectId.matches('^ZTF[0-9]{2}[a-z]{7}$')": true,
		"size(prv_candidates)":                      int64(7),
		"prv_candidates[1].magpsf":                  20.5,
		"prv_candidates[1].isdiffpos":               "1",

		// Missing values: null, -999, "null", beyond the end of a list.
		"candidate.drb":                                nil,
		"candidate.drb == null":                        true,
		"candidate.drb != null":                        false,
		"null == candidate.drb":                        true,
		"has(candidate.drb)":                           false,
		"has(candidate.rb)":                            true,
		"candidate.distpsnr1":                          nil,
		"candidate.ssnamenr":                           nil,
		"prv_candidates[0].magpsf":                     nil,
		"prv_candidates[7].jd":                         nil,
		"prv_candidates[-1].jd":                        nil,
		"candidate.drb > 0.5":                          false,
		"candidate.drb <= 0.5":                         false,
		"candidate.drb == 0.5":                         false,
		"candidate.drb != 0.5":                         false,
		"!(candidate.drb > 0.5)":                       true,
		"candidate.drb == candidate.drb":               false,
		"candidate.ssnamenr == 'null'":                 false,
		"candidate.ssnamenr in ['null', '']":           false,
		"candidate.drb > 0.5 || candidate.rb > 0.5":    true,
		"(candidate.drb > 0.5 ? 1 : 2)":                int64(2),
		"candidate.drb != null ? candidate.drb : 0.25": 0.25,
		"abs(candidate.drb)":                           nil,
		"1.0 / 0.0":                                    nil,
		"1 / (candidate.nbad)":                         nil,
		"1 % (candidate.nbad)":                         nil,
		"9223372036854775807 + candidate.fid":          nil,
		"-9223372036854775807 - candidate.fid":         nil,
		"9223372036854775807 * candidate.fid":          nil,
		"sqrt(-1)":                                     nil,

		// Arithmetic and conversions.
		"candidate.magpsf - 5":         13.0,
		"5 - candidate.magpsf":         -13.0,
		"candidate.magpsf * 2 / 4":     9.0,
		"-candidate.magpsf":            -18.0,
		"-candidate.ndethist":          int64(-7),
		"candidate.ndethist * 3 - 1":   int64(20),
		"candidate.ndethist % 4":       int64(3),
		"candidate.ndethist / 2":       int64(3),
		"double(candidate.ndethist)/2": 3.5,
		"int(-2.9)":                    int64(-2),
		"int(1e30)":                    nil,
		"'a' + 'b'":                    "ab",
		"size('αβ')":                   int64(2),
		"max(candidate.ndethist, 3)":   7.0,
		"min(2, 3.5)":                  2.0,
		"abs(-3)":                      int64(3),
		"floor(-1.5)":                  -2.0,
		"log10(pow(10, 3))":            3.0,

		// Loops.
		"prv_candidates.exists(p, p.magpsf < 18.6)":                                    true,
		"prv_candidates.exists(p, p.magpsf < 18.0)":                                    false,
		"prv_candidates.all(p, p.jd < candidate.jd)":                                   true,
		"prv_candidates.all(p, p.magpsf < 30.0)":                                       false, // limits have no magpsf
		"prv_candidates.exists_one(p, p.isdiffpos == 'f')":                             true,
		"size(prv_candidates.filter(p, p.magpsf != null))":                             int64(5),
		"prv_candidates.filter(p, p.fid == 1)[1].magpsf":                               19.5,
		"size(prv_candidates.map(p, p.magpsf))":                                        int64(7),
		"max(prv_candidates.map(p, p.magpsf))":                                         20.5,
		"min(prv_candidates.map(p, p.fid == 1, p.magpsf))":                             18.5,
		"sum(prv_candidates.map(p, double(p.fid)))":                                    11.0,
		"mean([1.0, 2.0, candidate.drb])":                                              1.5,
		"max(prv_candidates.filter(p, p.fid == 9).map(p, p.magpsf))":                   nil,
		"max([candidate.magpsf] + prv_candidates.map(p, p.magpsf))":                    20.5,
		"prv_candidates.exists(p, prv_candidates.exists(q, q.jd > p.jd + 9.0))":        false,
		"prv_candidates.exists(p, prv_candidates.exists(q, q.jd > p.jd + 8.5))":        true,
		"prv_candidates.map(p, p.fid).exists(p, p == 1)":                               true,
		"2 in prv_candidates.map(p, p.fid)":                                            true,
		"prv_candidates.filter(p, p.fid == 1).exists(q, q.magpsf == candidate.magpsf)": false,

		// This detection.
		"mag()":            18.0,
		"mag_err()":        0.05,
		"snr()":            2.5 / (0.05 * 2.302585092994046),
		"band()":           "r",
		"is_positive()":    true,
		"real_bogus()":     0.6499999761581421, // rb, since drb is missing
		"flux_ujy() > 0.0": true,

		// The history: positive detections alone.
		"n_detections('any', 30)":         int64(5),
		"n_detections('r', 30)":           int64(3),
		"n_detections('r', 4)":            int64(2),
		"n_detections(band(), 3.9)":       int64(1),
		"rise_rate('r', 4)":               0.375,
		"rise_rate('r', 3)":               nil,
		"rise_rate('i', 30)":              nil,
		"mag_at('r', 0)":                  18.0,
		"mag_at('r', 2)":                  18.75,
		"mag_at('r', 4)":                  19.5,
		"mag_at('r', 9)":                  nil,
		"mag_at('g', 1)":                  nil,
		"peak_mag('g')":                   18.5,
		"peak_mag('i')":                   nil,
		"colour('g', 'r', 2)":             0.5,
		"colour('g', 'r', 1)":             nil,
		"age_days()":                      8.0,
		"positive_span_days()":            8.0,
		"days_since_limit()":              2.0,
		"days_since_limit() < age_days()": true,

		// Where it is, and what is near.
		"ra() + dec()":                              152.0,
		"in_region(150, 3, 1.01)":                   true,
		"in_region(150, 3, 0.9)":                    false,
		"in_box(350, 151, -5, 5)":                   true,
		"in_box(0, 360, -90, 90)":                   true,
		"in_box(-180, 180, -90, 90)":                true,
		"in_box(140, 155, 3, 5)":                    false,
		"in_box(151, 350, -5, 5)":                   false,
		"sep_arcsec(ra(), dec(), 150, 2.001)":       3.6,
		"galactic_lat() == galactic_lat(150, 2)":    true,
		"abs(ecliptic_lat(90, 23.4392911)) < 0.001": true,
		"galactic_lon(266.405, -28.936) < 0.01 || galactic_lon(266.405, -28.936) > 359.9": true,
		"near_known('galaxy', 3)":        true,
		"near_known('galaxy', 2.9)":      false,
		"near_known('star', 30)":         false,
		"near_known('solar-system', 30)": false,
		"counterpart()":                  "galaxy",
	}
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, value(t, text, a), cmpopts.EquateApprox(0, 1e-6)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", text, diff)
			}
		})
	}
}

// TestExamples has every example of the reference be right for ZTF.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, f := range expression.Functions() {
		e, err := language(t, schemas.ZTF).Check(f.Example, nil)
		if err != nil {
			t.Errorf("%s: %v", f.Example, err)
			continue
		}
		if !e.IsCondition() || f.About == "" || !strings.Contains(f.Example, f.Name+"(") {
			t.Errorf("%s: the example is no condition that uses the function", f.Name)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ text, want string }{
		"a misspelt field":      {"candidate.drbb > 1", "line 1, column 10: there is no field drbb here; did you mean candidate.drb?"},
		"a field by itself":     {"drb > 1", "line 1, column 1: nothing is called drb; did you mean candidate.drb?"},
		"a misspelt function":   {"n_detection('r', 30) > 1", "line 1, column 12: nothing is called n_detection; did you mean n_detections()?"},
		"a band's name":         {"band() == 'R'", "line 1, column 8: this is never \"R\"; it is g, r, i"},
		"a band in a list":      {"band() in ['g', 'V']", "line 1, column 17: this is never \"V\"; it is g, r, i"},
		"a kind's name":         {"'galxy' != counterpart()", "line 1, column 9: this is never \"galxy\"; it is none, solar-system, star, unknown, galaxy"},
		"a name out of the air": {"xylophone > 1", "line 1, column 1: nothing is called xylophone"},
		"on the second line":    {"true &&\n  candidate.rbb > 1.0", "line 2, column 12: there is no field rbb here; did you mean candidate.rb or prv_candidates.rb?"},
		"one equals sign":       {"candidate.rb = 3", "line 1, column 14: a comparison is written with =="},
		"a band of others":      {"n_detections('R', 30) > 1", `line 1, column 13: n_detections: there is no band "R"; it is g, r, i or any`},
		"a neighbour of none":   {"near_known('quasar', 3)", `line 1, column 11: near_known: there is no kind "quasar"; it is star, galaxy, solar-system, unknown, any`},
		"a double and an int": {
			"candidate.scorr == 0",
			"line 1, column 17: == does not go with (double, int): write the whole number with a decimal point, as in 0.0, or convert with double()",
		},
		"arguments in the wrong order": {"mag_at(3, 'r') > 1.0", "line 1, column 11: a number is wanted here, not string"},
		"too few arguments":            {"mag_at('r') > 1.0", "line 1, column 7: mag_at does not take (string); it is mag_at(band string, days_ago double) double"},
		"bytes":                        {"b'x' == b'y'", "line 1, column 1: a bytes cannot be used in a filter"},
		"unsigned":                     {"candid > 5u", "line 1, column 10: a uint cannot be used in a filter"},
		"a map":                        {"{'a': 1}.a == 1", "line 1, column 1: maps and messages cannot be made in a filter"},
		"a mixed list":                 {"candidate.rb in [1.0, 2]", "line 1, column 23: all items of a list are of one type: write 1.0 and not 1 among doubles"},
		"a list within a list":         {"size([[1]]) > 0", "line 1, column 7: this is a list, where one value is wanted"},
		"a bad pattern":                {"objectId.matches('[')", "line 1, column 17: error parsing regexp: missing closing ]: `[`"},
		"a pattern that is computed":   {"objectId.matches(objectId)", "line 1, column 17: the pattern of matches has to be written out"},
		"records that are compared":    {"candidate == candidate", "line 1, column 11: lists and records cannot be compared"},
		"and":                          {"candidate.fid == 1 and candidate.nbad == 0", "line 1, column 20: and is written &&"},
		"a loop that there is not":     {"prv_candidates.existsOne(p, p.fid == 1)", "line 1, column 25: nothing is called existsOne; did you mean exists_one?"},
		"a list of numbers and a word": {"mean(prv_candidates.map(p, p.isdiffpos)) > 0.5", "line 1, column 5: mean does not take (list(string)); it is mean(values list(double)) double"},
		"a large pattern":              {"objectId.matches('(?:xxxxxxxxxxx?){500}')", "line 1, column 17: the pattern is too large: it takes 6002 steps a letter, 1000 at most"},
		"a long pattern":               {"objectId.matches('" + strings.Repeat("x", 300) + "')", "line 1, column 17: the pattern has 300 letters, 200 at most"},
		"a stamp":                      {"cutoutScience != null", "line 1, column 1: nothing is called cutoutScience"},
		"a timestamp":                  {"timestamp('2026-09-01T00:00:00Z') != null", "line 1, column 10: a filter has no timestamp"},
		"nothing":                      {"", "line 1, column 1: the expression is not complete"},
		"null of a sum":                {"candidate.drb + 1 == null", "line 1, column 19: == does not go with (double, null): ask whether a field, a function or a column is null, not what is computed with it"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := language(t, schemas.ZTF).Check(c.text, nil)
			var problems expression.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("%s: the error is %v", c.text, err)
			}
			if diff := cmp.Diff(c.want, problems[0].Error()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	e, err := language(t, schemas.ZTF).Check("candidate.ssdistnr == -999.0 || candidate.ssdistnr > 5", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := expression.Problems{{Line: 1, Column: 20, Reason: "the survey's -999 reads as missing here: compare with null"}}
	if diff := cmp.Diff(want, e.Advice); diff != "" {
		t.Errorf("advice (-want +got):\n%s", diff)
	}
	e, err = language(t, schemas.ZTF).Check("positive_span_days() >= 30 / 1440", nil)
	if err != nil {
		t.Fatal(err)
	}
	want = expression.Problems{{Line: 1, Column: 28, Reason: "the quotient of whole numbers is a whole number, here 0: write 30.0"}}
	if diff := cmp.Diff(want, e.Advice); diff != "" {
		t.Errorf("advice (-want +got):\n%s", diff)
	}
}

func TestNesting(t *testing.T) {
	t.Parallel()
	l := language(t, schemas.ZTF)
	for name, text := range map[string]string{
		"brackets": strings.Repeat("(", 1000) + "true" + strings.Repeat(")", 1000),
		"length":   "true" + strings.Repeat(" || true", 5000),
	} {
		if _, err := l.Check(text, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestOverflow has products at the edge of 64 bits be right or missing.
func TestOverflow(t *testing.T) {
	t.Parallel()
	a := newAlert(t, func(record map[string]any) {
		record["candidate"].(map[string]any)["nid"] = int32(1)
	})
	for text, want := range map[string]any{
		"(-9223372036854775807 - 1) * candidate.nid":     int64(-9223372036854775808),
		"(-9223372036854775807 - 1) * -1":                nil,
		"3037000500 * 3037000500":                        nil,
		"-3037000500 * 3037000499":                       int64(-9223372033963249500),
		"4611686018427387904 * -2":                       int64(-9223372036854775808),
		"4611686018427387904 * 2":                        nil,
		"0 * 9223372036854775807":                        int64(0),
		"-(-9223372036854775807 - 1)":                    nil,
		"(-9223372036854775807 - 1) / -1":                nil,
		"abs(-9223372036854775807 - 1)":                  nil,
		"-9223372036854775807 - candidate.nid":           int64(-9223372036854775808),
		"-9223372036854775807 - 1 - candidate.nid":       nil,
		"9223372036854775806 + candidate.nid":            int64(9223372036854775807),
		"9223372036854775807 - -1":                       nil,
		"-9223372036854775808 + 9223372036854775807":     int64(-1),
		"-9223372036854775808 < 9223372036854775807":     true,
		"9223372036854775807 + 0 == 9223372036854775807": true,
	} {
		if got := value(t, text, a); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}
