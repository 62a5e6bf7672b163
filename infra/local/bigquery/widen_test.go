package bigquery_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/warehouse"
)

// seen is an alert with one field of a type, beside the candid that names it.
func seen(t *testing.T, field string, record map[string]any) (*packet.Schema, packet.Value) {
	t.Helper()
	s, err := packet.ParseSchema([]byte(`{"type":"record","name":"alert","fields":[{"name":"candid","type":"long"},` + field + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return s, encode(t, s, record)
}

const inCandidate = `{"name":"candidate","type":{"type":"record","name":"candidate","fields":[{"name":"jd","type":"double"},%s]}}`

// TestInstancesWiden has several instances, each with the table open, meet the
// first packets of a new version at the same moment: one field is new, one has
// become a double. Then all write packets of the old version again.
func TestInstancesWiden(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	oldSchema := fmt.Sprintf(inCandidate, `{"name":"nid","type":"int"}`)
	newSchema := fmt.Sprintf(inCandidate, `{"name":"nid","type":["null","double"]},{"name":"drb","type":["null","float"]}`)
	first, _ := seen(t, oldSchema, map[string]any{"candid": int64(0), "candidate": map[string]any{"jd": 0.0, "nid": int32(0)}})
	columns, err := schemas.Columns(first.Text, schemas.ZTF)
	if err != nil {
		t.Fatal(err)
	}
	definition := schemas.Table{Name: "alerts", Columns: columns, PrimaryKey: []string{"candid"}}
	const instances, alerts = 6, 8
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range instances {
		table := opened(t, r.open(t), definition)
		var packets [2][]packet.Value
		var versions [2]*packet.Schema
		for k := range alerts {
			candid := int64(i*alerts + k)
			for v, schema := range []string{oldSchema, newSchema} {
				candidate := map[string]any{"jd": 1.5, "nid": int32(k), "drb": float32(0.5)}
				if v == 1 {
					candidate["nid"] = float64(k) + 0.25
				}
				var record packet.Value
				versions[v], record = seen(t, schema, map[string]any{"candid": 10*candid + int64(v), "candidate": candidate})
				packets[v] = append(packets[v], record)
			}
		}
		for k := range alerts {
			for v := range 2 {
				wg.Go(func() {
					<-begin
					if err := write(t.Context(), table, schemas.ZTF, versions[v], packets[v][k]); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
	close(begin)
	wg.Wait()
	got := r.must(t, `SELECT COUNT(*), COUNT(DISTINCT candid), COUNTIF(candidate.drb = 0.5),
		COUNTIF(candidate.nid = MOD(DIV(candid, 10), 8) + IF(MOD(candid, 10) = 1, 0.25, 0)) FROM ztf.alerts`)
	const all = int64(2 * instances * alerts)
	if diff := cmp.Diff([][]bigquery.Value{{all, all, all / 2, all}}, got); diff != "" {
		t.Errorf("rows, alerts, with the new field, with the number sent (-want +got):\n%s", diff)
	}
}

// TestOldInstance has an instance that opened the table long ago append to it
// after another has widened a column and added one: it sees so by BigQuery's
// refusal, and the row is stored as if nothing had been.
func TestOldInstance(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	before, old := seen(t, `{"name":"nid","type":"int"}`, map[string]any{"candid": int64(1), "nid": int32(7)})
	after, fresh := seen(t, `{"name":"nid","type":"double"},{"name":"drb","type":"float"}`, map[string]any{"candid": int64(2), "nid": 7.5, "drb": float32(0.5)})
	columns, err := schemas.Columns(before.Text, schemas.ZTF)
	if err != nil {
		t.Fatal(err)
	}
	definition := schemas.Table{Name: "alerts", Columns: columns}
	long, recent := opened(t, r.open(t), definition), opened(t, r.open(t), definition)
	for _, step := range []struct {
		table  *warehouse.Table
		schema *packet.Schema
		record packet.Value
	}{{long, before, old}, {recent, after, fresh}, {long, before, old}, {long, after, fresh}, {recent, before, old}} {
		if err := write(t.Context(), step.table, schemas.ZTF, step.schema, step.record); err != nil {
			t.Fatal(err)
		}
	}
	want := [][]bigquery.Value{{int64(1), 7.0, nil}, {int64(2), 7.5, 0.5}, {int64(1), 7.0, nil}, {int64(2), 7.5, 0.5}, {int64(1), 7.0, nil}}
	if diff := cmp.Diff(want, r.must(t, "SELECT candid, nid, drb FROM ztf.alerts")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestWhatCannotBeWidened has fractions come for columns that BigQuery cannot
// widen in place, or that would lose digits: the row is refused by the field's
// name, the table stays as it was, and packets of the old version still fit.
func TestWhatCannotBeWidened(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	array := `{"name":"prv","type":{"type":"array","items":{"type":"record","name":"p","fields":[{"name":"fid","type":"%s"}]}}}`
	tests := []struct {
		name, field string
		old, new    any
		want        string
	}{
		{"in_an_array", array, []any{map[string]any{"fid": int64(1)}}, []any{map[string]any{"fid": 1.5}}, "column prv.fid is INTEGER in the table and FLOAT in the packet"},
		{"an_array", `{"name":"prv","type":{"type":"array","items":"%s"}}`, []any{int64(1)}, []any{1.5}, "within the array prv"},
		{"long_integers", `{"name":"pid","type":"%s"}`, int64(1)<<53 + 1, 1.5, "widen pid: 1 of its integers are beyond 2^53"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name, _, _ := strings.Cut(strings.TrimPrefix(tt.field, `{"name":"`), `"`)
			before, old := seen(t, fmt.Sprintf(tt.field, "long"), map[string]any{"candid": int64(1), name: tt.old})
			after, fresh := seen(t, fmt.Sprintf(tt.field, "double"), map[string]any{"candid": int64(2), name: tt.new})
			columns, err := schemas.Columns(before.Text, schemas.ZTF)
			if err != nil {
				t.Fatal(err)
			}
			w := r.open(t)
			table := opened(t, w, schemas.Table{Name: tt.name, Columns: columns})
			if err := write(t.Context(), table, schemas.ZTF, before, old); err != nil {
				t.Fatal(err)
			}
			err = write(t.Context(), table, schemas.ZTF, after, fresh)
			var refused *warehouse.SchemaError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want a *SchemaError that says %q", err, tt.want)
			}
			if err := write(t.Context(), table, schemas.ZTF, before, old); err != nil {
				t.Error(err)
			}
			rows, now := stored(t, w, "SELECT * FROM "+tt.name)
			if diff := cmp.Diff(paths(columns, ""), paths(now, "")); diff != "" || len(rows) != 2 {
				t.Errorf("%d rows, want 2; columns (-want +got):\n%s", len(rows), diff)
			}
		})
	}
}

// TestLongIntegerForFloat has an alert of an old version bring an integer that
// the column, long widened, would round.
func TestLongIntegerForFloat(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	field := fmt.Sprintf(inCandidate, `{"name":"pid","type":["null","long"]}`)
	w := r.open(t)
	table := opened(t, w, schemas.Table{Name: "alerts", Columns: []schemas.Column{
		{Name: "candid", Type: schemas.Integer, Mode: schemas.Required},
		{Name: "candidate", Type: schemas.Record, Mode: schemas.Nullable, Fields: []schemas.Column{{Name: "pid", Type: schemas.Float, Mode: schemas.Nullable}}},
	}})
	tests := map[string]struct {
		pid     any
		refused string
	}{
		"null":           {nil, ""},
		"short":          {int64(7), ""},
		"exact":          {int64(1) << 60, ""},
		"more than 2^53": {int64(1)<<53 + 1, "column candidate.pid is FLOAT, which would round the integer 9007199254740993"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, record := seen(t, field, map[string]any{"candid": int64(1), "candidate": map[string]any{"jd": 1.0, "pid": tt.pid}})
			err := write(t.Context(), table, schemas.ZTF, s, record)
			if tt.refused == "" && err != nil || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
				t.Errorf("error is %v, want %q in it", err, tt.refused)
			}
		})
	}
	if diff := cmp.Diff(int64(3), r.must(t, "SELECT COUNT(*) FROM ztf.alerts")[0][0]); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
