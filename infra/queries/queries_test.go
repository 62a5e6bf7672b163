package queries_test

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/queries"
	"nightwire.dev/schemas"
)

// TestLibrary checks that both surveys have the same questions, in words.
func TestLibrary(t *testing.T) {
	t.Parallel()
	want := []string{
		"alerts-per-night", "brightening", "cone", "light-curve", "matches-by-host", "missing-alerts", "new-transients", "supernova-fits",
	}
	for _, survey := range []string{schemas.ZTF, schemas.LSST} {
		all, err := queries.All(survey)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, q := range all {
			if got = append(got, q.Name); !strings.Contains(q.Question, "?") {
				t.Errorf("%s of %s asks nothing: %q", q.Name, survey, q.Question)
			}
			for _, p := range q.Parameters {
				if p.Description == "" {
					t.Errorf("%s: parameter %s has no description", q.Name, p.Name)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("queries of %s (-want +got):\n%s", survey, diff)
		}
	}
	for _, name := range []string{"light-curve", "light-curve.sql", "cone", "cone.ztf.sql"} {
		if _, err := queries.Find(name, schemas.ZTF); err != nil {
			t.Error(err)
		}
	}
	if _, err := queries.Find("curves", schemas.ZTF); err == nil || !strings.Contains(err.Error(), "light-curve") {
		t.Errorf("a query that is not there: %v, want the names of the library", err)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	q, err := queries.Parse("q", `-- What is bright,
-- and where?
--
-- @limit FLOAT64 = 18.5  brighter than this
--   @object STRING

SELECT '@in text', "@text", @Limit, @object -- @comment
/* @comment */ FROM alerts # @comment
WHERE @@time_zone = `+"`a@name`")
	if err != nil {
		t.Fatal(err)
	}
	want := []queries.Parameter{
		{Name: "limit", Type: "FLOAT64", Default: "18.5", Description: "brighter than this"},
		{Name: "object", Type: "STRING", Required: true},
	}
	if diff := cmp.Diff(want, q.Parameters); diff != "" || q.Question != "What is bright, and where?" {
		t.Errorf("question %q, parameters (-want +got):\n%s", q.Question, diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ text, says string }{
		"undeclared":     {"SELECT @a", `parameter a is not declared: begin the query with a line "-- @a TYPE"`},
		"unused":         {"-- @a INT64\nSELECT 1 -- @a", "parameter a is declared and not used"},
		"twice":          {"-- @a INT64\n-- @A INT64\nSELECT @a", "parameter A is declared twice"},
		"no type":        {"-- @a\nSELECT @a", "want @name TYPE = default"},
		"unknown type":   {"-- @a INT32\nSELECT @a", "INT32 is not one of BOOL, DATE, FLOAT64, INT64, STRING, TIMESTAMP"},
		"wrong default":  {"-- @a INT64 = ten\nSELECT @a", `its default is wrong: "ten" is not an INT64`},
		"after the text": {"SELECT @a\n-- @a INT64", "parameter a is not declared"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := queries.Parse("q", c.text); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want it to say %q", err, c.says)
			}
		})
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 2, 1, 0, 0, 0, time.FixedZone("", 3*3600)) // still the 1st in UTC
	cases := map[string]struct {
		typ, text string
		want      any
		says      string
	}{
		"text":              {"STRING", "a b", "a b", ""},
		"empty text":        {"STRING", "", "", ""},
		"candid":            {"INT64", "1642404680815015001", int64(1642404680815015001), ""},
		"no whole number":   {"INT64", "1.5", nil, `"1.5" is not an INT64`},
		"beyond 64 bits":    {"INT64", "9223372036854775808", nil, "is not an INT64"},
		"number":            {"FLOAT64", "-1e-3", -1e-3, ""},
		"not a number":      {"FLOAT64", "nan", nil, "is not a FLOAT64"},
		"truth":             {"BOOL", "TRUE", true, ""},
		"no truth":          {"BOOL", "1", nil, "want true or false"},
		"date":              {"DATE", "2026-08-01", civil.Date{Year: 2026, Month: 8, Day: 1}, ""},
		"today":             {"DATE", "today", civil.Date{Year: 2026, Month: 9, Day: 1}, ""},
		"a week ago":        {"DATE", "today-7", civil.Date{Year: 2026, Month: 8, Day: 25}, ""},
		"no date":           {"DATE", "2026-02-30", nil, "is not a DATE: want YYYY-MM-DD, today or today-7"},
		"today and nothing": {"DATE", "todayish", nil, "is not a DATE"},
		"now":               {"TIMESTAMP", "now", now.UTC(), ""},
		"day":               {"TIMESTAMP", "2026-08-01", time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC), ""},
		"instant":           {"TIMESTAMP", "2026-08-01T02:00:00+02:00", time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC), ""},
		"with a space":      {"TIMESTAMP", "2026-08-01 02:00:00", time.Date(2026, 8, 1, 2, 0, 0, 0, time.UTC), ""},
		"no instant":        {"TIMESTAMP", "noon", nil, "is not a TIMESTAMP"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := queries.Parse("q", "-- @a "+c.typ+"\nSELECT @a")
			if err != nil {
				t.Fatal(err)
			}
			got, err := q.Values(map[string]string{"A": c.text}, now)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "parameter a") {
					t.Errorf("error is %v, want it to say %q", err, c.says)
				}
				return
			}
			if diff := cmp.Diff(map[string]any{"a": c.want}, got); err != nil || diff != "" {
				t.Errorf("%v, values (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestValuesRefuse(t *testing.T) {
	t.Parallel()
	const two = "-- @a INT64\n-- @b INT64 = 2\nSELECT @a, @b"
	cases := map[string]struct {
		text  string
		given map[string]string
		says  string
	}{
		"missing":       {two, map[string]string{"b": "1"}, "parameter a is missing: give --param a=INT64"},
		"unknown":       {two, map[string]string{"a": "1", "c": "1"}, "parameter c: the query has none of this name; it has a, b"},
		"none are open": {"SELECT 1", map[string]string{"c": "1"}, "parameter c: the query has no parameters"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := queries.Parse("q", c.text)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := q.Values(c.given, time.Now()); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want it to say %q", err, c.says)
			}
		})
	}
}
