package bigquery_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func testDefinitions(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	for _, sql := range []string{
		"CREATE TABLE ztf.t AS SELECT 1 AS a",
		"CREATE TABLE IF NOT EXISTS ztf.t AS SELECT 'x' AS other",
		"CREATE OR REPLACE TABLE ztf.t AS SELECT 1 AS candid, [STRUCT(2.5 AS jd, 'r' AS band)] AS prv, DATE '2024-01-02' AS night",
		"CREATE VIEW IF NOT EXISTS ztf.v AS SELECT candid FROM ztf.t",
		"CREATE OR REPLACE VIEW ztf.v AS SELECT candid + 1 AS next FROM ztf.t",
		"DROP TABLE IF EXISTS ztf.absent",
		"DROP VIEW IF EXISTS ztf.absent",
	} {
		r.must(t, sql)
	}
	if diff := cmp.Diff([][]bigquery.Value{{int64(2)}}, r.must(t, "SELECT * FROM ztf.v")); diff != "" {
		t.Errorf("view (-want +got):\n%s", diff)
	}
	want := [][]bigquery.Value{
		{"candid", int64(1), "INT64"}, {"prv", int64(2), "ARRAY<STRUCT<jd FLOAT64, band STRING>>"}, {"night", int64(3), "DATE"},
	}
	got := r.must(t, "SELECT column_name, ordinal_position, data_type FROM ztf.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 't' ORDER BY 2")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	r.must(t, "DROP VIEW ztf.v")
	r.must(t, "DROP TABLE ztf.t")
	left := r.must(t, "SELECT COUNT(*) FROM ztf.INFORMATION_SCHEMA.TABLES")
	if diff := cmp.Diff([][]bigquery.Value{{int64(0)}}, left); diff != "" {
		t.Errorf("tables left (-want +got):\n%s", diff)
	}
}

func testSchemas(t *testing.T, r *running) {
	lsst := "lsst" + r.suffix
	r.must(t, "CREATE SCHEMA "+lsst+" OPTIONS(description='of Rubin', location='US')")
	t.Cleanup(func() { _ = r.Dataset("lsst").DeleteWithContents(context.Background()) })
	r.must(t, "CREATE SCHEMA IF NOT EXISTS `"+r.Project()+"."+lsst+"`")
	metadata, err := r.Dataset("lsst").Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if metadata.Description != "of Rubin" || metadata.Location != "US" {
		t.Errorf("description %q, location %q", metadata.Description, metadata.Location)
	}
	r.must(t, "CREATE TABLE "+lsst+".t (a INT64)")
	statement := func(sql string) func() error {
		return func() error { _, err := r.rows(t.Context(), sql); return err }
	}
	checkRefusals(t, []refusal{
		{"made again", statement("CREATE SCHEMA " + lsst), 409, "duplicate"},
		{"not empty", statement("DROP SCHEMA " + lsst), 400, "resourceInUse"},
		{"not empty, and RESTRICT", statement("DROP SCHEMA IF EXISTS " + lsst + " RESTRICT"), 400, "resourceInUse"},
		{"absent", statement("DROP SCHEMA absent" + r.suffix), 404, "notFound"},
	})
	r.must(t, "DROP SCHEMA "+lsst+" CASCADE")
	r.must(t, "DROP SCHEMA IF EXISTS "+lsst)
	if _, err := r.Dataset("lsst").Metadata(t.Context()); err == nil {
		t.Error("the dropped dataset is still there")
	}
}

// testSameTable makes a table by SQL and by a call, and compares what is told of both.
func testSameTable(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	r.must(t, "CREATE TABLE ztf.statement (objectId STRING NOT NULL, seen TIMESTAMP, prv ARRAY<STRUCT<jd FLOAT64>>) "+
		"PARTITION BY DATE(seen) CLUSTER BY objectId, `seen` OPTIONS (description = 'every alert')")
	call := &bigquery.TableMetadata{
		Description: "every alert",
		Schema: bigquery.Schema{
			{Name: "objectId", Type: bigquery.StringFieldType, Required: true},
			{Name: "seen", Type: bigquery.TimestampFieldType},
			{Name: "prv", Type: bigquery.RecordFieldType, Repeated: true, Schema: bigquery.Schema{{Name: "jd", Type: bigquery.FloatFieldType}}},
		},
		TimePartitioning: &bigquery.TimePartitioning{Type: bigquery.DayPartitioningType, Field: "seen"},
		Clustering:       &bigquery.Clustering{Fields: []string{"objectId", "seen"}},
	}
	if err := r.Dataset("ztf").Table("call").Create(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	var told []*bigquery.TableMetadata
	for _, name := range []string{"call", "statement"} {
		metadata, err := r.Dataset("ztf").Table(name).Metadata(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, metadata)
	}
	ignore := cmpopts.IgnoreFields(bigquery.TableMetadata{}, "FullID", "CreationTime", "LastModifiedTime", "ETag")
	if diff := cmp.Diff(told[0], told[1], ignore, cmpopts.IgnoreUnexported(bigquery.TableMetadata{})); diff != "" {
		t.Errorf("by a call, by a statement (-call +statement):\n%s", diff)
	}
	r.must(t, "CREATE TABLE ztf.filled PARTITION BY night CLUSTER BY a AS SELECT 1 AS a, DATE '2024-01-02' AS night")
	filled, err := r.Dataset("ztf").Table("filled").Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if filled.NumRows != 1 || filled.TimePartitioning == nil || filled.TimePartitioning.Field != "night" || filled.Clustering == nil {
		t.Errorf("rows %d, partitions %+v, clusters %+v", filled.NumRows, filled.TimePartitioning, filled.Clustering)
	}
}

// testColumns adds and drops columns, beside a writer that knows of none of it.
func testColumns(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	schema := bigquery.Schema{
		{Name: "night", Type: bigquery.DateFieldType},
		{Name: "candid", Type: bigquery.IntegerFieldType, Required: true}, {Name: "old", Type: bigquery.StringFieldType},
	}
	table := r.Dataset("ztf").Table("t")
	err := table.Create(t.Context(), &bigquery.TableMetadata{
		Schema: schema, TimePartitioning: &bigquery.TimePartitioning{Type: bigquery.DayPartitioningType, Field: "night"},
	})
	if err != nil {
		t.Fatal(err)
	}
	writer := r.stream(t, table, schema[:2])
	writer.must(t, `{"candid":"1"}`)
	for _, sql := range []string{
		"ALTER TABLE ztf.t ADD COLUMN x FLOAT64, ADD COLUMN IF NOT EXISTS candid STRING, ADD COLUMN prv ARRAY<STRUCT<jd FLOAT64>>",
		"ALTER TABLE ztf.t DROP COLUMN old, DROP COLUMN IF EXISTS absent",
		"ALTER TABLE IF EXISTS ztf.absent ADD COLUMN x STRING",
		"INSERT ztf.t (candid, x, prv) VALUES (2, 2.5, [STRUCT(1.5)])",
	} {
		r.must(t, sql)
	}
	writer.must(t, `{"candid":"3"}`)
	want := [][]bigquery.Value{{int64(1), nil, []bigquery.Value{}}, {int64(2), 2.5, []bigquery.Value{1.5}}, {int64(3), nil, []bigquery.Value{}}}
	if diff := cmp.Diff(want, r.must(t, "SELECT candid, x, ARRAY(SELECT p.jd FROM t.prv AS p) FROM ztf.t AS t ORDER BY candid"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"night DATE", "candid INTEGER", "x FLOAT", "prv RECORD", "prv.jd FLOAT"}, shapes(t, table)); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	statement := func(sql string) func() error {
		return func() error { _, err := r.rows(t.Context(), "ALTER TABLE ztf.t "+sql); return err }
	}
	checkRefusals(t, []refusal{
		{"a column that is there", statement("ADD COLUMN x STRING"), 400, "invalidQuery"},
		{"a column that is not", statement("DROP COLUMN absent"), 400, "invalidQuery"},
		{"a required column", statement("ADD COLUMN y INT64 NOT NULL"), 400, "invalidQuery"},
	})
	if _, err := r.rows(t.Context(), "ALTER TABLE ztf.t DROP COLUMN night"); err == nil {
		t.Error("the column of the partitions is dropped")
	}
}

// testRefusedDefinitions asks for what DDL can do and the server does not.
func testRefusedDefinitions(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	table := r.table(t, "t", bigquery.Schema{{Name: "a", Type: bigquery.StringFieldType}})
	r.must(t, "CREATE VIEW ztf.v AS SELECT a FROM ztf.t")
	r.must(t, "CREATE VIEW ztf.w AS SELECT a FROM ztf.v")
	ctx := t.Context()
	refusals := []refusal{
		{"a table's expiration", func() error {
			_, err := table.Update(ctx, bigquery.TableMetadataToUpdate{ExpirationTime: time.Now().Add(time.Hour)}, "")
			return err
		}, 501, "notImplemented"},
		{"a table that expires", func() error {
			return r.Dataset("ztf").Table("x").Create(ctx, &bigquery.TableMetadata{Schema: schemaOfA, ExpirationTime: time.Now().Add(time.Hour)})
		}, 501, "notImplemented"},
		{"a table that becomes a view", func() error {
			_, err := table.Update(ctx, bigquery.TableMetadataToUpdate{ViewQuery: "SELECT 1 AS a"}, "")
			return err
		}, 400, "invalid"},
		{"partitions by no column", func() error {
			return r.Dataset("ztf").Table("x").Create(ctx, &bigquery.TableMetadata{Schema: schemaOfA, Clustering: &bigquery.Clustering{Fields: []string{"b"}}})
		}, 400, "invalid"},
		{"a list by the page", func() error {
			it := r.Datasets(ctx)
			it.PageInfo().MaxSize = 1
			_, err := it.Next()
			return err
		}, 501, "notImplemented"},
	}
	for _, sql := range []string{
		"CREATE TABLE ztf.x (a INT64) PARTITION BY RANGE_BUCKET(a, [1, 2])",
		"CREATE TABLE ztf.x (a DATE) PARTITION BY DATE_TRUNC(a, MONTH)",
		"CREATE TABLE ztf.x (a INT64 OPTIONS(description='of a'))",
		"CREATE TABLE ztf.x (a INT64) AS SELECT 1 AS a",
		"CREATE TABLE ztf.x (a INT64) OPTIONS(expiration_timestamp='2030-01-01')",
		"CREATE TABLE ztf.x (a INT64) OPTIONS(require_partition_filter=TRUE)",
		"CREATE TABLE ztf.x",
		"CREATE VIEW ztf.x (a) AS SELECT 1",
		"CREATE MATERIALIZED VIEW ztf.x AS SELECT 1 AS a",
		"CREATE OR REPLACE SCHEMA ztf",
		"CREATE SCHEMA",
		"CREATE FUNCTION ztf.f() AS (1)",
		"CREATE OR REPLACE VIEW ztf.v AS SELECT * FROM ztf.v",
		"CREATE OR REPLACE VIEW ztf.v AS SELECT * FROM ztf.w",
		"DROP TABLE ztf.v",
		"DROP TABLE ztf.INFORMATION_SCHEMA.TABLES",
		"ALTER TABLE ztf.v ADD COLUMN b STRING",
		"ALTER TABLE ztf.t",
		"ALTER TABLE ztf.t RENAME TO u",
		"ALTER TABLE ztf.t DROP COLUMN a, ADD COLUMN a INT64",
		"ALTER TABLE ztf.t ALTER COLUMN a SET OPTIONS(description='of a')",
	} {
		refusals = append(refusals, refusal{sql, func() error { _, err := r.rows(ctx, sql); return err }, 400, "invalidQuery"})
	}
	checkRefusals(t, refusals)
	for _, path := range []string{"datasets/ztf/tables/t/data?selectedFields=a", "datasets?filter=labels.a", "datasets/ztf?datasetView=ACL"} {
		answer, err := http.Get("http://" + r.address + "/bigquery/v2/projects/" + project + "/" + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusNotImplemented {
			t.Errorf("%s: %s, want %d", path, answer.Status, http.StatusNotImplemented)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

var schemaOfA = bigquery.Schema{{Name: "a", Type: bigquery.StringFieldType}}

// The service promises no order. People who ask here are told the table's.
func TestInformationSchemaKeepsOrder(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	var columns []string
	var want [][]bigquery.Value
	for i := range 150 {
		columns = append(columns, fmt.Sprintf("%d AS c%d", i, i))
		want = append(want, []bigquery.Value{fmt.Sprintf("c%d", i)})
	}
	r.must(t, "CREATE TABLE ztf.wide AS SELECT "+strings.Join(columns, ", "))
	if diff := cmp.Diff(want, r.must(t, "SELECT column_name FROM ztf.INFORMATION_SCHEMA.COLUMNS")); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}
