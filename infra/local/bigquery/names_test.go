package bigquery_test

import (
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"
)

// testNamesInCapitals: to DuckDB names that differ in capitals only are one, and
// a statement about the one must not touch the other's rows.
func testNamesInCapitals(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	r.must(t, "CREATE TABLE ztf.seen AS SELECT 1 AS candid")
	for sql, message := range map[string]string{
		"CREATE TABLE ztf.Seen (candid INT64)":                   "differ in capitals only",
		"CREATE OR REPLACE TABLE ztf.SEEN AS SELECT 2 AS candid": "differ in capitals only",
		"CREATE VIEW ztf.Seen AS SELECT 2 AS candid":             "differ in capitals only",
		"DROP TABLE ztf.Seen":                                    "Not found",
		"CREATE OR REPLACE VIEW ztf.seen AS SELECT 2 AS candid":  "does not replace it",
		"CREATE TABLE ztf.seen (candid INT64)":                   "Already Exists",
		"CREATE SCHEMA ZTF":                                      "differ in capitals only",
		"CREATE SCHEMA ztf":                                      "Already Exists",
		"CREATE SCHEMA Memory":                                   "no name of the database's own",
		"CREATE SCHEMA system":                                   "no name of the database's own",
		"CREATE SCHEMA googlesql":                                "no name of the database's own",
	} {
		if _, err := r.rows(t.Context(), sql); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: error %v, want %q", sql, err, message)
		}
	}
	r.must(t, "CREATE OR REPLACE TABLE ztf.seen AS SELECT candid + 1 AS candid FROM ztf.seen")
	if diff := cmp.Diff([][]bigquery.Value{{int64(2)}}, r.must(t, "SELECT candid FROM ztf.seen")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func testQueriesBesideDefinitions(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	r.must(t, "CREATE TABLE ztf.changing AS SELECT 1 AS candid")
	changed := make(chan struct{})
	go func() {
		defer close(changed)
		for range 20 {
			for _, change := range []string{"ADD COLUMN jd FLOAT64", "DROP COLUMN jd"} {
				if _, err := r.rows(t.Context(), "ALTER TABLE ztf.changing "+change); err != nil {
					t.Errorf("%s: %v", change, err)
				}
			}
		}
	}()
	for {
		select {
		case <-changed:
			return
		default:
			if _, err := r.rows(t.Context(), "SELECT * FROM ztf.changing"); err != nil {
				t.Fatal(err)
			}
		}
	}
}
