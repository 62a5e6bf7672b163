package bigquery_test

import (
	"errors"
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/api/iterator"
)

func testTableResource(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	want := &bigquery.TableMetadata{
		Name: "alerts", Description: "every alert", Labels: map[string]string{"survey": "ztf"},
		Schema: bigquery.Schema{
			{Name: "objectId", Type: bigquery.StringFieldType, Required: true, Description: "the object's name"},
			{Name: "night", Type: bigquery.DateFieldType},
			{Name: "candidate", Type: bigquery.RecordFieldType, Schema: bigquery.Schema{{Name: "fid", Type: bigquery.IntegerFieldType}}},
		},
		TimePartitioning: &bigquery.TimePartitioning{Type: bigquery.DayPartitioningType, Field: "night"},
		Clustering:       &bigquery.Clustering{Fields: []string{"objectId"}},
		TableConstraints: &bigquery.TableConstraints{PrimaryKey: &bigquery.PrimaryKey{Columns: []string{"objectId"}}},
	}
	table := r.Dataset("ztf").Table("alerts")
	if err := table.Create(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got, err := table.Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ignore := cmpopts.IgnoreFields(bigquery.TableMetadata{}, "FullID", "Type", "Location", "CreationTime", "LastModifiedTime", "ETag")
	if diff := cmp.Diff(want, got, ignore, cmpopts.IgnoreUnexported(bigquery.TableMetadata{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if got.Type != bigquery.RegularTable || got.ETag == "" || got.CreationTime.IsZero() {
		t.Errorf("type %v, etag %q, created %v", got.Type, got.ETag, got.CreationTime)
	}
}

func testPatch(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	old := bigquery.Schema{
		{Name: "objectId", Type: bigquery.StringFieldType, Required: true},
		{Name: "prv", Type: bigquery.RecordFieldType, Repeated: true, Schema: bigquery.Schema{{Name: "jd", Type: bigquery.FloatFieldType}}},
	}
	field := func(name string, kind bigquery.FieldType) *bigquery.FieldSchema {
		return &bigquery.FieldSchema{Name: name, Type: kind}
	}
	prv := func(fields ...*bigquery.FieldSchema) *bigquery.FieldSchema {
		return &bigquery.FieldSchema{Name: "prv", Type: bigquery.RecordFieldType, Repeated: true, Schema: fields}
	}
	tests := []struct {
		name   string
		schema bigquery.Schema
		etag   string
		code   int
		reason string
	}{
		{"wrong etag", append(old, field("x", "STRING")), `"other"`, 412, "conditionNotMet"},
		{"column removed", old[:1], "", 400, "invalid: Field prv is missing in new schema"},
		{"type changed", bigquery.Schema{field("objectId", "INTEGER"), old[1]}, "", 400, "invalid"},
		{"nested type changed", bigquery.Schema{old[0], prv(field("jd", "INTEGER"))}, "", 400, "invalid"},
		{"required column added", append(old, &bigquery.FieldSchema{Name: "x", Type: "STRING", Required: true}), "", 400, "invalid"},
		{"column added", append(old, field("x", "STRING")), "", 0, ""},
		{"nested field added", bigquery.Schema{old[0], prv(field("fid", "INTEGER"), field("jd", "FLOAT"))}, "", 0, ""},
		{"required relaxed", bigquery.Schema{field("objectId", "STRING"), old[1]}, "", 0, ""},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := r.table(t, "t"+string(rune('a'+i)), old)
			r.stream(t, table, old).must(t, `{"objectId":"a","prv":[{"jd":1}]}`)
			_, err := table.Update(t.Context(), bigquery.TableMetadataToUpdate{Schema: tt.schema}, tt.etag)
			wanted, says, _ := strings.Cut(tt.reason, ": ")
			if code, reason := status(err); code != tt.code || reason != wanted || err != nil && !strings.Contains(err.Error(), says) {
				t.Fatalf("update: %d %q (%v), want %d %q", code, reason, err, tt.code, tt.reason)
			}
			got := r.must(t, "SELECT objectId, prv[OFFSET(0)].jd FROM ztf."+table.TableID)
			if diff := cmp.Diff([][]bigquery.Value{{"a", 1.0}}, got); diff != "" {
				t.Errorf("row after patch (-want +got):\n%s", diff)
			}
		})
	}
}

// refusal is a call that must fail, and how.
type refusal struct {
	name   string
	call   func() error
	code   int
	reason string
}

func checkRefusals(t *testing.T, refusals []refusal) {
	t.Helper()
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.call()
			if code, reason := status(err); code != tt.code || reason != tt.reason {
				t.Errorf("got %d %q (%v), want %d %q", code, reason, err, tt.code, tt.reason)
			}
		})
	}
}

func testErrors(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	schema := bigquery.Schema{{Name: "a", Type: bigquery.StringFieldType}}
	table := r.table(t, "t", schema)
	ctx := t.Context()
	query := func(sql string) func() error {
		return func() error { _, err := r.rows(ctx, sql); return err }
	}
	checkRefusals(t, []refusal{
		{"dataset exists", func() error { return r.Dataset("ztf").Create(ctx, nil) }, 409, "duplicate"},
		{"table exists", func() error { return table.Create(ctx, &bigquery.TableMetadata{Schema: schema}) }, 409, "duplicate"},
		{"no such dataset", func() error { _, err := r.Dataset("x").Metadata(ctx); return err }, 404, "notFound"},
		{"no such table", func() error { _, err := r.Dataset("ztf").Table("x").Metadata(ctx); return err }, 404, "notFound"},
		{"dataset in use", func() error { return r.Dataset("ztf").Delete(ctx) }, 400, "resourceInUse"},
		{"unknown type", func() error {
			return r.Dataset("ztf").Table("y").Create(ctx, &bigquery.TableMetadata{Schema: bigquery.Schema{{Name: "a", Type: "MAGNITUDE"}}})
		}, 400, "invalid"},
		{"query of a missing table", query("SELECT * FROM ztf.x"), 404, "notFound"},
		{"query of a missing column", query("SELECT b FROM ztf.t"), 400, "invalidQuery"},
		{"syntax", query("SELECT (1"), 400, "invalidQuery"},
		{"unknown function", query("SELECT NO_SUCH(1)"), 400, "invalidQuery"},
		{"division by zero", query("SELECT 1 / LENGTH('')"), 400, "invalidQuery"},
		{"missing parameter", query("SELECT @absent"), 400, "invalidQuery"},
		{"no such job", func() error { _, err := r.JobFromID(ctx, "absent"); return err }, 404, "notFound"},
	})
}

func testRefusals(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	schema := bigquery.Schema{{Name: "a", Type: bigquery.StringFieldType}}
	table := r.table(t, "t", schema)
	ctx := t.Context()
	query := func(sql string) func() error {
		return func() error { _, err := r.rows(ctx, sql); return err }
	}
	checkRefusals(t, []refusal{
		{"ranges", func() error {
			return r.Dataset("ztf").Table("y").Create(ctx, &bigquery.TableMetadata{Schema: bigquery.Schema{{Name: "a", Type: "RANGE"}}})
		}, 400, "invalid"},
		{"files of the machine", query("SELECT * FROM read_csv('/etc/passwd')"), 400, "invalidQuery"},
		{"script", query("SELECT 1; SELECT 2"), 400, "invalidQuery"},
		{"a result of a type", query("SELECT INTERVAL 1 DAY"), 501, "notImplemented"},
		{"a verb of FORMAT", query("SELECT FORMAT('%t', TRUE)"), 400, "invalidQuery"},
		{"legacy SQL", func() error {
			q := r.Query("SELECT 1")
			q.UseLegacySQL = true
			_, err := q.Read(ctx)
			return err
		}, 501, "notImplemented"},
		{"record as a parameter", func() error {
			_, err := r.rows(ctx, "SELECT @x.a", bigquery.QueryParameter{Name: "x", Value: struct{ A int }{1}})
			return err
		}, 501, "notImplemented"},
		{"dry run of a change", func() error {
			q := r.Query("CREATE TABLE ztf.made AS SELECT 1 AS a")
			q.DryRun = true
			_, err := q.Run(ctx)
			return err
		}, 501, "notImplemented"},
		{"destination table", func() error {
			q := r.Query("SELECT 1")
			q.Dst = table
			_, err := q.Read(ctx)
			return err
		}, 501, "notImplemented"},
		{"load job", func() error {
			_, err := table.LoaderFrom(bigquery.NewGCSReference("gs://b/o")).Run(ctx)
			return err
		}, 501, "notImplemented"},
		{"copy job", func() error {
			_, err := r.Dataset("ztf").Table("copy").CopierFrom(table).Run(ctx)
			return err
		}, 501, "notImplemented"},
		{"extract job", func() error {
			_, err := table.ExtractorTo(bigquery.NewGCSReference("gs://b/o")).Run(ctx)
			return err
		}, 501, "notImplemented"},
		{"streaming insert", func() error {
			return table.Inserter().Put(ctx, &bigquery.ValuesSaver{Schema: schema, Row: []bigquery.Value{"a"}})
		}, 501, "notImplemented"},
		{"dataset's change", func() error {
			_, err := r.Dataset("ztf").Update(ctx, bigquery.DatasetMetadataToUpdate{Description: "of ZTF"}, "")
			return err
		}, 501, "notImplemented"},
	})
}

func testListAndDelete(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	r.dataset(t, "lsst")
	r.table(t, "b", bigquery.Schema{{Name: "a", Type: bigquery.StringFieldType}})
	r.table(t, "a", bigquery.Schema{{Name: "a", Type: bigquery.StringFieldType}})
	ctx := t.Context()
	if err := r.Dataset("ztf").Table("b").Delete(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.Dataset("lsst").DeleteWithContents(ctx); err != nil {
		t.Fatal(err)
	}
	var names []string
	for it := r.Datasets(ctx); ; {
		d, err := it.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(d.DatasetID, r.suffix) {
			continue // another's, in the same project
		}
		for tables := d.Tables(ctx); ; {
			table, err := tables.Next()
			if errors.Is(err, iterator.Done) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, strings.TrimSuffix(d.DatasetID, r.suffix)+"."+table.TableID)
		}
	}
	if diff := cmp.Diff([]string{"ztf.a"}, names); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}
