package replay

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/infra/queries"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/warehouse"
)

func fileOf(version, night string, candid int) string {
	return fmt.Sprintf("v%s/night=%s/ZTF21a/%d.avro", version, night, candid)
}

// objects are the files that notifications name, in order.
func objects(t *testing.T, messages []*event.Message) []string {
	t.Helper()
	var list []string
	for _, m := range messages {
		o, isNew, err := m.Object()
		if err != nil || !isNew || o.Metadata["file"] != o.Name {
			t.Errorf("message %v is no notification: %v", m.Attributes, err)
		}
		list = append(list, o.Name)
	}
	slices.Sort(list)
	return list
}

// TestNight sends a night of two versions of the schema, and not its neighbours.
func TestNight(t *testing.T) {
	t.Parallel()
	target, archive := openTarget(t), house.Storage(t, resources).Alerts
	var want []string
	for candid := range 5 {
		want = append(want, fileOf("3.3", "2026-09-01", candid), fileOf("4.02", "2026-09-01", candid))
		put(t, archive, fileOf("4.02", "2026-09-02", candid))
	}
	slices.Sort(want)
	for _, name := range want {
		put(t, archive, name)
	}
	put(t, archive, "notes/night=2026-09-01/1.avro")
	put(t, archive, "version")
	plan, err := Archive(t.Context(), target, archive, nil, Selection{Night: "2026-09-01"})
	if err != nil {
		t.Fatal(err)
	}
	if plan.Count != 10 || plan.Bytes != 80 || plan.First != want[0] || plan.Last != want[9] {
		t.Errorf("plan is %+v", plan)
	}
	var told Result
	result, err := plan.Send(t.Context(), func(r Result) { told = r })
	if err != nil || result != told || result.Sent != 10 || result.Done() != 10 {
		t.Errorf("result %+v, told %+v, error %v", result, told, err)
	}
	messages := receive(t, target, resources.ArchivedTopic(), 10)
	if diff := cmp.Diff(want, objects(t, messages)); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	for _, m := range messages {
		if !m.Replay() || m.Notifies("any") {
			t.Errorf("attributes are %v", m.Attributes)
		}
	}
}

// TestTables chooses by what the tables say, and by all that is given.
func TestTables(t *testing.T) {
	t.Parallel()
	target, archive, tables := openTarget(t), house.Storage(t, resources).Alerts, house.BigQuery(t, resources)
	tables.Create(t, "ledger", "alerts_stream")
	record := func(night, object string, candid int64, file, outcome string) warehouse.Values {
		row := warehouse.Values{
			"night": night, "outcome": outcome, "bytes": int64(1000), "recorded_at": date(t, "2026-09-03"),
			"kafka": warehouse.Values{"topic": "t", "partition": int64(0), "offset": candid},
		}
		if file != "" {
			row["objectId"], row["candid"], row["object"], row["generation"] = object, candid, file, put(t, archive, file)
		}
		return row
	}
	alert := func(candid int64, file string, ra, dec float64) warehouse.Values {
		return warehouse.Values{
			"night": "2026-09-01", "objectId": "ZTF21a", "candid": candid, "position": warehouse.Point(ra, dec),
			"nightwire": warehouse.Values{"object": file, "archived_at": date(t, "2026-09-02"), "generation": int64(1)},
		}
	}
	tables.Append(t, "ledger",
		record("2026-09-01", "ZTF21a", 1, "a/1.avro", "stored"),
		record("2026-09-01", "ZTF21a", 2, "a/2.avro", "stored"),
		record("2026-09-02", "ZTF21a", 3, "a/3.avro", "stored"),
		record("2026-09-01", "ZTF21b", 4, "b/4.avro", "stored"),
		record("2026-09-01", "ZTF21b", 4, "b/4.f00.avro", "conflict"),
		record("2026-09-01", "", 0, "", "rejected"))
	tables.Append(t, "alerts_stream", alert(1, "a/1.avro", 150, 2), alert(2, "a/2.avro", 150, 2.0001), alert(3, "a/3.avro", 150, 2), alert(4, "b/4.avro", 10, 2))
	cone := &queries.Cone{RADeg: 150, DecDeg: 2, RadiusArcsec: 0.2}
	cases := map[string]struct {
		chosen Selection
		want   []string
		note   string
	}{
		"object":               {Selection{Object: "ZTF21a"}, []string{"a/1.avro", "a/2.avro", "a/3.avro"}, ""},
		"object of a night":    {Selection{Object: "ZTF21a", Night: "2026-09-01"}, []string{"a/1.avro", "a/2.avro"}, ""},
		"candids":              {Selection{Candids: []int64{3, 1}}, []string{"a/1.avro", "a/3.avro"}, ""},
		"candid with conflict": {Selection{Candids: []int64{4}}, []string{"b/4.avro", "b/4.f00.avro"}, ""},
		"candids of nobody":    {Selection{Candids: []int64{8, 1, 7}}, []string{"a/1.avro"}, "2 of 3 candids are not among them: 7 8"},
		"circle":               {Selection{Cone: cone}, []string{"a/1.avro", "a/3.avro"}, "cannot be found by its place"},
		"circle and night":     {Selection{Cone: cone, Night: "2026-09-02", Candids: []int64{3}}, []string{"a/3.avro"}, ""},
		"all, which is none":   {Selection{Cone: cone, Object: "ZTF21b"}, nil, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			plan, err := Archive(t.Context(), target, archive, tables.Warehouse, c.chosen)
			if err != nil {
				t.Fatal(err)
			}
			if plan.Count != len(c.want) || plan.Bytes != int64(1000*len(c.want)) {
				t.Errorf("plan is %+v", plan)
			}
			if notes := strings.Join(plan.Notes, "; "); !strings.Contains(notes, c.note) {
				t.Errorf("notes are %q, want %q", notes, c.note)
			}
			if _, err := plan.Send(t.Context(), func(Result) {}); err != nil {
				t.Fatal(err)
			}
			if len(c.want) == 0 {
				return
			}
			if diff := cmp.Diff(c.want, objects(t, receive(t, target, resources.ArchivedTopic(), len(c.want)))); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSelectionRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		chosen Selection
		want   string
	}{
		"nothing":      {Selection{}, "say which alerts"},
		"no such day":  {Selection{Night: "2026-02-30"}, "want YYYY-MM-DD"},
		"candid below": {Selection{Candids: []int64{-1}}, "want a positive number"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Archive(t.Context(), Target{}, nil, nil, c.chosen); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
}
