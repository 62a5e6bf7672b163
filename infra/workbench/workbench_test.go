package workbench

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/infra/source"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/simulate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, house.Leaks()...) }

var night = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

const alerts = 200

// sky is a synthetic night, whose packets are made once for all tests: their
// stamps take most of the time.
var sky = sync.OnceValues(func() (Sample, error) {
	s, err := Synthetic(1, night, alerts)
	if err != nil {
		return s, err
	}
	var packets []source.Packet
	for p, err := range s.Source.Packets {
		if err != nil {
			return s, err
		}
		packets = append(packets, p)
	}
	s.Source = of(packets, nil).Source
	s.Source.Name = "the sky"
	return s, nil
})

func synthetic(t *testing.T) Sample {
	t.Helper()
	s, err := sky()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// truth is what the simulator knows of the same night.
func truth(t *testing.T) []simulate.Truth {
	t.Helper()
	sky, err := simulate.New(simulate.Options{Seed: 1, Night: night, Alerts: alerts})
	if err != nil {
		t.Fatal(err)
	}
	var all []simulate.Truth
	for i := range sky.Len() {
		all = append(all, sky.Truth(i))
	}
	return all
}

// where is a filter with a condition and the lines of its columns.
func where(t *testing.T, condition string, columns ...string) *filter.Filter {
	t.Helper()
	text := "name: tried\nversion: 1\nowner: a\ndescription: b\nstreams: [ztf]\nwhere: " + condition + "\n"
	if len(columns) > 0 {
		text += "columns:\n  " + strings.Join(columns, "\n  ") + "\n"
	}
	f, _, err := filter.Parse("tried.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestTry compares what a filter finds in the packets with what the simulator
// knows of them.
func TestTry(t *testing.T) {
	t.Parallel()
	f := where(t, "is_positive() && mag() < 18.0", "bright: mag() < 16.0", "rate: rise_rate('g', 1)")
	trial, err := Try(t.Context(), synthetic(t), f, Options{Examples: 3})
	if err != nil {
		t.Fatal(err)
	}
	want := Trial{Passed: Passed{Alerts: alerts}}
	classes := shares{}
	for _, one := range truth(t) {
		matches := one.Positive && one.Mag < 18
		classes.add(string(one.Class), matches)
		if !matches {
			continue
		}
		if want.Matches++; want.Matches > 3 {
			continue
		}
		want.Examples = append(want.Examples, Example{
			Alert:   Alert{ObjectID: one.ObjectID, Candid: one.Candid, Band: map[int32]string{1: "g", 2: "r", 3: "i"}[one.FilterID], Class: string(one.Class)},
			Columns: []filter.Column{{Name: "bright", Value: one.Mag < 16}, {Name: "rate"}},
		})
	}
	if want.Matches < 20 || want.Matches > alerts/2 {
		t.Fatalf("%d of %d alerts match: this shows nothing", want.Matches, alerts)
	}
	want.Classes = classes.list()
	unlike := cmp.Options{
		cmpopts.IgnoreFields(Trial{}, "Filter", "Sample", "Took", "Brightness", "Counterparts"),
		cmpopts.IgnoreFields(Alert{}, "Mag", "ObservedAt", "RADeg", "DecDeg", "Counterpart"),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Value" }, cmp.Comparer(sameOrRate)),
	}
	if diff := cmp.Diff(&want, trial, unlike); diff != "" {
		t.Errorf("trial (-want +got):\n%s", diff)
	}
	if trial.Took <= 0 {
		t.Errorf("an alert takes %s", trial.Took)
	}
	bins := bin{}
	for mag, b := range trial.Brightness.bins {
		bins.all, bins.matches = bins.all+b.all, bins.matches+b.matches
		if mag >= 18 && b.matches > 0 {
			t.Errorf("%d matches between %d and %d mag", b.matches, mag, mag+1)
		}
	}
	if want := (bin{alerts, trial.Matches}); bins != want {
		t.Errorf("the histogram has %+v, want %+v", bins, want)
	}
	asteroids, near := shareOf(trial.Classes, string(simulate.Asteroid)), shareOf(trial.Counterparts, "solar-system")
	if near.All == 0 || near != (Share{"solar-system", asteroids.All, asteroids.Matches}) {
		t.Errorf("near solar system objects are %+v, asteroids are %+v", near, asteroids)
	}
}

// sameOrRate compares column values; of a rate, which the truth does not know,
// only that it may be missing.
func sameOrRate(a, b any) bool {
	if _, isNumber := b.(float64); isNumber {
		return true
	}
	return a == b
}

func shareOf(list []Share, class string) Share {
	for _, s := range list {
		if s.Class == class {
			return s
		}
	}
	return Share{Class: class}
}

// TestTryIsDeterministic runs twice, on all processors.
func TestTryIsDeterministic(t *testing.T) {
	t.Parallel()
	f := where(t, "counterpart() == 'galaxy'", "age: age_days()")
	var printed [2]string
	for i := range printed {
		trial, err := Try(t.Context(), synthetic(t), f, Options{Examples: 5})
		if err != nil {
			t.Fatal(err)
		}
		trial.Took = 0
		var b strings.Builder
		trial.Print(&b, 1000)
		printed[i] = b.String()
	}
	if diff := cmp.Diff(printed[0], printed[1]); diff != "" {
		t.Errorf("the second time it differs:\n%s", diff)
	}
	for _, want := range []string{"tried@1 on the sky", "of 200 alerts", "in a night  about", "supernova", "objectId", "17-18"} {
		if !strings.Contains(printed[0], want) {
			t.Errorf("%q is not in:\n%s", want, printed[0])
		}
	}
}

// TestTryOdd tries a filter on packets that are no alerts, and on one twice.
func TestTryOdd(t *testing.T) {
	t.Parallel()
	packets := first(t, 2)
	packets = append(packets, source.Packet{Name: "again.avro", Bytes: packets[0].Bytes})
	for range mostNamed + 1 {
		packets = append(packets, source.Packet{Name: "bad.avro", Bytes: []byte("hello")})
	}
	var told []int
	trial, err := Try(t.Context(), of(packets, nil), where(t, "true"), Options{Progress: func(n int) { told = append(told, n) }})
	if err != nil {
		t.Fatal(err)
	}
	if trial.Alerts != 2 || trial.Matches != 2 || trial.Repeated != 1 || trial.NoAlerts.Count != mostNamed+1 || len(trial.NoAlerts.Named) != mostNamed {
		t.Errorf("trial is %+v", trial)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6, 7, 8, 9}, told); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	var b strings.Builder
	trial.Print(&b, 1000)
	for _, want := range []string{"again       1 packets", "left out    6 files are no alerts of stream ztf", "bad.avro: decode: ", "and 1 more"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in:\n%s", want, b.String())
		}
	}
}

// first are the first packets of the synthetic night.
func first(t *testing.T, n int) []source.Packet {
	t.Helper()
	var packets []source.Packet
	for p, err := range synthetic(t).Source.Packets {
		if err != nil {
			t.Fatal(err)
		}
		if packets = append(packets, p); len(packets) == n {
			break
		}
	}
	return packets
}

// of is a sample of ZTF with these packets, and an error at its end.
func of(packets []source.Packet, end error) Sample {
	return Sample{Stream: names.ZTF, Source: &source.Source{Name: "these", Count: len(packets), Packets: func(yield func(source.Packet, error) bool) {
		for _, p := range packets {
			if !yield(p, nil) {
				return
			}
		}
		if end != nil {
			yield(source.Packet{}, end)
		}
	}}}
}

func TestTryEnds(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	if _, err := Try(t.Context(), of(first(t, 3), broken), where(t, "true"), Options{}); !errors.Is(err, broken) {
		t.Errorf("error is %v, want %v", err, broken)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Try(ctx, synthetic(t), where(t, "true"), Options{Progress: func(done int) {
		if done == 20 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	lsst := synthetic(t)
	lsst.Stream = names.ZTFPartnership
	if _, err := Try(t.Context(), lsst, where(t, "true"), Options{}); err == nil || !strings.Contains(err.Error(), "is not of stream ztf-partnership") {
		t.Errorf("error is %v, want one that names the stream", err)
	}
}

// TestTryRunaway counts a filter that exceeds its limits.
func TestTryRunaway(t *testing.T) {
	t.Parallel()
	const runaway = `fp_hists.exists(a, fp_hists.exists(b, fp_hists.exists(c, fp_hists.exists(d, a.field + b.field + c.field + d.field < 0))))`
	trial, err := Try(t.Context(), of(first(t, 40), nil), where(t, runaway), Options{})
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, f := range trial.Failures {
		if failed += f.Alerts; !strings.Contains(f.Reason, "the evaluation takes more than") {
			t.Errorf("it failed since %s", f.Reason)
		}
	}
	if failed == 0 || trial.Matches != 0 {
		t.Errorf("%d failed and %d matched", failed, trial.Matches)
	}
}

// TestNoAlertAtAll is a sample of which nothing can be tried.
func TestNoAlertAtAll(t *testing.T) {
	t.Parallel()
	s := of([]source.Packet{{Name: "a.avro", Bytes: []byte("no alert")}}, nil)
	s.Source.Name = "the folder"
	_, err := Try(t.Context(), s, where(t, "true"), Options{})
	if err == nil || !strings.Contains(err.Error(), "the folder has no alert of stream ztf: a.avro: ") {
		t.Errorf("error is %v, want what is wrong with the first file", err)
	}
}
