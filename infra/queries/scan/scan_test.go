package scan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/queries"
	"nightwire.dev/schemas"
)

func catalogue(t *testing.T, survey string) *Catalogue {
	t.Helper()
	c, err := NewCatalogue(survey)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// list is columns as a test writes them: "candid night candidate.{ra dec}".
func list(text string) []string {
	var paths []string
	prefix := ""
	for word := range strings.FieldsSeq(text) {
		if before, after, ok := strings.Cut(word, "{"); ok {
			prefix, word = before, after
		}
		word, ended := strings.CutSuffix(word, "}")
		if paths = append(paths, prefix+word); ended {
			prefix = ""
		}
	}
	return paths
}

// TestLibrary compares the columns of the library's queries with what a person
// reads out of them and of the views that they ask.
func TestLibrary(t *testing.T) {
	t.Parallel()
	const first = "night nightwire.{archived_at generation} objectId" // by which the view alerts keeps one row
	cases := map[string]Columns{
		"alerts-per-night": {"alerts_stream": list("candid candidate.{fid isdiffpos magpsf} " + first)},
		"new-transients": {"alerts_stream": list("candid candidate.{dec distpsnr1 drb isdiffpos jdstarthist magpsf ndethist ra rb sgscore1 ssdistnr} " +
			first + " observed_at")},
		"brightening": {"alerts_stream": list("candid candidate.{dec fid isdiffpos jd magpsf ra sigmapsf} " + first +
			" prv_candidates.{fid isdiffpos jd magpsf sigmapsf}")},
		"light-curve": {"alerts_stream": list("candidate.{candid fid isdiffpos jd magpsf sigmapsf} nightwire.{archived_at generation} objectId" +
			" prv_candidates.{candid diffmaglim fid isdiffpos jd magpsf sigmapsf}")},
		"matches-by-host": {
			"alerts_stream":  list("candid candidate.{distpsnr1 distpsnr2 distpsnr3 magpsf sgscore1 sgscore2 sgscore3} " + first),
			"filter_matches": list("candid dec filter matched_at night objectId ra replay version"),
		},
		"missing-alerts": {
			"alerts_stream": list("night nightwire.object"),
			"evaluations":   list("night object"),
			"ledger":        list("kafka.{offset partition topic} night object outcome"),
		},
	}
	c := catalogue(t, schemas.ZTF)
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := queries.Find(name, schemas.ZTF)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Of(q.SQL)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEveryQuery reads the whole library and every view of both surveys.
func TestEveryQuery(t *testing.T) {
	t.Parallel()
	for _, survey := range []string{schemas.ZTF, schemas.LSST} {
		c := catalogue(t, survey)
		all, err := queries.All(survey)
		if err != nil {
			t.Fatal(err)
		}
		for _, view := range schemas.Views(survey) {
			all = append(all, queries.Query{Name: view.Name, SQL: "SELECT * FROM " + view.Name})
		}
		for _, q := range all {
			columns, err := c.Of(q.SQL)
			if err != nil {
				t.Errorf("%s of %s: %v", q.Name, survey, err)
			}
			known := 0
			for table, paths := range columns {
				known += len(paths)
				if c.tables[table].Name == "" {
					t.Errorf("%s of %s reads %s, which is no table", q.Name, survey, table)
				}
			}
			if known == 0 {
				t.Errorf("%s of %s reads nothing", q.Name, survey)
			}
		}
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	ledger := "bytes candid generation kafka.{offset partition timestamp topic} night object objectId outcome reason recorded_at sha256"
	cases := map[string]struct {
		sql  string
		want Columns
	}{
		"a column":                  {"SELECT outcome FROM ledger", Columns{"ledger": list("outcome")}},
		"in capitals":               {"select OUTCOME from ledger where Night = '2026-09-01'", Columns{"ledger": list("night outcome")}},
		"a field":                   {"SELECT l.kafka.offset FROM `ledger` AS l", Columns{"ledger": list("kafka.offset")}},
		"a record":                  {"SELECT kafka FROM ledger", Columns{"ledger": list("kafka.{offset partition timestamp topic}")}},
		"all":                       {"SELECT * FROM ledger", Columns{"ledger": list(ledger)}},
		"all but":                   {"SELECT * EXCEPT (kafka, bytes, candid, generation, object, objectId, reason, recorded_at, sha256) FROM ledger", Columns{"ledger": list("night outcome")}},
		"nothing":                   {"SELECT COUNT(*) FROM ledger", Columns{"ledger": nil}},
		"a field of what came out":  {"SELECT s.o.x FROM (SELECT STRUCT(outcome AS x, reason AS y) AS o FROM ledger) AS s", Columns{"ledger": list("outcome reason")}},
		"a subquery's part":         {"SELECT a FROM (SELECT outcome AS a, reason AS b FROM ledger)", Columns{"ledger": list("outcome")}},
		"distinct takes all":        {"SELECT a FROM (SELECT DISTINCT outcome AS a, reason AS b FROM ledger)", Columns{"ledger": list("outcome reason")}},
		"through a star":            {"SELECT kafka.offset FROM (SELECT * FROM ledger)", Columns{"ledger": list("kafka.offset")}},
		"replaced":                  {"SELECT bytes FROM (SELECT * REPLACE (candid AS bytes) FROM ledger)", Columns{"ledger": list("candid")}},
		"by the alias":              {"SELECT bytes AS size FROM ledger ORDER BY size", Columns{"ledger": list("bytes")}},
		"with":                      {"WITH a AS (SELECT outcome, reason FROM ledger), b AS (SELECT outcome FROM a) SELECT outcome FROM b", Columns{"ledger": list("outcome")}},
		"with a table's own name":   {"WITH ledger AS (SELECT outcome, night FROM ledger) SELECT night FROM ledger", Columns{"ledger": list("night")}},
		"a union by place":          {"SELECT b FROM (SELECT outcome AS a, reason AS b FROM ledger UNION ALL SELECT object, objectId FROM evaluations)", Columns{"ledger": list("reason"), "evaluations": list("objectId")}},
		"an ordered union":          {"SELECT outcome AS a FROM ledger UNION ALL SELECT object FROM evaluations ORDER BY a", Columns{"ledger": list("outcome"), "evaluations": list("object")}},
		"a join":                    {"SELECT l.outcome FROM ledger AS l LEFT JOIN evaluations e ON e.object = l.object AND e.filters > 3", Columns{"ledger": list("object outcome"), "evaluations": list("filters object")}},
		"items of an array":         {"SELECT f.filter FROM evaluations AS e, UNNEST(e.failed) AS f WHERE f.reason LIKE 'x%'", Columns{"evaluations": list("failed.{filter reason}")}},
		"whole items":               {"SELECT id FROM evaluations, UNNEST(notified) AS id", Columns{"evaluations": list("notified")}},
		"a subquery that refers":    {"SELECT ARRAY(SELECT id FROM UNNEST(notified) AS id WHERE id != e.object) FROM evaluations AS e", Columns{"evaluations": list("notified object")}},
		"a window":                  {"SELECT outcome FROM ledger QUALIFY ROW_NUMBER() OVER (PARTITION BY kafka.offset ORDER BY recorded_at DESC) = 1", Columns{"ledger": list("kafka.offset outcome recorded_at")}},
		"a cast, a date, a comment": {"SELECT CAST(outcome AS STRING), EXTRACT(DAY FROM night) -- reason\nFROM ledger /* bytes */ WHERE @x IS NOT NULL", Columns{"ledger": list("night outcome")}},
	}
	c := catalogue(t, schemas.ZTF)
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Of(k.sql)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(k.want, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOfRefuses(t *testing.T) {
	t.Parallel()
	tower, before := "", "a"
	for i := 1; i <= 30; i++ { // each names the one before twice
		name := fmt.Sprintf("a%d", i)
		tower += ", " + name + " AS (SELECT x.night FROM " + before + " AS x, " + before + " AS y WHERE y.night = x.night)"
		before = name
	}
	cases := map[string]struct{ sql, says string }{
		"an unknown column":  {"SELECT magnitude FROM ledger", "no column magnitude is known"},
		"of an alias":        {"SELECT l.magnitude FROM ledger AS l", "no column l.magnitude is known"},
		"an unknown table":   {"SELECT 1 FROM ledgers", "no table or view ledgers is known"},
		"no query":           {"DELETE FROM ledger WHERE TRUE", "it is no SELECT"},
		"an open bracket":    {"SELECT COUNT( FROM ledger", "a bracket ( stays open"},
		"a bracket too many": {"SELECT 1) FROM ledger", "a bracket ) closes nothing"},
		"a strange sign":     {"SELECT $1 FROM ledger", "begins no word of GoogleSQL"},
		"an intersection":    {"SELECT night FROM ledger INTERSECT DISTINCT SELECT night FROM evaluations", "INTERSECT is not supported"},
		"an empty item":      {"SELECT night, FROM ledger", "an item of SELECT is empty"},
		"nothing":            {"", "it is no SELECT"},
		"too many names":     {"WITH a AS (SELECT night FROM ledger)" + tower + " SELECT night FROM a30", "name each other too often"},
	}
	c := catalogue(t, schemas.ZTF)
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := c.Of(k.sql); err == nil || !strings.Contains(err.Error(), k.says) {
				t.Errorf("error is %v, want it to say %q", err, k.says)
			}
		})
	}
	if _, err := NewCatalogue("atlas"); err == nil || !strings.Contains(err.Error(), `no tables of survey "atlas"`) {
		t.Errorf("an unknown survey: %v", err)
	}
}

// FuzzOf has the reader meet any text without a panic.
func FuzzOf(f *testing.F) {
	for _, survey := range []string{schemas.ZTF, schemas.LSST} {
		all, err := queries.All(survey)
		if err != nil {
			f.Fatal(err)
		}
		for _, q := range all {
			f.Add(q.SQL)
		}
	}
	f.Add("WITH a AS (SELECT * FROM a) SELECT * EXCEPT (b) FROM a, UNNEST(c) d ORDER BY 1")
	c, err := NewCatalogue(schemas.ZTF)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, sql string) { _, _ = c.Of(sql) })
}
