package cost

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightwire.dev/shared/names"
)

func planned(t testing.TB) Instances {
	t.Helper()
	all, err := Planned()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestPlanned: the functions that work at every alert are in the plan, which
// sets each up in its own way.
func TestPlanned(t *testing.T) {
	t.Parallel()
	all := planned(t)
	if err := all.validate(); err != nil {
		t.Error(err)
	}
	if all["supernova"].Concurrency >= all["rows"].Concurrency || all["archive"].MemoryGiB >= all["rows"].MemoryGiB {
		t.Errorf("a fit needs the whole of a processor, and rows more memory than archive: the plan has %+v", all)
	}
	half := all.With(func(i *Instance) { i.MemoryGiB /= 2 })
	if half["rows"].MemoryGiB*2 != all["rows"].MemoryGiB || half["rows"].Concurrency != all["rows"].Concurrency {
		t.Errorf("rows have %+v, and with half of the memory %+v", all["rows"], half["rows"])
	}
}

// TestKeptAsPlanned compares what is kept, and for how long, with terraform's files.
func TestKeptAsPlanned(t *testing.T) {
	t.Parallel()
	l := Defaults(names.ZTF, simple, planned(t))
	if l.Colder != "" {
		t.Errorf("alerts' files move to %s, and stay where they are by the plan", l.Colder)
	}
	want := map[string][]string{
		"buckets.tf": {
			fmt.Sprintf("colder = { %s = %v }", strings.ToUpper(l.TarballColder), colderDays),
			fmt.Sprintf("expiry = { matches = %v, plots = %v }", claimDays, plotDays),
			`each.key == "products" ? local.colder : {}`, `matches_prefix = ["tarballs/"]`,
		},
		"topics.tf": {fmt.Sprintf(`each.key == "dead-letter" ? "2678400s" : "%vs"`, l.TopicDays*24*3600)},
	}
	for name, lines := range want {
		text, err := os.ReadFile(filepath.Join("..", "terraform", "modules", "stream", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if !strings.Contains(string(text), line) {
				t.Errorf("%s does not say %s", name, line)
			}
		}
	}
}

// TestBudgetInTheGuide: what the guide says of a month, where the budget is set,
// is what the model says.
func TestBudgetInTheGuide(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	guide := strings.Join(strings.Fields(string(text)), " ")
	m := measurements(t)
	for stream, nights := range map[names.Stream]map[float64]string{
		names.ZTF:  {1e5: "100,000 alerts a night, which cost %s USD a month", 1e6: "a million (%s)"},
		names.LSST: {1e7: "LSST's ten million (%s)"},
	} {
		for alerts, says := range nights {
			l := Defaults(stream, m, planned(t))
			l.Alerts = alerts
			if want := fmt.Sprintf(says, count(l.Price(m, listPrices(t)).Total.Month)); !strings.Contains(guide, want) {
				t.Errorf("the guide does not say %q", want)
			}
		}
	}
}
