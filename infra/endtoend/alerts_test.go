package endtoend

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/warehouse"
)

// TestRealAlerts passes every real ZTF alert through the system, twice, and
// compares the files and every value of the rows with the packets.
func TestRealAlerts(t *testing.T) {
	t.Parallel()
	alerts := realdata.Alerts(t, func(truth map[string]any) bool { return truth["survey"] == "ztf" })
	folder := filepath.Join(realdata.Dir(t), "alerts", "ztf")
	dir := t.TempDir()

	// One alert has programid 3: private, on the public stream.
	want := counts{Records: 91, Stored: 90, Rejected: 1, Files: 90, Rows: 90}
	if diff := cmp.Diff(want, countsOf(run(t, dir, folder))); diff != "" {
		t.Fatalf("first pass (-want +got):\n%s", diff)
	}
	files := listFiles(t, dir)
	want = counts{Records: 182, Stored: 90, Duplicates: 90, Rejected: 2, Files: 90, Rows: 90}
	if diff := cmp.Diff(want, countsOf(run(t, dir, folder))); diff != "" {
		t.Fatalf("second pass (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(files, listFiles(t, dir)); diff != "" {
		t.Errorf("the second pass changed the files (-first +second):\n%s", diff)
	}
	compareRows(t, dir, alerts)
	compareFiles(t, dir, alerts)
	compareElsewhere(t, dir)
}

// query asks the tables of a stack that does not run.
func query(t *testing.T, dir, sql string) (columns []string, rows [][]any) {
	t.Helper()
	s, err := stack.StartBigQuery(context.Background(), stack.Options{
		Dir: dir, Stream: "ztf", Log: discard, Program: filepath.Join(programs, "nightwire"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	w, err := s.Warehouse(t.Context(), discard)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	result, err := w.Query(t.Context(), sql, nil)
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range result.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return result.Columns, rows
}

// compareRows compares each row, whole, with its packet's record.
func compareRows(t *testing.T, dir string, alerts []realdata.Alert) {
	t.Helper()
	records := map[int64]packet.Value{}
	for _, alert := range alerts {
		p, err := new(packet.Decoder).Decode(t.Context(), alert.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		records[p.Record.Get("candid").Int()] = p.Record
	}
	columns, rows := query(t, dir, "SELECT * FROM alerts")
	if len(rows) != 90 {
		t.Errorf("%d rows, want 90", len(rows))
	}
	layout := schemas.AlertsStream(schemas.ZTF)
	for _, row := range rows {
		candid, _ := row[slices.Index(columns, "candid")].(int64)
		record, ok := records[candid]
		if !ok {
			t.Errorf("candid %d is no real alert's", candid)
			continue
		}
		for i, name := range columns {
			column := layout[slices.IndexFunc(layout, func(c schemas.Column) bool { return c.Name == name })]
			if isOurs(name) {
				if row[i] == nil {
					t.Errorf("candid %d: column %s is null", candid, name)
				}
				continue
			}
			compareValue(t, fmt.Sprintf("candid %d: %s", candid, name), column, record.Get(name), row[i])
		}
	}
}

func isOurs(column string) bool {
	return slices.Contains([]string{"night", "observed_at", "position", "nightwire"}, column)
}

// compareValue compares a packet's value with what the table has.
func compareValue(t *testing.T, path string, column schemas.Column, want packet.Value, got any) {
	t.Helper()
	switch {
	case column.Mode == schemas.Repeated:
		values, _ := got.([]any)
		if len(values) != want.Len() {
			t.Errorf("%s has %d items, want %d", path, len(values), want.Len())
			return
		}
		item := column
		item.Mode = schemas.Nullable
		for i, v := range want.Items() {
			compareValue(t, fmt.Sprintf("%s[%d]", path, i), item, v, values[i])
		}
	case want.IsNull() || got == nil:
		if !want.IsNull() || got != nil {
			t.Errorf("%s is %v, want null to be null: %v", path, got, want.Kind())
		}
	case column.Type == schemas.Record:
		record, _ := got.(warehouse.Struct)
		if len(record) != len(column.Fields) {
			t.Errorf("%s has %d fields, want %d", path, len(record), len(column.Fields))
			return
		}
		for i, field := range column.Fields {
			if record[i].Name != field.Name {
				t.Errorf("%s has %s where %s should be", path, record[i].Name, field.Name)
			}
			compareValue(t, path+"."+field.Name, field, want.Get(field.Name), record[i].Value)
		}
	case column.Type == schemas.Float:
		if f, ok := got.(float64); !ok || f != want.Float() && !(math.IsNaN(f) && math.IsNaN(want.Float())) {
			t.Errorf("%s is %v, want %v", path, got, want.Float())
		}
	case column.Type == schemas.Integer:
		if got != want.Int() {
			t.Errorf("%s is %v, want %v", path, got, want.Int())
		}
	default:
		if got != want.Text() {
			t.Errorf("%s is %v, want %q", path, got, want.Text())
		}
	}
}

// archived maps the names of the archive's files to their content.
func archived(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	bucket, closeServer := openBucket(t, dir)
	defer closeServer()
	return readAll(t, bucket)
}

func listFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	digests := map[string]string{}
	for name, content := range archived(t, dir) {
		digests[name] = digest(content)
	}
	return digests
}

// compareFiles checks that each file holds the record that was sent, and is the
// very bytes that were sent where those were a valid file.
func compareFiles(t *testing.T, dir string, alerts []realdata.Alert) {
	t.Helper()
	files := archived(t, dir)
	for _, alert := range alerts {
		sent, err := new(packet.Decoder).Decode(t.Context(), alert.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		name := fileOf(files, fmt.Sprint(sent.Record.Get("candid").Int()))
		if name == "" {
			if program := alert.Truth["programid"]; program != json.Number("3") {
				t.Errorf("%s has no file, and its programid is %v", alert.File, program)
			}
			continue
		}
		kept, err := new(packet.Decoder).Decode(t.Context(), files[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if kept.Schema.Mended {
			t.Errorf("%s needs mending", name)
		}
		if !sent.Schema.Mended && string(files[name]) != string(alert.Bytes) {
			t.Errorf("%s is not what was sent", name)
		}
		if string(kept.Record.AppendJSON(nil)) != string(sent.Record.AppendJSON(nil)) {
			t.Errorf("%s holds another record than was sent", name)
		}
	}
}

func fileOf(files map[string][]byte, candid string) string {
	for name := range files {
		if strings.HasSuffix(name, "/"+candid+".avro") {
			return name
		}
	}
	return ""
}

// pythonReader prints, for each file, candid and the length of the history.
const pythonReader = `
import sys, avro.datafile, avro.io
for path in sys.argv[1:]:
    records = list(avro.datafile.DataFileReader(open(path, "rb"), avro.io.DatumReader()))
    assert len(records) == 1, path
    print(records[0]["candid"], len(records[0]["prv_candidates"] or []), repr(records[0]["candidate"]["jd"]))
`

// compareElsewhere reads the archive's files with Apache's Avro for Python.
func compareElsewhere(t *testing.T, dir string) {
	t.Run("Apache Avro for Python", func(t *testing.T) {
		python := pythonWithAvro()
		if python == "" {
			t.Skip("no Python with the package avro is installed (Debian: python3-avro)")
		}
		files := archived(t, dir)
		folder := t.TempDir()
		var want, paths []string
		for _, name := range slices.Sorted(maps.Keys(files)) {
			path := filepath.Join(folder, filepath.Base(name))
			if err := os.WriteFile(path, files[name], 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := new(packet.Decoder).Decode(t.Context(), files[name])
			if err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
			want = append(want, fmt.Sprintf("%d %d %v", p.Record.Get("candid").Int(), p.Record.Get("prv_candidates").Len(),
				p.Record.Get("candidate", "jd").Float()))
		}
		out, err := exec.CommandContext(t.Context(), python, append([]string{"-c", pythonReader}, paths...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		got := strings.Split(strings.TrimSpace(string(out)), "\n")
		for i := range got { // Python and Go write a large double differently
			var candid, history int64
			var jd float64
			if _, err := fmt.Sscan(got[i], &candid, &history, &jd); err != nil {
				t.Fatal(err)
			}
			got[i] = fmt.Sprintf("%d %d %v", candid, history, jd)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what Python read (-want +got):\n%s", diff)
		}
	})
}

func pythonWithAvro() string {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import avro.datafile").Run() == nil {
			return python
		}
	}
	return ""
}
