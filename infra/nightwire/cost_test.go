package main

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"nightwire.dev/infra/cost"
	"nightwire.dev/infra/queries/scan"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/warehouse"
)

func TestCost(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		arguments string
		says      []string
	}{
		"as it is":      {"cost", []string{"A night of 100,000 alerts of 70 kB on ztf, kept for 12 months", "Cloud Storage", "What costs most", "Left out"}},
		"with settings": {"cost --alerts-per-night 250000 --size 50kB --filters 3 --retention-months 24 --stream ztf-partnership", []string{"250,000 alerts of 50 kB on ztf-partnership, kept for 24 months"}},
		"of LSST":       {"cost --stream lsst", []string{"10,000,000 alerts of 139 kB on lsst", "with its schema, 21.89 kB", "a file has 160.9 kB"}},
		"every line":    {"cost --lines --match-fraction 0", []string{"rows of ledger and evaluations, appended", "730 h / 30 nights"}},
		"moved away":    {"cost night --colder nearline --lines", []string{"moved to nearline (at least)"}},
		"the prices":    {"cost prices", []string{"2026-09-20", "https://cloud.google.com/pubsub/pricing"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, err := line(t, strings.Fields(c.arguments)...)
			if err != nil {
				t.Fatal(err)
			}
			says(t, answer, c.says...)
		})
	}
}

func TestCostRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		arguments []string
		says      string
	}{
		"potatoes":      {[]string{"--size", "70 potatoes"}, `--size: "70 potatoes" is no size: write it like 70kB`},
		"potatoes, too": {[]string{"--size", "70kB", "potatoes"}, "unexpected argument potatoes"},
		"five bytes":    {[]string{"--size", "5"}, "want 1kB, and no alert is so small"},
		"no stream":     {[]string{"--stream", "atlas"}, `--stream: stream "atlas" is not one of`},
		"no alerts":     {[]string{"--alerts-per-night", "0"}, "0 alerts a night: want"},
		"many":          {[]string{"--alerts-per-night", "many"}, "--alerts-per-night"},
		"no fraction":   {[]string{"--match-fraction", "2"}, "the fraction that matches is 2: want 0 to 1"},
		"an icy class":  {[]string{"--colder", "ice"}, "--colder"},
		"no night":      {[]string{"measure", "--night", "yesterday"}, "--night yesterday: want a date"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := line(t, append([]string{"cost"}, c.arguments...)...)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is %v, want one sentence with %q", err, c.says)
			}
		})
	}
}

// TestCostJSON reads what programs get.
func TestCostJSON(t *testing.T) {
	t.Parallel()
	answer, err := line(t, "cost", "--format", "json", "--alerts-per-night", "1e6", "--size", "1000000")
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Bill cost.Bill `json:"bill"`
	}
	if err := json.Unmarshal([]byte(answer), &e); err != nil {
		t.Fatal(err)
	}
	if l := e.Bill.Load; l.Alerts != 1e6 || l.Size != 1e6 || l.Retention != 12 {
		t.Errorf("load is %+v", l)
	}
	if total := e.Bill.Total; total.Night <= 0 || math.Abs(total.Million-total.Night) > 1e-9*total.Night {
		t.Errorf("a night of a million costs %v, a million alerts %v", total.Night, total.Million)
	}
}

func TestCostMeasure(t *testing.T) {
	serveProject(t)
	tables := openTables(t)
	for _, definition := range schemas.Tables(schemas.ZTF) {
		if definition.Name != "alerts_stream" {
			continue
		}
		table, err := tables.Table(t.Context(), definition)
		if err != nil {
			t.Fatal(err)
		}
		if err := table.Append(t.Context(), warehouse.Row{Values: warehouse.Values{"objectId": "ZTF26a", "candid": candid, "night": "2026-09-01"}}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := (&costMeasure{Alerts: 100_000, Format: "table"}).tell(t.Context(), tables, schemas.ZTF, &out); err != nil {
		t.Fatal(err)
	}
	says(t, out.String(), "alerts_stream     1           24", "One night of 100000 alerts", "missing-alerts")
	out.Reset()
	if err := (&costMeasure{Format: "json"}).tell(t.Context(), tables, schemas.ZTF, &out); err != nil {
		t.Fatal(err)
	}
	var report scan.Report
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || report.Alerts != 1 || len(report.Queries) != 8 {
		t.Errorf("%v, report %+v", err, report)
	}
}
