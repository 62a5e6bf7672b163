package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/queries"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/warehouse"
)

// TestQuery asks a deployment by the command line, in every way.
func TestQuery(t *testing.T) {
	serveProject(t)
	for _, definition := range schemas.Tables(schemas.ZTF) {
		if definition.Name != "alerts_stream" {
			continue
		}
		table, err := openTables(t).Table(t.Context(), definition)
		if err != nil {
			t.Fatal(err)
		}
		for i, ra := range []float64{359.9999, 150} {
			if err := table.Append(t.Context(), warehouse.Row{Values: warehouse.Values{
				"objectId": "ZTF26a", "candid": candid + int64(i), "night": "2026-09-01", "position": warehouse.Point(ra, 10),
				"observed_at": time.Date(2026, 9, 1, 4, 0, 0, 0, time.UTC),
				"candidate": warehouse.Values{
					"candid": candid + int64(i), "jd": 2461284.5 + float64(i), "fid": int64(1 + i), "ra": ra, "dec": 10.0,
					"magpsf": 18.5, "sigmapsf": 0.1, "isdiffpos": "t",
				},
			}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	file := save(t, "bright.sql", "-- What is bright?\n-- @limit FLOAT64\nSELECT candid FROM alerts WHERE candidate.magpsf < @limit ORDER BY candid")
	const both = "candid\n1642404680815015001\n1642404680815015002\n"
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"text": {[]string{"SELECT candid FROM alerts ORDER BY candid"}, both},
		"file": {[]string{"--file", file, "--param", "limit=19"}, both},
		"library": {
			[]string{"--file", "light-curve", "--param", "object=ZTF26a", "--format", "csv"},
			"mjd,observed_at,band,kind,mag,mag_err,flux_ujy,flux_err_ujy,candid\n" +
				"61284,2026-09-01 00:00:00,g,detection,18.5,0.1,144.5439770745925,13.312992275761193,1642404680815015001\n" +
				"61285,2026-09-02 00:00:00,r,detection,18.5,0.1,144.5439770745925,13.312992275761193,1642404680815015002\n",
		},
		"cone":        {[]string{"--cone", "0,10,1", "--format", "csv"}, "separation_arcsec,objectId,candid,observed_at,ra,dec,band,mag\n0.35"},
		"cone, asked": {[]string{"--cone", "150,10,1", "SELECT candid FROM cone"}, "candid\n1642404680815015002\n"},
		"cone, file":  {[]string{"--cone", "150,10,1", "--file", save(t, "q.sql", "SELECT COUNT(*) AS n FROM cone")}, "n\n1\n"},
		"json":        {[]string{"--format", "jsonl", "SELECT MAX(candid) AS candid FROM alerts"}, `{"candid":"1642404680815015002"}` + "\n"},
	}
	project := []string{"query", "--project", testResources.Project, "--stream", "ztf"}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			answer, err := line(t, append(project, c.arguments...)...)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(answer, c.want) {
				t.Errorf("answer is\n%s, want\n%s", answer, c.want)
			}
		})
	}
	t.Run("output", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "answer.csv")
		if _, err := line(t, append(project, "--format", "csv", "-o", out, "SELECT candid FROM alerts ORDER BY candid")...); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(out)
		if diff := cmp.Diff(both, string(got)); err != nil || diff != "" {
			t.Errorf("%v, file (-want +got):\n%s", err, diff)
		}
	})
	t.Run("a failure leaves no file", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "answer.csv")
		_, err := line(t, append(project, "-o", out, "SELECT nothing FROM alerts")...)
		if _, missing := os.Stat(out); err == nil || !os.IsNotExist(missing) {
			t.Errorf("%v; the file: %v", err, missing)
		}
	})
}

// TestQueryRefuses has what is said before any table is asked.
func TestQueryRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := save(t, "q.sql", "-- @n INT64\n-- @m INT64 = 1\nSELECT @n + @m")
	cases := map[string]struct {
		arguments []string
		says      string
	}{
		"nothing":            {nil, "there is no query: give one, --file or --cone; --list shows the library"},
		"two queries":        {[]string{"--file", file, "SELECT 1"}, "there are two queries"},
		"no such query":      {[]string{"--file", "curves"}, "neither a file nor one of the library for ztf: did you mean light-curve? it has alerts-per-night, brightening"},
		"no such file":       {[]string{"--file", "./curves.sql"}, "no such file"},
		"a change":           {[]string{"DELETE FROM ledger WHERE TRUE"}, "want SELECT or WITH"},
		"missing parameter":  {[]string{"--file", file}, "parameter n is missing: give --param n=INT64"},
		"unknown parameter":  {[]string{"--file", file, "--param", "n=1", "--param", "x=1"}, "parameter x: the query has none of this name; it has n, m"},
		"wrong type":         {[]string{"--file", file, "--param", "n=one"}, `parameter n: "one" is not an INT64`},
		"nothing is open":    {[]string{"--param", "n=1", "SELECT 1"}, "parameter n: the query has no parameters"},
		"no circle":          {[]string{"--cone", "1,2"}, "--cone: cone \"1,2\": want RA,DEC,RADIUS"},
		"no format":          {[]string{"--format", "fits", "SELECT 1"}, "--format must be one of"},
		"project, no stream": {[]string{"--project", "p", "SELECT 1"}, "say which stream of the project"},
		"suffix alone":       {[]string{"--suffix", "s", "SELECT 1"}, "--suffix is of a project's test deployment"},
		"no tables":          {[]string{"SELECT 1"}, "make some with nightwire run"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := line(t, append([]string{"query", "--dir", dir}, c.arguments...)...)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want it to say %q", err, c.says)
			}
		})
	}
}

func TestQueryList(t *testing.T) {
	t.Parallel()
	answer, err := line(t, "query", "--dir", t.TempDir(), "--list")
	if err != nil {
		t.Fatal(err)
	}
	says(t, answer, "light-curve\n  What was seen of an object", "  @object STRING  name of the object\n", "  @hours INT64 = 24  how many\n",
		"new-transients\n  What is new in the sky?\n  Objects that ZTF had never", "\nrises ", "\nledger ")
	if strings.Contains(answer, "solar_system") {
		t.Error("ZTF is said to have the table of LSST's bodies")
	}
	if answer, err = line(t, "query", "--dir", t.TempDir(), "--stream", "lsst", "--list"); err != nil {
		t.Fatal(err)
	}
	says(t, answer, "Objects that LSST had never", "\nsolar_system ")
}

// TestListIsTold has every query begin with a question of one line, and each
// table with what it is.
func TestListIsTold(t *testing.T) {
	t.Parallel()
	for _, survey := range []string{schemas.ZTF, schemas.LSST} {
		all, err := queries.All(survey)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range all {
			if asked, _, _ := strings.Cut(q.Question, "?"); asked == q.Question || asked == "" || len(asked) > 100 {
				t.Errorf("query %s of %s does not begin with a question of a line: %q", q.Name, survey, q.Question)
			}
		}
		for _, view := range schemas.Views(survey) {
			if view.Description == "" || !strings.Contains(tables(), view.Name) {
				t.Errorf("view %s of %s: %q; the help lists %s", view.Name, survey, view.Description, tables())
			}
		}
		for _, table := range schemas.Tables(survey) {
			if table.Description == "" || !strings.Contains(tables(), table.Name) {
				t.Errorf("table %s of %s: %q; the help lists %s", table.Name, survey, table.Description, tables())
			}
		}
	}
}

// TestNoRows tells a person of an answer without rows, beside the answer and
// not in it.
func TestNoRows(t *testing.T) {
	serveProject(t)
	for format, want := range map[string]string{"table": "n\n", "csv": "n\n", "jsonl": ""} {
		for rows, said := range map[int]string{0: "no rows\n", 1: ""} {
			result, err := openTables(t).Query(t.Context(), fmt.Sprintf("SELECT 1 AS n FROM UNNEST(GENERATE_ARRAY(1, %d))", rows), nil)
			if err != nil {
				t.Fatal(err)
			}
			var out, notes strings.Builder
			if err := (&queryCommand{Format: format}).write(result, &out, &notes); err != nil {
				t.Fatal(err)
			}
			if notes.String() != said || rows == 0 && out.String() != want {
				t.Errorf("%s of %d rows: %q, and beside it %q, want %q", format, rows, out.String(), notes.String(), said)
			}
		}
	}
}

// TestCounter counts on a terminal, and takes the count away in the end.
func TestCounter(t *testing.T) {
	t.Parallel()
	var terminal strings.Builder
	c := &counter{terminal: &terminal, total: 9}
	for done := range 9 {
		if err := c.Set(done + 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Finish(); err != nil {
		t.Fatal(err)
	}
	if got := terminal.String(); !strings.HasPrefix(got, "\r1 of 9 rows") || !strings.HasSuffix(got, "\r\033[K") {
		t.Errorf("the terminal shows %q", got)
	}
}
