package cost

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/shared/names"
	"pgregory.net/rapid"
)

// simple is a system with round numbers.
var simple = &Measured{
	History: 10, Filters: 2, MatchFraction: 0.5, FitFraction: 0.1, PlotFraction: 0.5,
	Messages: Messages{RawExtra: 24, Notification: 1024, Match: 4096, MatchEntry: 100, MatchThin: 512},
	Rows: Rows{
		Alert: 1024, Entry: 307.2, Ledger: 256, Evaluation: 256, Match: 128, Fit: 1024,
		LSSTAlert: 4096, LSSTEntry: 409.6, LSSTHeader: 1000,
	},
	Files: Files{Claim: 64, Plot: 1024, Tarball: 0.5},
	CPU:   CPU{Event: 3, Fit: 6},
	Scans: map[string]float64{"missing-alerts": 512, "cone": 512},
}

// roomy are instances with round numbers.
func roomy() Instances {
	return Instances{"archive": {1, 2, 64}, "rows": {1, 2, 64}, "filter": {1, 2, 64}, "supernova": {2, 4, 64}}
}

// plain is a load with round numbers: 2^20 alerts of 1,000 bytes.
func plain() Load {
	l := Defaults(names.ZTF, simple, roomy())
	l.Alerts, l.Size, l.Retention, l.NightsPerMonth, l.Asked = 1<<20, 1000, 4, 10, 2
	l.Hours, l.LatencySeconds, l.Utilisation, l.TopicDays = 10, 0.5, 0.5, 365./24
	l.RequestLogs, l.Tarball, l.TarballColder = false, true, ""
	return l
}

// TestLines compares each line's quantity with one worked out by hand.
func TestLines(t *testing.T) {
	t.Parallel()
	const alerts, gibs = 1 << 20, 1. / (1 << 10) // GiB that a byte an alert makes
	want := map[string]float64{
		"raw packets, published and pushed to archive":                            2 * 1024. / (1 << 20),
		"the bucket's news of new files, published and pushed to rows and filter": 3 * 1024. / (1 << 20),
		"matches, published and read":                                             5096. * 2 / (1 << 20), // one match an alert, one reader
		"likely transients, pushed to supernova":                                  0.1 * 5096. / (1 << 20),
		"files created: alerts, claims on matches, plots; looks at the filters":   (alerts + alerts + alerts*0.05 + 2400) / 1000,
		"files read by rows, filter and supernova; notifications":                 alerts * 3.1 / 1000,
		"alerts, one file each, kept":                                             1000 * gibs * 4 * 730,
		"all that is published, kept in its topic":                                (1024 + 1024 + 5096) * gibs / 2, // of a month
		"claims, kept":                                64 * gibs * 90 * 24,
		"plots, kept":                                 0.05 * 1024 * gibs * 4 * 730,
		"files read for the night's tarball":          alerts / 1000.,
		"the night's tarball, kept":                   500 * gibs * 4 * 730,
		"instances of archive":                        36000 * (1 - math.Exp(-alerts/36000.*0.5)), // 8,192 s of room, 6,291 s of work
		"instances of rows":                           36000 * (1 - math.Exp(-alerts/36000.*0.5)),
		"instances of filter":                         36000 * (1 - math.Exp(-alerts/36000.*0.5)),
		"instances of supernova":                      2 * 36000 * (1 - math.Exp(-alerts*0.1/36000.*0.5)),
		"memory of archive":                           2 * 36000 * (1 - math.Exp(-alerts/36000.*0.5)),
		"memory of rows":                              2 * 36000 * (1 - math.Exp(-alerts/36000.*0.5)),
		"memory of filter":                            2 * 36000 * (1 - math.Exp(-alerts/36000.*0.5)),
		"memory of supernova":                         4 * 36000 * (1 - math.Exp(-alerts*0.1/36000.*0.5)),
		"events":                                      alerts * 3.1 / 1e6,
		"rows of alerts, appended":                    4096 * gibs,
		"rows of alerts, kept":                        4096 * gibs * 3 * 730,
		"rows of alerts, kept longer":                 4096 * gibs * 1 * 730,
		"rows of ledger and evaluations, appended":    512 * gibs,
		"rows of ledger and evaluations, kept":        512 * gibs * 3 * 730,
		"rows of ledger and evaluations, kept longer": 512 * gibs * 1 * 730,
		"rows of matches and fits, appended":          (128 + 102.4) * gibs,
		"rows of matches and fits, kept":              (128 + 102.4) * gibs * 3 * 730,
		"rows of matches and fits, kept longer":       (128 + 102.4) * gibs * 1 * 730,
		"the library, asked by people of one night":   2 * 1024. / (1 << 20),
		"the night's certificate":                     512. / (1 << 20),
		"the connector's machine":                     73,
		"its address":                                 73,
	}
	got := map[string]float64{}
	for _, line := range plain().Price(simple, listPrices(t)).Lines {
		got[line.Name] = line.Quantity
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Errorf("quantities (-by hand +model):\n%s", diff)
	}
}

func listPrices(t testing.TB) *Prices {
	t.Helper()
	p, err := ListPrices()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSums adds a bill of three lines up by hand.
func TestSums(t *testing.T) {
	t.Parallel()
	prices, err := ReadPrices([]byte(`{"prices": [
		{"id": "a", "service": "A", "what": "x", "usd": 2, "unit": "u", "free": 15, "read": "2026-01-01", "page": "https://example.org/a"},
		{"id": "b", "service": "B", "what": "x", "usd": 4, "unit": "u", "read": "2026-02-01", "page": "https://example.org/b"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	b := Bill{Load: Load{Alerts: 500_000, NightsPerMonth: 10}, Lines: []Line{
		{Service: "A", Price: "a", Quantity: 1, USD: 2}, {Service: "B", Price: "b", Quantity: 3, USD: 12}, {Service: "A", Price: "a", Quantity: 1, USD: 2},
	}}
	b.sum(prices)
	want := []Sum{{"B", 12, 24, 120, 0.75}, {"A", 4, 8, 40, 0.25}}
	if diff := cmp.Diff(want, b.Services); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Sum{"all", 16, 32, 160, 1}, b.Total); diff != "" {
		t.Errorf("total (-want +got):\n%s", diff)
	}
	if b.Free != 30 { // 15 of the month's 20
		t.Errorf("free a month: %v dollars, want 30", b.Free)
	}
	if first, last := prices.Between(); first != "2026-01-01" || last != "2026-02-01" {
		t.Errorf("read from %s to %s", first, last)
	}
}

// TestFullPackets: three times a packet instead of a notification, matches with
// a packet, and no reads.
func TestFullPackets(t *testing.T) {
	t.Parallel()
	of := func(b Bill, price string) (n float64) {
		for _, line := range b.Lines {
			if line.Price == price {
				n += line.Quantity
			}
		}
		return n
	}
	b := plain().PriceFullPackets(simple, listPrices(t))
	want := (2*1024 + 3*1024 + 2*1512 + 0.1*1512) / (1 << 20)
	if got := of(b, "pubsub.throughput"); math.Abs(got-want) > 1e-12 {
		t.Errorf("%v TiB through Pub/Sub, want %v", got, want)
	}
	if got, want := of(b, "storage.class-b"), float64(2<<20)/1000; got != want { // notifications, and the tarball's reads
		t.Errorf("%v thousand operations of class B, want %v", got, want)
	}
}

// TestColder moves the files after the first 30 days of four months.
func TestColder(t *testing.T) {
	t.Parallel()
	l := plain()
	l.Colder = "nearline"
	got := map[string]float64{}
	for _, line := range l.Price(simple, listPrices(t)).Lines {
		if strings.HasPrefix(line.Name, "alerts, one file each") {
			got[line.Name] = line.Quantity
		}
	}
	want := map[string]float64{
		"alerts, one file each, kept":                         1000. / 1024 * 30 * 24,
		"alerts, one file each, nearline":                     1000. / 1024 * (4*730 - 30*24),
		"alerts, one file each, moved to nearline (at least)": (1 << 20) / 1000.,
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("quantities (-want +got):\n%s", diff)
	}
}

// load draws a load that is valid.
func load(t *rapid.T) Load {
	l := Defaults(rapid.SampledFrom(names.Streams()).Draw(t, "stream"), simple, roomy())
	l.Alerts = rapid.Float64Range(1, 1e8).Draw(t, "alerts")
	l.Size = Size(rapid.Float64Range(1, 1e6).Draw(t, "size"))
	l.Filters = float64(rapid.IntRange(0, 1000).Draw(t, "filters"))
	l.MatchFraction = rapid.Float64Range(0, 1).Draw(t, "match")
	l.FitFraction = rapid.Float64Range(0, 1).Draw(t, "fit")
	l.History = rapid.Float64Range(0, 1000).Draw(t, "history")
	l.Retention = rapid.Float64Range(0.1, 100).Draw(t, "retention")
	l.Readers = rapid.Float64Range(0, 10).Draw(t, "readers")
	l.Hours = rapid.Float64Range(1, 24).Draw(t, "hours")
	l.Colder = rapid.SampledFrom([]string{"", "nearline", "coldline"}).Draw(t, "colder")
	l.TopicDays = rapid.Float64Range(0, 3).Draw(t, "topics")
	return l
}

// TestMoreCostsMore: no bill falls where there is more of anything, and the sums
// are those of the lines.
func TestMoreCostsMore(t *testing.T) {
	t.Parallel()
	prices := listPrices(t)
	more := map[string]func(l *Load, by float64){
		"alerts":    func(l *Load, by float64) { l.Alerts *= by },
		"size":      func(l *Load, by float64) { l.Size *= Size(by) },
		"filters":   func(l *Load, by float64) { l.Filters = math.Ceil(l.Filters * by) },
		"matches":   func(l *Load, by float64) { l.MatchFraction = min(1, l.MatchFraction*by) },
		"fits":      func(l *Load, by float64) { l.FitFraction = min(1, l.FitFraction*by) },
		"history":   func(l *Load, by float64) { l.History *= by },
		"retention": func(l *Load, by float64) { l.Retention *= by },
		"readers":   func(l *Load, by float64) { l.Readers *= by },
		"questions": func(l *Load, by float64) { l.Asked *= by },
		"topics":    func(l *Load, by float64) { l.TopicDays *= by },
		"memory": func(l *Load, by float64) {
			l.Instances = l.Instances.With(func(i *Instance) { i.MemoryGiB *= by })
		},
		"hours": func(l *Load, by float64) { l.Hours = min(24, l.Hours*by) },
		"logs":  func(l *Load, _ float64) { l.RequestLogs = true },
	}
	for name, change := range more {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				l := load(t)
				before := l.Price(simple, prices)
				change(&l, rapid.Float64Range(1, 10).Draw(t, "by"))
				after := l.Price(simple, prices)
				if after.Total.Night < before.Total.Night*(1-1e-9) {
					t.Fatalf("a night costs %v, and with more %v", before.Total.Night, after.Total.Night)
				}
				var sum float64
				for _, line := range after.Lines {
					if line.USD < 0 || line.Service == "" || line.Formula == "" || strings.Contains(line.Formula, "%!") {
						t.Fatalf("line %+v", line)
					}
					sum += line.USD
				}
				if math.Abs(sum-after.Total.Night) > 1e-9*sum || after.Free > after.Total.Month*(1+1e-9) {
					t.Fatalf("lines make %v, the total says %v; %v are free of %v", sum, after.Total.Night, after.Free, after.Total.Month)
				}
			})
		})
	}
}

func TestLevers(t *testing.T) {
	t.Parallel()
	levers := plain().Levers(simple, listPrices(t))
	for i, l := range levers {
		if i > 0 && l.Saves > levers[i-1].Saves {
			t.Errorf("%q saves more than %q before it", l.Change, levers[i-1].Change)
		}
	}
	dearer := map[string]bool{}
	for _, l := range levers {
		dearer[l.Change] = l.Saves < 0
	}
	want := map[string]bool{
		"one more reader of every filter (--readers)":                          true,
		"alerts' files to Nearline after 30 days, at most (--colder nearline)": true, // moving a packet of 1 kB costs more than it saves
		"no compressed tarball beside the files (--no-tarball)":                false,
		"keep for half as long (--retention-months)":                           false,
		"a match names the alert, without its record: readers fetch the file":  false,
		"topics that keep a day of what went through them, not a week":         false,
		"instances with half of the memory":                                    false,
	}
	for change, is := range want {
		if got, ok := dearer[change]; !ok || got != is {
			t.Errorf("%q is dearer: %v, want %v", change, got, is)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*Load)
		says   string
	}{
		"as it is":             {func(*Load) {}, ""},
		"no alerts":            {func(l *Load) { l.Alerts = 0 }, "0 alerts a night: want"},
		"not a number":         {func(l *Load) { l.Alerts = math.NaN() }, "NaN alerts a night"},
		"half a filter":        {func(l *Load) { l.Filters = 0.5 }, "0.5 filters: want a whole number"},
		"more than all":        {func(l *Load) { l.MatchFraction = 1.5 }, "the fraction that matches is 1.5: want 0 to 1"},
		"an unknown stream":    {func(l *Load) { l.Stream = "atlas" }, `stream "atlas"`},
		"a month of 32 nights": {func(l *Load) { l.NightsPerMonth = 32 }, "32 nights a month"},
		"a night of 25 hours":  {func(l *Load) { l.Hours = 25 }, "25 hours"},
		"kept for no time":     {func(l *Load) { l.Retention = 0 }, "kept for 0 months"},
		"no room":              {func(l *Load) { l.Instances = l.Instances.With(func(i *Instance) { i.Concurrency = 0 }) }, "0 events at once: an instance takes"},
		"no memory":            {func(l *Load) { l.Instances = l.Instances.With(func(i *Instance) { i.MemoryGiB = 0 }) }, "an instance of archive has 1 processors and 0 GiB"},
		"a missing function":   {func(l *Load) { l.Instances = Instances{} }, "function archive has no instances"},
		"topics for a year":    {func(l *Load) { l.TopicDays = 365 }, "topics keep messages for 365 days: want 0 to 31"},
		"tarballs in ice":      {func(l *Load) { l.TarballColder = "ice" }, `class "ice"`},
		"an unknown class":     {func(l *Load) { l.Colder = "ice" }, `class "ice"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := plain()
			c.change(&l)
			err := l.Validate()
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("error is %v, want it to say %q", err, c.says)
			}
		})
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		want float64
		says string
	}{
		"70kB": {70_000, ""}, "70 kB": {70_000, ""}, "68.4KiB": {70_041.6, ""}, "70000": {70_000, ""}, "0.07MB": {70_000, ""}, "1000b": {1000, ""},
		"5":           {0, `"5" is no size of a packet: want 1kB`},
		"999":         {0, "no alert is so small"},
		"70 potatoes": {0, `"70 potatoes" is no size: write it like 70kB`},
		"":            {0, "is no size: write it"},
		"kB":          {0, "is no size: write it"},
		"-1kB":        {0, "is no size of a packet"},
		"nan":         {0, "is no size"},
		"1e9":         {0, "to 10MB, which is the most that Pub/Sub takes"},
	}
	for text, c := range cases {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var s Size
			err := s.UnmarshalText([]byte(text))
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("error is %v, want it to say %q", err, c.says)
				}
				return
			}
			if err != nil || math.Abs(float64(s)-c.want) > 1e-6 {
				t.Errorf("%v bytes, %v; want %v", float64(s), err, c.want)
			}
		})
	}
}

// TestListPrices checks that each price says when and where it was read, and
// that the model has a price for all that it counts.
func TestListPrices(t *testing.T) {
	t.Parallel()
	prices := listPrices(t)
	used := map[string]bool{}
	for _, colder := range []string{"", "nearline", "coldline"} {
		l := Defaults(names.ZTF, measurements(t), planned(t))
		l.Colder = colder
		for _, line := range l.Price(measurements(t), prices).Lines {
			if used[line.Price] = true; prices.byID[line.Price].ID == "" {
				t.Errorf("%s has no price: %s", line.Name, line.Price)
			}
		}
	}
	for _, p := range prices.List {
		if !used[p.ID] && p.ID != "compute.e2-medium" {
			t.Errorf("nothing is paid for with %s", p.ID)
		}
		if !strings.HasPrefix(p.Page, "https://cloud.google.com/") || p.Read < "2026" {
			t.Errorf("%s was read %s on %s", p.ID, p.Read, p.Page)
		}
	}
}

func TestReadPricesRefuses(t *testing.T) {
	t.Parallel()
	const good = `{"id": "a", "service": "A", "what": "x", "usd": 2, "unit": "u", "read": "2026-01-01", "page": "https://example.org/a"}`
	cases := map[string]struct{ from, to, says string }{
		"no day":      {"2026-01-01", "yesterday", `a: read "yesterday": want the day as YYYY-MM-DD`},
		"no page":     {"https://example.org/a", "somewhere", `page "somewhere": want the address`},
		"no price":    {`"usd": 2`, `"usd": 0`, "a price of 0 dollars"},
		"no unit":     {`"unit": "u", `, "", "want an id, a service, what it is for, and a unit"},
		"no list":     {`{`, `[`, "read prices"},
		"twice there": {"", "", "a stands there twice"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			price := good + "," + good
			if c.from != "" {
				price = strings.Replace(good, c.from, c.to, 1)
			}
			_, err := ReadPrices(fmt.Appendf(nil, `{"prices": [%s]}`, price))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want it to say %q", err, c.says)
			}
		})
	}
}

// TestEstimate has the estimate say what a file and another month are.
func TestEstimate(t *testing.T) {
	t.Parallel()
	l, prices := plain(), listPrices(t)
	e, err := Of(l, simple, prices)
	if err != nil {
		t.Fatal(err)
	}
	l.Retention = 5
	if want := l.Price(simple, prices).Total.Night - e.Bill.Total.Night; e.AnotherMonth != want || want <= 0 || e.File != 1000 {
		t.Errorf("another month adds %v dollars, want %v; a file has %v bytes, want 1,000", e.AnotherMonth, want, e.File)
	}
	l.Stream = names.LSST
	if e, err = Of(l, simple, prices); err != nil || e.File != 2000 { // the schema has 1,000
		t.Errorf("%v, a file of LSST has %v bytes, want 2,000", err, e.File)
	}
}

// TestPrint reads what people see.
func TestPrint(t *testing.T) {
	t.Parallel()
	for _, stream := range names.Streams() {
		m := measurements(t)
		e, err := Of(Defaults(stream, m, planned(t)), m, listPrices(t))
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		e.Print(&text)
		e.Bill.PrintLines(&text)
		e.Prices.PrintPrices(&text)
		for _, want := range []string{"Cloud Storage", "a million alerts", "2026-09-20", "whole packet through every topic", "Left out"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s: nothing says %q", stream, want)
			}
		}
		if told := strings.Contains(text.String(), "a file has 160.9 kB"); told != (stream == names.LSST) {
			t.Errorf("%s: its files are said to be larger than its packets: %v", stream, told)
		}
		if !strings.Contains(text.String(), "deletes no alert and no row: a month more than these 12 adds") {
			t.Errorf("%s: nothing says how long the deployment keeps", stream)
		}
		if strings.Contains(text.String(), "%!") || strings.Contains(text.String(), "NaN") {
			t.Errorf("%s: a number is none:\n%s", stream, text.String())
		}
	}
}

// TestEveryStreamHasARate keeps a new survey from being forgotten.
func TestEveryStreamHasARate(t *testing.T) {
	t.Parallel()
	for _, stream := range names.Streams() {
		if AlertsANight(stream.Survey()) == 0 {
			t.Errorf("stream %s: nobody knows how many alerts a night has", stream)
		}
	}
}
