package bigquery_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/api/iterator"
)

// TestKillKeepsResources has a server killed after datasets, tables and views came
// and went: those that were there are there again, with all that was said of them.
func TestKillKeepsResources(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, child := startChild(t, dir)
	for _, sql := range []string{
		"CREATE SCHEMA lsst",
		"CREATE TABLE lsst.gone AS SELECT 1 AS a",
		"DROP SCHEMA lsst CASCADE",
		"CREATE SCHEMA ztf OPTIONS (description = 'of Palomar')",
		"CREATE TABLE ztf.Alerts (candid INT64 NOT NULL, prv ARRAY<STRUCT<jd FLOAT64>>) OPTIONS (description = \"it's all\")",
		"CREATE TABLE ztf.Alerts_gone (a INT64)",
		"DROP TABLE ztf.Alerts_gone",
		"ALTER TABLE ztf.Alerts ADD COLUMN fid INT64",
		"CREATE VIEW ztf.seen AS SELECT candid FROM ztf.Alerts",
	} {
		r.must(t, sql)
	}
	before := resources(t, r)
	if diff := cmp.Diff([]string{"ztf", "ztf.Alerts", "ztf.seen"}, slices.Sorted(maps.Keys(before))); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	r.close()

	again := startIn(t, dir)
	if diff := cmp.Diff(before, resources(t, again), cmpopts.IgnoreUnexported(bigquery.TableMetadata{})); diff != "" {
		t.Errorf("resources (-before +after):\n%s", diff)
	}
	again.must(t, "INSERT ztf.Alerts (candid, fid) VALUES (1, 2)")
	if diff := cmp.Diff([][]bigquery.Value{{int64(1)}}, again.must(t, "SELECT candid FROM ztf.seen")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	again.must(t, "CREATE SCHEMA lsst")
}

// resources are the metadata of all datasets, tables and views, by name.
func resources(t *testing.T, r *running) map[string]any {
	t.Helper()
	known := map[string]any{}
	for datasets := r.Datasets(t.Context()); ; {
		d, err := datasets.Next()
		if errors.Is(err, iterator.Done) {
			return known
		}
		if err != nil {
			t.Fatal(err)
		}
		if known[d.DatasetID], err = d.Metadata(t.Context()); err != nil {
			t.Fatal(err)
		}
		for tables := d.Tables(t.Context()); ; {
			table, err := tables.Next()
			if errors.Is(err, iterator.Done) {
				break
			}
			if err == nil {
				known[d.DatasetID+"."+table.TableID], err = table.Metadata(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
