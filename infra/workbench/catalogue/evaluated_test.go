package catalogue

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/warehouse"
)

// evaluations are tables with these rows.
func evaluations(t *testing.T, rows ...warehouse.Values) *warehouse.Warehouse {
	t.Helper()
	tables := openTables(t)
	tables.Append(t, "evaluations", rows...)
	return tables.Warehouse
}

// TestEvaluated has the view say of each alert what its last row says, and who
// was notified by any.
func TestEvaluated(t *testing.T) {
	t.Parallel()
	w := evaluations(t,
		evaluation(1, 1, warehouse.Values{"matched": []string{"a@1"}, "notified": []string{"b@1", "a@1"}}),
		evaluation(1, 3, warehouse.Values{"matched": []string{"a@1", "c@1"}, "replay": true}),
		evaluation(1, 2, warehouse.Values{"matched": []string{"a@1"}, "notified": []string{"a@1", "c@1"}}),
		evaluation(2, 1, nil),
	)
	result, err := w.Query(t.Context(), "SELECT candid, replay, matched, notified FROM evaluated ORDER BY candid", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]any
	for row, err := range result.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row)
	}
	want := [][]any{
		{int64(1), true, []any{"a@1", "c@1"}, []any{"a@1", "b@1", "c@1"}},
		{int64(2), nil, []any{}, []any{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("evaluated (-want +got):\n%s", diff)
	}
}

// TestNotified counts what functions/filter holds against a filter's
// matches an hour.
func TestNotified(t *testing.T) {
	t.Parallel()
	live := func(candid, second int, more warehouse.Values) warehouse.Values {
		row := evaluation(candid, second, more)
		if row["replay"] == nil {
			row["replay"] = false
		}
		return row
	}
	both := []string{"a@1", "paused@1"}
	w := evaluations(t,
		live(1, 1, warehouse.Values{"notified": both}), // before
		live(2, 11, warehouse.Values{"notified": both}),
		live(2, 12, warehouse.Values{"notified": both}), // again
		live(3, 13, warehouse.Values{"notified": []string{"a@1"}, "matched": both, "paused": []string{"paused"}}),
		live(4, 14, warehouse.Values{"notified": []string{"a@2", "paused@1"}}),
		live(5, 15, warehouse.Values{"notified": both, "replay": true}),
		live(6, 16, warehouse.Values{"matched": both}), // held back
	)
	query, err := os.ReadFile(filepath.FromSlash("../../../functions/filter/notified.sql"))
	if err != nil {
		t.Fatal(err)
	}
	result, err := w.Query(t.Context(), string(query),
		map[string]any{"night": "2026-09-01", "since": time.Date(2026, 9, 1, 12, 0, 10, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for row, err := range result.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		got[row[0].(string)] = row[1].(int64)
	}
	if diff := cmp.Diff(map[string]int64{"a": 3, "paused": 1}, got); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
}
