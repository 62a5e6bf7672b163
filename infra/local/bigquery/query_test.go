package bigquery_test

import (
	"fmt"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func testPaging(t *testing.T, r *running) {
	const n = 30000
	sql := fmt.Sprintf("SELECT x, REPEAT('a', 1000) AS pad FROM UNNEST(GENERATE_ARRAY(1, %d)) AS x ORDER BY x DESC", n)
	run := map[string]func() (*bigquery.RowIterator, error){
		"query": func() (*bigquery.RowIterator, error) { return r.Query(sql).Read(t.Context()) },
		"job": func() (*bigquery.RowIterator, error) {
			q := r.Query(sql)
			q.JobID = "paging" + r.suffix
			job, err := q.Run(t.Context())
			if err != nil {
				return nil, err
			}
			return job.Read(t.Context())
		},
		"small pages": func() (*bigquery.RowIterator, error) {
			it, err := r.Query(sql).Read(t.Context())
			if err == nil {
				it.PageInfo().MaxSize = 7000
			}
			return it, err
		},
	}
	for name, read := range run {
		t.Run(name, func(t *testing.T) {
			it, err := read()
			if err != nil {
				t.Fatal(err)
			}
			rows, err := readAll(it)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != n || it.TotalRows != n {
				t.Fatalf("%d rows, total %d, want %d", len(rows), it.TotalRows, n)
			}
			for i, row := range rows {
				if row[0] != int64(n-i) {
					t.Fatalf("row %d is %v", i, row[0])
				}
			}
		})
	}
}

func testParameters(t *testing.T, r *running) {
	at := time.UnixMicro(1700000000123456).UTC()
	tests := []struct {
		name       string
		sql        string
		parameters []bigquery.QueryParameter
		want       []bigquery.Value
	}{
		{"string with a quote", "SELECT @x", []bigquery.QueryParameter{{Name: "x", Value: "it's"}}, []bigquery.Value{"it's"}},
		{"empty string", "SELECT @x", []bigquery.QueryParameter{{Name: "x", Value: ""}}, []bigquery.Value{""}},
		{"null", "SELECT @x IS NULL", []bigquery.QueryParameter{{Name: "x", Value: bigquery.NullString{}}}, []bigquery.Value{true}},
		{"name in other case", "SELECT @Candid + 1", []bigquery.QueryParameter{{Name: "candid", Value: int64(1234567890123456789)}}, []bigquery.Value{int64(1234567890123456790)}},
		{"float", "SELECT @x / 2", []bigquery.QueryParameter{{Name: "x", Value: 0.25}}, []bigquery.Value{0.125}},
		{"timestamp", "SELECT @x", []bigquery.QueryParameter{{Name: "x", Value: at}}, []bigquery.Value{at}},
		{"date", "SELECT DATE_ADD(@x, INTERVAL 1 DAY)", []bigquery.QueryParameter{{Name: "x", Value: civil.Date{Year: 2024, Month: 2, Day: 28}}}, []bigquery.Value{civil.Date{Year: 2024, Month: 2, Day: 29}}},
		{"bytes", "SELECT @x", []bigquery.QueryParameter{{Name: "x", Value: []byte{0, 255}}}, []bigquery.Value{[]byte{0, 255}}},
		{"array", "SELECT 'b' IN UNNEST(@x), ARRAY_LENGTH(@x)", []bigquery.QueryParameter{{Name: "x", Value: []string{"a", "b"}}}, []bigquery.Value{true, int64(2)}},
		{"empty array", "SELECT ARRAY_LENGTH(@x)", []bigquery.QueryParameter{{Name: "x", Value: []int64{}}}, []bigquery.Value{int64(0)}},
		{"positional", "SELECT ?, ? + 1", []bigquery.QueryParameter{{Value: "a"}, {Value: 2}}, []bigquery.Value{"a", int64(3)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := r.must(t, tt.sql, tt.parameters...)
			if diff := cmp.Diff([][]bigquery.Value{tt.want}, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func testViewsFollowTheirTables(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	schema := bigquery.Schema{{Name: "objectId", Type: bigquery.StringFieldType}, {Name: "magpsf", Type: bigquery.FloatFieldType}}
	table := r.table(t, "alerts", schema)
	r.stream(t, table, schema).must(t, `{"objectId":"a","magpsf":18}`, `{"objectId":"b","magpsf":21}`)
	ctx := t.Context()
	bright := r.Dataset("ztf").Table("bright")
	if err := bright.Create(ctx, &bigquery.TableMetadata{ViewQuery: r.text("SELECT * FROM `sky.ztf.alerts` WHERE magpsf < 20")}); err != nil {
		t.Fatal(err)
	}
	r.must(t, "CREATE VIEW ztf.names AS SELECT objectId FROM ztf.bright -- of the bright ones")
	meta, err := bright.Metadata(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if meta.Type != bigquery.ViewTable || len(meta.Schema) != 2 {
		t.Errorf("type %v, schema %v", meta.Type, meta.Schema)
	}
	wider := bigquery.Schema{schema[0], schema[1], {Name: "fid", Type: bigquery.IntegerFieldType}}
	if _, err := table.Update(ctx, bigquery.TableMetadataToUpdate{Schema: wider}, ""); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]bigquery.Value{{"a", 18.0, nil}}, r.must(t, "SELECT * FROM ztf.bright")); diff != "" {
		t.Errorf("view after its table grew (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]bigquery.Value{{"a"}}, r.must(t, "SELECT n.objectId FROM ztf.names AS n")); diff != "" {
		t.Errorf("view on a view (-want +got):\n%s", diff)
	}
	want := [][]bigquery.Value{{"alerts", "BASE TABLE"}, {"bright", "VIEW"}, {"names", "VIEW"}}
	if diff := cmp.Diff(want, r.must(t, "SELECT table_name, table_type FROM ztf.INFORMATION_SCHEMA.TABLES ORDER BY 1")); diff != "" {
		t.Errorf("information schema (-want +got):\n%s", diff)
	}
}

func testStatementsThatChange(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	steps := []struct {
		sql      string
		affected int64
	}{
		{"CREATE TABLE ztf.t AS SELECT x AS candid, CAST(x AS FLOAT64) AS magpsf, [STRUCT(x AS jd)] AS prv FROM UNNEST([1, 2, 3]) AS x", 0},
		{"INSERT ztf.t (candid, magpsf) VALUES (4, 4.5), (5, NULL)", 2},
		{"INSERT INTO `sky.ztf.t` (candid) SELECT candid + 10 FROM ztf.t WHERE candid < 3", 2},
		{"UPDATE ztf.t SET magpsf = magpsf + 0.5 WHERE candid <= 2", 2},
		{"DELETE ztf.t WHERE candid = 3", 1},
		{"MERGE INTO ztf.t AS t USING (SELECT 4 AS candid UNION ALL SELECT 20) AS s ON t.candid = s.candid WHEN MATCHED THEN UPDATE SET magpsf = 0.0 WHEN NOT MATCHED THEN INSERT (candid) VALUES (s.candid)", 2},
	}
	for _, step := range steps {
		job, err := r.Query(step.sql).Run(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", step.sql, err)
		}
		done, err := job.Wait(t.Context())
		if err != nil || done.Err() != nil {
			t.Fatalf("%s: %v %v", step.sql, err, done.Err())
		}
		if q, ok := done.Statistics.Details.(*bigquery.QueryStatistics); !ok || q.NumDMLAffectedRows != step.affected {
			t.Errorf("%s: statistics %+v, want %d rows", step.sql, done.Statistics.Details, step.affected)
		}
	}
	want := [][]bigquery.Value{{int64(1), 1.5}, {int64(2), 2.5}, {int64(4), 0.0}, {int64(5), nil}, {int64(11), nil}, {int64(12), nil}, {int64(20), nil}}
	if diff := cmp.Diff(want, r.must(t, "SELECT candid, magpsf FROM ztf.t ORDER BY candid"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	r.must(t, "DROP TABLE ztf.t")
	if code, _ := status(r.Dataset("ztf").Table("t").Delete(t.Context())); code != 404 {
		t.Errorf("the dropped table is still there: %d", code)
	}
}

func testDryRun(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	q := r.Query("SELECT 1 AS a, [STRUCT('x' AS b)] AS c")
	q.DryRun = true
	job, err := q.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	details, ok := job.LastStatus().Statistics.Details.(*bigquery.QueryStatistics)
	if !ok {
		t.Fatalf("details are %T", job.LastStatus().Statistics.Details)
	}
	want := bigquery.Schema{
		{Name: "a", Type: "INTEGER"},
		{Name: "c", Type: "RECORD", Repeated: true, Schema: bigquery.Schema{{Name: "b", Type: "STRING"}}},
	}
	if diff := cmp.Diff(want, details.Schema); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}
