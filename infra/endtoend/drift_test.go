package endtoend

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
)

// drift is a change of ZTF's schema that nobody has announced.
type drift struct {
	name  string
	field string         // of candidate, as the new version has it; without a type it is gone
	sent  map[string]any // what the packet has there
	want  string         // what a query finds there, as JSON; empty where the row is refused
}

// drifts change a field each, so that they do not hide one another.
var drifts = []drift{
	{"added", `{"name":"colour","type":["null",{"type":"record","name":"colour","fields":[{"name":"g_r","type":"double"}]}]}`,
		map[string]any{"colour": map[string]any{"g_r": 0.25}}, `{"g_r":0.25}`},
	{"removed", `{"name":"magapbig"}`, nil, `null`},
	{"int to long", `{"name":"ncovhist","type":"long"}`, map[string]any{"ncovhist": int64(1)<<53 + 1}, `9007199254740993`},
	{"int to double", `{"name":"nframesref","type":"double"}`, map[string]any{"nframesref": 12.5}, `12.5`},
	{"float to double", `{"name":"sky","type":["null","double"]}`, map[string]any{"sky": 0.1}, `0.1`},
	{"made nullable", `{"name":"nmatches","type":["null","int"]}`, map[string]any{"nmatches": nil}, `null`},
	{"moved to an enum", `{"name":"rbversion","type":{"type":"enum","name":"rbversion","symbols":["none","t17_f5"]}}`,
		map[string]any{"rbversion": int32(1)}, `"t17_f5"`},
}

// beyondRepair is a change that no column takes both sides of.
var beyondRepair = drift{"beyond repair", `{"name":"drbversion","type":{"type":"record","name":"drbversion","fields":[{"name":"major","type":"int"}]}}`,
	map[string]any{"drbversion": map[string]any{"major": int32(6)}}, ""}

// schema is ZTF's latest with the drift in it, and the same for the encoder,
// which writes the symbol of an enum by its number.
func (d drift) schema(t *testing.T) (declared, encoded *packet.Schema) {
	t.Helper()
	latest, _ := schemas.Find(schemas.ZTF, "4.02")
	var field struct {
		Name string
		Type json.RawMessage
	}
	if err := json.Unmarshal([]byte(d.field), &field); err != nil {
		t.Fatal(err)
	}
	parse := func(field string) *packet.Schema {
		s, err := packet.ParseSchema([]byte(inCandidate(t, string(latest.JSON), d.fieldName(t), field)))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	switch {
	case field.Type == nil:
		return parse(""), parse("")
	case strings.Contains(string(field.Type), `"enum"`):
		return parse(d.field), parse(fmt.Sprintf(`{"name":%q,"type":"int"}`, field.Name))
	}
	return parse(d.field), parse(d.field)
}

func (d drift) fieldName(t *testing.T) string {
	t.Helper()
	var field struct{ Name string }
	if err := json.Unmarshal([]byte(d.field), &field); err != nil {
		t.Fatal(err)
	}
	return field.Name
}

// inCandidate gives candidate's record in a schema a field of a name, in the
// place of the one that it has.
func inCandidate(t *testing.T, text, name, field string) string {
	t.Helper()
	var top map[string]any
	if err := json.Unmarshal([]byte(text), &top); err != nil {
		t.Fatal(err)
	}
	for _, f := range top["fields"].([]any) {
		if f := f.(map[string]any); f["name"] == "candidate" {
			candidate := f["type"].(map[string]any)
			fields := slices.DeleteFunc(candidate["fields"].([]any), func(f any) bool { return f.(map[string]any)["name"] == name })
			if field != "" {
				fields = append(fields, json.RawMessage(field))
			}
			candidate["fields"] = fields
		}
	}
	changed, err := json.Marshal(top)
	if err != nil {
		t.Fatal(err)
	}
	return string(changed)
}

// packets writes alerts of a night, from the first on, as packets that have
// drifted, into a folder, and returns their candids.
func (d drift) packets(t *testing.T, folder string, night *simulate.Night, first, count int) []int64 {
	t.Helper()
	declared, encoded := d.schema(t)
	var candids []int64
	for i := first; i < first+count; i++ {
		record := night.Alert(i)
		candidate := record["candidate"].(map[string]any)
		for name, value := range d.sent {
			candidate[name] = value
		}
		bytes, err := encoded.Encode(nil, record)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, fmt.Sprintf("%03d.avro", i))
		if err := os.WriteFile(path, packet.Container(declared, bytes), 0o600); err != nil {
			t.Fatal(err)
		}
		candids = append(candids, record["candid"].(int64))
	}
	return candids
}

// TestSchemaDrift sends a night in which packets of the known schema and of
// seven new ones come mixed, through the whole system: each is archived, the
// table takes them all, and what has no value reads as null. Then comes a
// change that the table cannot take.
func TestSchemaDrift(t *testing.T) {
	t.Parallel()
	const each = 3
	night, err := simulate.New(simulate.Options{
		Seed: 5, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: (len(drifts) + 2) * each,
	})
	if err != nil {
		t.Fatal(err)
	}
	dir, folder := t.TempDir(), t.TempDir()
	for i := range each { // the known schema
		file, err := night.Packet(i)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%03d.avro", i)), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sent := map[string][]int64{}
	for i, d := range drifts {
		sent[d.name] = d.packets(t, folder, night, (i+1)*each, each)
	}
	all := (len(drifts) + 1) * each
	want := counts{Records: all, Stored: all, Files: all, Rows: all}
	if diff := cmp.Diff(want, countsOf(run(t, dir, folder))); diff != "" {
		t.Fatalf("certificate (-want +got):\n%s\n%s", diff, logs(dir))
	}
	for _, d := range drifts {
		compareDrift(t, dir, d, sent[d.name], all)
	}

	folder = t.TempDir()
	beyondRepair.packets(t, folder, night, all, each)
	out, err := nightwire(t, dir, "run", "--port", "0", folder)
	if err == nil {
		t.Errorf("the exit status is 0 where rows are missing:\n%s", out)
	}
	c := readCertificate(t, dir)
	want = counts{Records: all + each, Stored: all + each, Files: all + each, Rows: all, Missing: each}
	if diff := cmp.Diff(want, countsOf(c)); diff != "" {
		t.Errorf("certificate of what is beyond repair (-want +got):\n%s", diff)
	}
	const reason = "column candidate.drbversion is STRING in the table and RECORD in the packet"
	said, err := os.ReadFile(filepath.Join(dir, "log", "functions.log"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(said), reason); n < each {
		t.Errorf("%d dead letters say %q, want %d:\n%s", n, reason, each, logs(dir))
	}
}

// compareDrift compares what the view has in a field that drifted: what was
// sent in its packets, and in the others what those of the known schema have.
func compareDrift(t *testing.T, dir string, d drift, candids []int64, alerts int) {
	t.Helper()
	_, rows := query(t, dir, fmt.Sprintf("SELECT candid, candidate.%s FROM alerts", d.fieldName(t)))
	if len(rows) != alerts {
		t.Errorf("%s: %d alerts, want %d", d.name, len(rows), alerts)
	}
	for _, row := range rows {
		value, err := json.Marshal(row[1])
		if err != nil {
			t.Fatal(err)
		}
		drifted := slices.Contains(candids, row[0].(int64))
		switch got := string(value); {
		case drifted && got != d.want:
			t.Errorf("%s: a packet of the new schema reads %s, want %s", d.name, got, d.want)
		case !drifted && (got == "null") != (d.name == "added"):
			t.Errorf("%s: a packet of the known schema reads %s", d.name, got)
		}
	}
}
