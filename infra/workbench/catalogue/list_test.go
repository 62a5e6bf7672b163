package catalogue

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

func TestList(t *testing.T) {
	t.Parallel()
	c, tables := open(t)
	if list, night, err := c.List(t.Context(), time.Now()); err != nil || len(list) != 0 || night != "" {
		t.Errorf("of nothing it lists %+v, night %q, %v", list, night, err)
	}
	put(t, c.Products, names.FilterObject("young"), young(2, "ada", "true"), nil)
	put(t, c.Products, names.FilterObject("broken"), "name: broken\n", nil)
	put(t, c.Products, names.AcceptedObject("broken"), strings.ReplaceAll(young(5, "bob", "true"), "name: young", "name: broken"), nil)
	why := Paused{Reason: "too many", By: "functions/filter", At: time.Date(2026, 9, 2, 0, 0, 0, 0, time.UTC)}
	if err := c.Pause(t.Context(), "young", why); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 9, 1, 12, 30, 0, 0, time.UTC)
	match := func(candid int, night, name string, ago time.Duration) warehouse.Values {
		return warehouse.Values{"night": night, "objectId": "ZTF21a", "candid": int64(candid), "filter": name, "version": int64(1), "matched_at": now.Add(-ago)}
	}
	tables.Append(t, "filter_matches",
		match(1, "2026-09-01", "young", time.Minute), match(1, "2026-09-01", "young", time.Second), // it came twice
		match(2, "2026-09-01", "young", 2*time.Hour), match(3, "2026-08-31", "young", time.Minute), match(1, "2026-09-01", "broken", time.Minute))
	tables.Append(t, "evaluations",
		evaluation(1, 0, warehouse.Values{"paused": []string{"young"}}), evaluation(1, 1, nil),
		evaluation(2, 0, warehouse.Values{"paused": []string{"young"}}),
		evaluation(3, 0, warehouse.Values{"failed": []warehouse.Values{{"filter": "broken", "reason": "too long"}}}))
	list, night, err := c.List(t.Context(), now)
	if err != nil || night != "2026-09-01" {
		t.Fatalf("night %q, %v", night, err)
	}
	want := []Entry{
		{Name: "broken", LastHour: 1, Night: 1, Failed: 1},
		{Name: "young", Paused: &why, LastHour: 2, Night: 2, Held: 1},
	}
	if diff := cmp.Diff(want, list, cmpopts.IgnoreFields(Entry{}, "Filter", "Fault")); diff != "" {
		t.Fatalf("list (-want +got):\n%s", diff)
	}
	var faults filter.Faults
	if !errors.As(list[0].Fault, &faults) || list[0].Filter == nil || list[0].Filter.Version != 5 || list[1].Fault != nil || list[1].Filter.Version != 2 {
		t.Errorf("list is %+v", list)
	}
}
