package scan

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, house.Leaks()...) }

// open is ZTF's tables on a BigQuery of its own.
func open(t *testing.T) *house.Tables {
	t.Helper()
	tables := house.BigQuery(t, names.Resources{Project: "sky", Stream: names.ZTF})
	tables.Create(t)
	return tables
}

// TestMeasure compares sizes with those worked out by hand from BigQuery's
// published rules.
func TestMeasure(t *testing.T) {
	t.Parallel()
	tables := open(t)
	now := time.Date(2026, 9, 1, 5, 0, 0, 0, time.UTC)
	tables.Append(t, "evaluations",
		warehouse.Values{
			"night": "2026-09-01", "objectId": "ZTF18a", "candid": int64(1), "evaluated_at": now, "replay": true,
			"matched": []string{"a@1", "bright@22"}, "failed": []warehouse.Values{{"filter": "é", "reason": "slow"}, {"filter": "x"}},
		},
		warehouse.Values{"night": "2026-09-01", "objectId": "", "candid": int64(2), "evaluated_at": now},
		warehouse.Values{"night": "2026-09-02", "objectId": "other night", "candid": int64(3), "evaluated_at": now},
	)
	tables.Append(t, "filter_matches", warehouse.Values{
		"night": "2026-09-01", "objectId": "a", "candid": int64(1), "filter": "f", "version": int64(1), "matched_at": now,
		"ra": 10.5, "position": warehouse.Point(10.5, 20),
	})
	cases := map[string]struct {
		night string
		want  Sizes
	}{
		"evaluations": {"2026-09-01", Sizes{Rows: 2, Items: map[string]int64{"matched": 2, "failed": 2}, Bytes: map[string]int64{
			"night": 16, "objectId": 2 + 6 + 2, "candid": 16, "evaluated_at": 16, "replay": 1,
			"matched": 2 + 3 + 2 + 9, "failed.filter": 2 + 2 + 2 + 1, "failed.reason": 2 + 4, // é has two bytes
		}}},
		"filter_matches": {"", Sizes{Rows: 1, Bytes: map[string]int64{
			"night": 8, "objectId": 3, "candid": 8, "filter": 3, "version": 8, "matched_at": 8, "ra": 8, "position": 40,
		}}},
		"ledger": {"", Sizes{}}, // empty
	}
	for name, c := range cases {
		got, err := Measure(t.Context(), tables.Warehouse.Visit, tables.Definition(t, name), c.night)
		if err != nil {
			t.Fatal(err)
		}
		for _, sizes := range []map[string]int64{got.Bytes, got.Items} {
			for path, n := range sizes {
				if n == 0 {
					delete(sizes, path)
				}
			}
		}
		if got.Rows != c.want.Rows || !cmp.Equal(nonNil(c.want.Bytes), got.Bytes) || !cmp.Equal(nonNil(c.want.Items), got.Items) {
			t.Errorf("%s: %d rows, want %d; bytes (-want +got):\n%s\nitems:\n%s", name, got.Rows, c.want.Rows,
				cmp.Diff(nonNil(c.want.Bytes), got.Bytes), cmp.Diff(nonNil(c.want.Items), got.Items))
		}
	}
}

func nonNil(m map[string]int64) map[string]int64 {
	if m == nil {
		return map[string]int64{}
	}
	return m
}

// TestReport adds up what a query reads.
func TestReport(t *testing.T) {
	t.Parallel()
	tables := open(t)
	if _, err := Library(t.Context(), tables.Warehouse.Visit, schemas.ZTF, ""); err == nil || !strings.Contains(err.Error(), "there are no alerts") {
		t.Errorf("of empty tables: %v", err)
	}
	tables.Append(t, "alerts_stream",
		warehouse.Values{"objectId": "ZTF18a", "candid": int64(1), "night": "2026-09-01", "nightwire": warehouse.Values{"object": "a/b", "generation": int64(7)}},
		warehouse.Values{"objectId": "ZTF18b", "candid": int64(2), "night": "2026-09-01", "nightwire": warehouse.Values{"object": "a/c", "generation": int64(7)}})
	tables.Append(t, "evaluations", warehouse.Values{"night": "2026-09-01", "objectId": "ZTF18a", "candid": int64(1), "object": "a/b", "evaluated_at": time.Now()})
	report, err := Library(t.Context(), tables.Warehouse.Visit, schemas.ZTF, "2026-09-01")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range report.Queries {
		if q.Query != "missing-alerts" {
			continue
		}
		want := QueryScan{
			Query: "missing-alerts", Tables: []string{"alerts_stream", "evaluations", "ledger"}, Columns: 10,
			Bytes: 2*(8+5) + 8 + 5, PerAlert: 19.5,
		}
		if diff := cmp.Diff(want, q); diff != "" {
			t.Errorf("scan (-want +got):\n%s", diff)
		}
		if least, most := q.Billed(1), q.Billed(1e9); least != 3*10<<20 || math.Abs(most-19.5e9) > 1 {
			t.Errorf("billed %v bytes of one alert, and %v of a thousand million", least, most)
		}
	}
	if report.Alerts != 2 || len(report.Queries) != 8 {
		t.Errorf("%d alerts, %d queries", report.Alerts, len(report.Queries))
	}
}
