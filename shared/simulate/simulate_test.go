package simulate_test

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nightwire.dev/shared/simulate"
)

var date = time.Date(2026, time.November, 3, 0, 0, 0, 0, time.UTC)

func night(tb testing.TB, alerts int) *simulate.Night {
	tb.Helper()
	return newNight(tb, simulate.Options{Seed: 1, Night: date, Alerts: alerts})
}

func newNight(tb testing.TB, o simulate.Options) *simulate.Night {
	tb.Helper()
	n, err := simulate.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		options simulate.Options
		want    string
	}{
		"unknown schema": {
			simulate.Options{Night: date, Alerts: 1, Schema: "4.01"},
			`simulate night: schema "4.01": want 4.02 or 3.3`,
		},
		"no alerts": {
			simulate.Options{Night: date},
			"simulate night: 0 alerts: want 1 to 1000000",
		},
		"too many alerts": {
			simulate.Options{Night: date, Alerts: simulate.MostAlerts + 1},
			"simulate night: 1000001 alerts: want 1 to 1000000",
		},
		"unknown program": {
			simulate.Options{Night: date, Alerts: 1, ProgramID: 4},
			"simulate night: program 4: want 1, 2 or 3",
		},
		"no date": {
			simulate.Options{Alerts: 1},
			"simulate night: 0001-01-01: want 2019-10-01 to 2038-12-31",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := simulate.New(c.options)
			if err == nil || err.Error() != c.want {
				t.Errorf("got error %v, want %s", err, c.want)
			}
		})
	}
}

// Any valid options give a night with the promised number of alerts, in order
// of time and with candids of their own.
func TestNightOfAnyOptions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, err := simulate.New(simulate.Options{
			Seed:   rapid.Uint64().Draw(t, "seed"),
			Night:  date.AddDate(0, 0, rapid.IntRange(-2500, 4400).Draw(t, "day")),
			Alerts: rapid.IntRange(1, 400).Draw(t, "alerts"),
		})
		if err != nil {
			t.Fatal(err)
		}
		candids := map[int64]bool{}
		last := 0.0
		for i := range n.Len() {
			truth := n.Truth(i)
			if truth.JD < last {
				t.Fatalf("alert %d: observed at %f, after one at %f", i, truth.JD, last)
			}
			last = truth.JD
			candids[truth.Candid] = true
		}
		if len(candids) != n.Len() {
			t.Fatalf("%d candids of %d alerts", len(candids), n.Len())
		}
	})
}

func TestAlertIsAPureFunction(t *testing.T) {
	t.Parallel()
	_, want := sample(t)
	alerts := len(want)
	n := night(t, alerts)
	got := make([]map[string]any, alerts)
	var readers sync.WaitGroup
	for worker := range 4 {
		readers.Go(func() {
			for k := worker; k < alerts; k += 4 {
				i := alerts - 1 - k
				got[i] = n.Alert(i)
			}
		})
	}
	readers.Wait()
	for i := range want {
		if !reflect.DeepEqual(want[i], got[i]) {
			t.Fatalf("alert %d, made again by another worker (-first +second):\n%s", i, cmp.Diff(want[i], got[i]))
		}
	}
}

// The record belongs to its caller: what one does with it is not seen by
// another.
func TestAlertBelongsToItsCaller(t *testing.T) {
	t.Parallel()
	n := night(t, 10)
	a := n.Alert(3)
	clear(a["cutoutScience"].(map[string]any)["stampData"].([]byte))
	clear(a["candidate"].(map[string]any))
	if want, got := night(t, 10).Alert(3), n.Alert(3); !reflect.DeepEqual(want, got) {
		t.Errorf("changed with the caller's copy (-want +got):\n%s", cmp.Diff(want, got))
	}
}

func TestSeedsAndNightsDiffer(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for label, o := range map[string]simulate.Options{
		"base":       {Seed: 1, Night: date, Alerts: 2000},
		"next night": {Seed: 1, Night: date.AddDate(0, 0, 1), Alerts: 2000},
		"other seed": {Seed: 2, Night: date, Alerts: 2000},
	} {
		n := newNight(t, o)
		for i := range n.Len() {
			name := n.Truth(i).ObjectID
			if other, taken := names[name]; taken && other != label {
				t.Fatalf("%s is in the nights %q and %q", name, other, label)
			}
			names[name] = label
		}
	}
}

func TestAllStopsWhenAsked(t *testing.T) {
	t.Parallel()
	seen := 0
	for i := range night(t, 50).All() {
		if seen++; i == 4 {
			break
		}
	}
	if seen != 5 {
		t.Errorf("went on to %d alerts, want 5", seen)
	}
}

func BenchmarkAlert(b *testing.B) {
	n := night(b, 20_000)
	size := 0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a := n.Alert(i % n.Len())
		size += len(stamp(b, a, "cutoutScience"))
	}
	b.ReportMetric(float64(size)/float64(b.N), "stampbytes")
}

func BenchmarkTruth(b *testing.B) {
	n := night(b, 20_000)
	for i := 0; b.Loop(); i++ {
		n.Truth(i % n.Len())
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		night(b, 20_000)
	}
}
