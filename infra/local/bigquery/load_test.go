package bigquery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2/ocf"
	"nightwire.dev/infra/local/conformance"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
)

// source is the bucket that load jobs of a case read.
func (r *running) source(t *testing.T) *storage.BucketHandle {
	t.Helper()
	if r.bucket != nil {
		return r.bucket
	}
	client, err := storage.NewClient(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	made := client.Bucket("nightwire-" + conformance.Suffix())
	if err := made.Create(t.Context(), r.Project(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for object, err := range bucket.Objects(context.Background(), made, nil) {
			if err == nil {
				err = made.Object(object.Name).Delete(context.Background())
			}
			if err != nil {
				t.Error(err)
				break
			}
		}
		_ = errors.Join(made.Delete(context.Background()), client.Close())
	})
	return made
}

func upload(t *testing.T, to *storage.BucketHandle, name string, content []byte) {
	t.Helper()
	if _, err := bucket.Write(t.Context(), to.Object(name), "avro/binary", content, nil); err != nil {
		t.Fatal(err)
	}
}

// container is an Avro file of records.
func container(t *testing.T, schema string, codec ocf.CodecName, records ...any) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := ocf.NewEncoder(schema, &file, ocf.WithCodec(codec), ocf.WithBlockLength(2), ocf.WithSchemaMarshaler(ocf.FullSchemaMarshaler))
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		if err := w.Encode(record); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// loading runs a load job to its end.
func loading(t *testing.T, table *bigquery.Table, set func(*bigquery.Loader), uris ...string) (*bigquery.JobStatistics, error) {
	t.Helper()
	source := bigquery.NewGCSReference(uris...)
	source.SourceFormat = bigquery.Avro
	loader := table.LoaderFrom(source)
	if set != nil {
		set(loader)
	}
	job, err := loader.Run(t.Context())
	if err != nil {
		return nil, err
	}
	status, err := job.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return status.Statistics, status.Err()
}

const sightings = `{"type":"record","name":"sighting","fields":[{"name":"candid","type":"long"},{"name":"magpsf","type":["null","float"]}]}`

func sighting(candid int64, magpsf any) map[string]any {
	return map[string]any{"candid": candid, "magpsf": magpsf}
}

// testLoad loads files by name and by wildcard, and disposes of what is there.
func testLoad(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	from := r.source(t)
	uri := func(object string) string { return "gs://" + from.BucketName() + "/" + object }
	one := container(t, sightings, ocf.Null, sighting(1, float32(18.5)), sighting(2, nil), sighting(3, nil))
	two := container(t, sightings, ocf.Deflate, sighting(4, float32(19)))
	upload(t, from, "night=2026-09-01/a/1.avro", one)
	upload(t, from, "night=2026-09-01/b/2.avro", two)
	upload(t, from, "night=2026-09-01/b/note.txt", []byte("no Avro"))
	upload(t, from, "night=2026-09-02/3.avro", container(t, sightings, ocf.Snappy, sighting(5, nil)))
	upload(t, from, "broken.avro", one[:len(one)-7])
	upload(t, from, "other.avro", container(t, strings.Replace(sightings, "magpsf", "magap", 1), ocf.Null, map[string]any{"candid": int64(9), "magap": nil}))
	upload(t, from, "text.avro", container(t, `{"type":"record","name":"sighting","fields":[{"name":"candid","type":"string"}]}`, ocf.Null, map[string]any{"candid": "9"}))
	upload(t, from, "optional.avro", container(t, `{"type":"record","name":"sighting","fields":[{"name":"candid","type":["null","long"]}]}`, ocf.Null, map[string]any{"candid": int64(9)}))
	upload(t, from, "nameless.avro", container(t, `{"type":"record","name":"sighting","fields":[{"name":"magpsf","type":["null","float"]}]}`, ocf.Null, map[string]any{"magpsf": nil}))
	upload(t, from, "nothing_optional.avro", container(t, `{"type":"record","name":"sighting","fields":[{"name":"candid","type":"long"}]}`, ocf.Null, map[string]any{"candid": int64(6)}))
	table := r.Dataset("ztf").Table("sightings")

	statistics, err := loading(t, table, nil, uri("night=2026-09-01/*.avro"))
	if err != nil {
		t.Fatal(err)
	}
	want := &bigquery.LoadStatistics{InputFileBytes: int64(len(one) + len(two)), InputFiles: 2, OutputRows: 4}
	if diff := cmp.Diff(want, statistics.Details); diff != "" {
		t.Errorf("statistics (-want +got):\n%s", diff)
	}
	metadata, err := table.Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	schema := bigquery.Schema{{Name: "candid", Type: bigquery.IntegerFieldType, Required: true}, {Name: "magpsf", Type: bigquery.FloatFieldType}}
	if diff := cmp.Diff(schema, metadata.Schema); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}

	truncate := func(l *bigquery.Loader) { l.WriteDisposition = bigquery.WriteTruncate }
	tests := []struct {
		name   string
		set    func(*bigquery.Loader)
		uris   []string
		reason string // of the error, none if empty
		says   string
		want   []int64 // candids afterwards
	}{
		{name: "append", uris: []string{uri("night=2026-09-02/3.avro")}, want: []int64{1, 2, 3, 4, 5}},
		{name: "a broken file", uris: []string{uri("night=2026-09-02/*"), uri("broken.avro")}, reason: "invalid", says: uri("broken.avro"), want: []int64{1, 2, 3, 4, 5}},
		{name: "no Avro", uris: []string{uri("night=2026-09-01/b/*")}, reason: "invalid", says: "note.txt", want: []int64{1, 2, 3, 4, 5}},
		{name: "no such object", uris: []string{uri("nothing.avro")}, reason: "notFound", says: uri("nothing.avro"), want: []int64{1, 2, 3, 4, 5}},
		{name: "nothing under a wildcard", uris: []string{uri("nothing/*")}, reason: "notFound", says: uri("nothing/*"), want: []int64{1, 2, 3, 4, 5}},
		{name: "no such bucket", uris: []string{"gs://" + from.BucketName() + "-nothing/*"}, reason: "notFound", says: "-nothing", want: []int64{1, 2, 3, 4, 5}},
		{name: "another field", uris: []string{uri("other.avro")}, reason: "invalid", says: "magap", want: []int64{1, 2, 3, 4, 5}},
		{name: "another type", uris: []string{uri("text.avro")}, reason: "invalid", says: "Field candid is REQUIRED STRING in gs://", want: []int64{1, 2, 3, 4, 5}},
		{name: "another mode", uris: []string{uri("optional.avro")}, reason: "invalid", says: "candid", want: []int64{1, 2, 3, 4, 5}},
		{name: "without a required field", uris: []string{uri("nameless.avro")}, reason: "invalid", says: "Field candid is required in the table, and missing in gs://", want: []int64{1, 2, 3, 4, 5}},
		{name: "without another", uris: []string{uri("nothing_optional.avro")}, want: []int64{1, 2, 3, 4, 5, 6}},
		{name: "truncate", set: truncate, uris: []string{uri("night=2026-09-02/*")}, want: []int64{5}},
		{name: "truncate into another schema", set: truncate, uris: []string{uri("other.avro")}, want: []int64{9}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := loading(t, table, tt.set, tt.uris...)
			var failed *bigquery.Error
			switch {
			case tt.reason == "" && err != nil:
				t.Error(err)
			case tt.reason != "" && (!errors.As(err, &failed) || failed.Reason != tt.reason || !strings.Contains(failed.Message, tt.says)):
				t.Errorf("error is %v, want %s with %q", err, tt.reason, tt.says)
			}
			var got []int64
			for _, row := range r.must(t, "SELECT candid FROM ztf.sightings ORDER BY candid") {
				got = append(got, row[0].(int64))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("candids (-want +got):\n%s", diff)
			}
		})
	}
}

// testLoadTypes loads every type that has a column.
func testLoadTypes(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	from := r.source(t)
	const schema = `{"type":"record","name":"all","fields":[
		{"name":"yes","type":"boolean"},{"name":"int","type":"int"},{"name":"long","type":"long","doc":"more than 2^53"},
		{"name":"float","type":"float"},{"name":"double","type":["double","null"]},{"name":"text","type":"string"},
		{"name":"raw","type":"bytes"},{"name":"four","type":{"type":"fixed","name":"four","size":4}},
		{"name":"band","type":{"type":"enum","name":"band","symbols":["g","r"]}},
		{"name":"items","type":["null",{"type":"array","items":"long"}]},
		{"name":"inner","type":["null",{"type":"record","name":"inner","fields":[{"name":"prv","type":{"type":"array","items":
			{"type":"record","name":"prv","fields":[{"name":"jd","type":"double"},{"name":"note","type":["null","string"]}]}}}]}]},
		{"name":"day","type":{"type":"int","logicalType":"date"}},
		{"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}]}]}`
	record := map[string]any{
		"yes": true, "int": -7, "long": int64(1)<<60 + 1, "float": float32(0.5), "double": 0.1, "text": "Σ", "raw": []byte{0, 255},
		"four": [4]byte{1, 2, 3, 4}, "band": "r", "items": []int64{1, 2},
		"inner": map[string]any{"inner": map[string]any{"prv": []any{map[string]any{"jd": 1.5, "note": "a"}, map[string]any{"jd": 2.5, "note": nil}}}},
		"day":   time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), "at": time.Date(2026, 9, 1, 2, 3, 4, 5e3, time.UTC),
	}
	empty := map[string]any{
		"yes": false, "int": 0, "long": int64(0), "float": float32(0), "double": nil, "text": "", "raw": []byte{}, "four": [4]byte{},
		"band": "g", "items": nil, "inner": nil, "day": time.Unix(0, 0).UTC(), "at": nil,
	}
	upload(t, from, "all.avro", container(t, schema, ocf.Null, record, empty))
	prv := []bigquery.Value{[]bigquery.Value{1.5, "a"}, []bigquery.Value{2.5, nil}}
	want := [][]bigquery.Value{
		{true, int64(-7), int64(1)<<60 + 1, 0.5, 0.1, "Σ", []byte{0, 255}, []byte{1, 2, 3, 4}, "r",
			[]bigquery.Value{int64(1), int64(2)}, []bigquery.Value{prv}, int64(20697), int64(1788228184000005)},
		{false, int64(0), int64(0), 0.0, nil, "", []byte{}, make([]byte, 4), "g", []bigquery.Value(nil), nil, int64(0), nil},
	}
	table := r.Dataset("ztf").Table("types")
	if _, err := loading(t, table, nil, "gs://"+from.BucketName()+"/all.avro"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, r.must(t, "SELECT * FROM ztf.types ORDER BY yes DESC")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	metadata, err := table.Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := metadata.Schema[2].Description; got != "more than 2^53" {
		t.Errorf("the description is %q", got)
	}
}

func testLoadRefusals(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	table := r.table(t, "t", bigquery.Schema{{Name: "candid", Type: bigquery.IntegerFieldType}})
	upload(t, r.bucket, "map.avro", container(t, `{"type":"record","name":"r","fields":[{"name":"m","type":{"type":"map","values":"int"}}]}`, ocf.Null, map[string]any{"m": map[string]any{}}))
	tests := []struct {
		name string
		uri  string
		set  func(*bigquery.Loader, *bigquery.GCSReference)
		says string
	}{
		{"CSV", "o", func(_ *bigquery.Loader, f *bigquery.GCSReference) { f.SourceFormat = "" }, "CSV"},
		{"JSON", "o", func(_ *bigquery.Loader, f *bigquery.GCSReference) { f.SourceFormat = bigquery.JSON }, "NEWLINE_DELIMITED_JSON"},
		{"Parquet", "o", func(_ *bigquery.Loader, f *bigquery.GCSReference) { f.SourceFormat = bigquery.Parquet }, "PARQUET"},
		{"a schema", "o", func(_ *bigquery.Loader, f *bigquery.GCSReference) {
			f.Schema = bigquery.Schema{{Name: "a", Type: "STRING"}}
		}, "schema"},
		{"bad records", "o", func(_ *bigquery.Loader, f *bigquery.GCSReference) { f.MaxBadRecords = 1 }, "maxBadRecords"},
		{"more fields", "o", func(l *bigquery.Loader, _ *bigquery.GCSReference) {
			l.SchemaUpdateOptions = []string{"ALLOW_FIELD_ADDITION"}
		}, "schemaUpdateOptions"},
		{"only an empty table", "o", func(l *bigquery.Loader, _ *bigquery.GCSReference) { l.WriteDisposition = bigquery.WriteEmpty }, "WRITE_EMPTY"},
		{"only a table that is there", "o", func(l *bigquery.Loader, _ *bigquery.GCSReference) { l.CreateDisposition = bigquery.CreateNever }, "CREATE_NEVER"},
		{"logical types", "o", func(_ *bigquery.Loader, f *bigquery.GCSReference) {
			f.AvroOptions = &bigquery.AvroOptions{UseAvroLogicalTypes: true}
		}, "useAvroLogicalTypes"},
		{"a map", "map.avro", nil, "field m: no column is made of Avro's map"},
		{"two wildcards", "a*b*", nil, "one wildcard"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := loading(t, table, func(l *bigquery.Loader) {
				if tt.set != nil {
					tt.set(l, l.Src.(*bigquery.GCSReference))
				}
			}, "gs://"+r.bucket.BucketName()+"/"+tt.uri)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error is %v, want one with %q", err, tt.says)
			}
		})
	}
}

// TestLoadArchive loads a night as the function archive leaves it, stamps and
// all.
func TestLoadArchive(t *testing.T) {
	t.Parallel()
	alerts := realdata.Alerts(t, func(truth map[string]any) bool { return truth["survey"] == "ztf" && truth["schemavsn"] == "3.3" })
	r := start(t)
	r.dataset(t, "ztf")
	want, asSent := map[int64][]byte{}, ""
	for _, alert := range alerts {
		p, err := new(packet.Decoder).Decode(t.Context(), alert.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		candid := p.Record.Get("candid").Int()
		want[candid] = p.Record.Get("cutoutScience", "stampData").Bytes()
		upload(t, r.bucket, fmt.Sprintf("v3_3/night=2026-09-01/%s/%d.avro", p.Record.Get("objectId").Text(), candid), p.File())
		if p.Schema.Mended {
			asSent = "sent.avro"
			upload(t, r.bucket, asSent, alert.Bytes)
		}
	}
	table := r.Dataset("ztf").Table("archived")
	statistics, err := loading(t, table, nil, "gs://"+r.bucket.BucketName()+"/v3_3/night=2026-09-01/*")
	if err != nil {
		t.Fatal(err)
	}
	if got := statistics.Details.(*bigquery.LoadStatistics).OutputRows; got != int64(len(want)) {
		t.Errorf("%d rows, want %d", got, len(want))
	}
	got := map[int64][]byte{}
	for _, row := range r.must(t, "SELECT candid, cutoutScience.stampData FROM ztf.archived") {
		got[row[0].(int64)] = row[1].([]byte)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stamps (-want +got):\n%s", diff)
	}
	if asSent == "" {
		t.Fatal("no alert has the header that ZTF sent")
	}
	if _, err := loading(t, table, nil, "gs://"+r.bucket.BucketName()+"/"+asSent); err == nil || !strings.Contains(err.Error(), "default value") {
		t.Errorf("a header as ZTF sent it: error is %v, want one about the default value", err)
	}
}

// held is a Cloud Storage that keeps the readers of one object waiting.
func held(t *testing.T, address, object string) (front string, waiting <-chan struct{}, release func()) {
	t.Helper()
	arrived, released := make(chan struct{}), make(chan struct{})
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, object) && r.URL.Query().Get("alt") == "media" {
			once.Do(func() { close(arrived) })
			<-released
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), arrived, sync.OnceFunc(func() { close(released) })
}

// TestLoadBesideOthers has others read, write and change the table while files
// are loaded into it.
func TestLoadBesideOthers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		write  bigquery.TableWriteDisposition
		create bool   // the table, which is not there
		change string // to the table, by SQL
		end    func(context.Context, *bigquery.Job) error
		want   int64 // rows afterwards
		fails  string
	}{
		{name: "rows", want: 4},
		{name: "rows, of which none are to stay", write: bigquery.WriteTruncate, want: 3},
		{name: "a wider type of what is not to stay", write: bigquery.WriteTruncate, change: "ALTER TABLE ztf.sightings ALTER COLUMN magpsf SET DATA TYPE FLOAT64",
			fails: "changed while files were loaded", want: 1},
		{name: "a wider type", change: "ALTER TABLE ztf.sightings ALTER COLUMN magpsf SET DATA TYPE FLOAT64", fails: "changed while files were loaded", want: 1},
		{name: "no table", change: "DROP TABLE ztf.sightings", fails: "changed while files were loaded", want: -1},
		{name: "no dataset", change: "DROP SCHEMA ztf CASCADE", fails: "changed while files were loaded", want: -1},
		{name: "no dataset for what is not to stay", write: bigquery.WriteTruncate, change: "DROP SCHEMA ztf CASCADE",
			fails: "changed while files were loaded", want: -1},
		{name: "no dataset for a new table", create: true, change: "DROP SCHEMA ztf CASCADE", fails: "changed while files were loaded", want: -1},
		{name: "cancelled", end: func(ctx context.Context, j *bigquery.Job) error { return j.Cancel(ctx) }, fails: "cancelled", want: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			buckets := house.Storage(t, names.Resources{Project: project, Stream: names.ZTF})
			front, waiting, release := held(t, buckets.Address, "2.avro")
			r := startBeside(t, t.TempDir(), front)
			defer release()
			r.dataset(t, "ztf")
			schema := bigquery.Schema{{Name: "candid", Type: bigquery.IntegerFieldType}, {Name: "magpsf", Type: bigquery.FloatFieldType}}
			table := r.table(t, "sightings", schema)
			for _, name := range []string{"1.avro", "2.avro", "3.avro"} {
				upload(t, buckets.Alerts, name, container(t, sightings, ocf.Null, sighting(1, nil)))
			}
			source := bigquery.NewGCSReference("gs://" + buckets.Alerts.BucketName() + "/*")
			source.SourceFormat = bigquery.Avro
			loader := table.LoaderFrom(source)
			if tt.create {
				loader = r.Dataset("ztf").Table("anew").LoaderFrom(source)
			}
			loader.WriteDisposition = tt.write
			job, err := loader.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			<-waiting
			r.stream(t, table, schema).must(t, `{"candid":"7"}`)
			count := func() int64 { return r.must(t, "SELECT COUNT(*) FROM ztf.sightings")[0][0].(int64) }
			if got := count(); got != 1 {
				t.Errorf("%d rows while files are loaded, want the one that was appended", got)
			}
			if tt.change != "" {
				r.must(t, tt.change)
			}
			if tt.end != nil {
				if err := tt.end(t.Context(), job); err != nil {
					t.Fatal(err)
				}
			}
			release()
			status, err := job.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := status.Err(); tt.fails == "" && err != nil || tt.fails != "" && (err == nil || !strings.Contains(err.Error(), tt.fails)) {
				t.Errorf("job ended with %v, want %q", err, tt.fails)
			}
			if tt.want >= 0 && count() != tt.want {
				t.Errorf("%d rows, want %d", count(), tt.want)
			}
		})
	}
}
