package simulate_test

import (
	"sync"
	"testing"

	"nightwire.dev/shared/simulate"
)

type made struct {
	night  *simulate.Night
	alerts []map[string]any
}

var makeSample = sync.OnceValues(func() (made, error) {
	n, err := simulate.New(simulate.Options{Seed: 1, Night: date, Alerts: 400})
	if err != nil {
		return made{}, err
	}
	m := made{night: n}
	for _, a := range n.All() {
		m.alerts = append(m.alerts, a)
	}
	return m, nil
})

// sample is a night and all its alerts, made once for the tests that only
// read them.
func sample(tb testing.TB) (*simulate.Night, []map[string]any) {
	tb.Helper()
	m, err := makeSample()
	if err != nil {
		tb.Fatal(err)
	}
	return m.night, m.alerts
}

// get reads a field that has to be of a type.
func get[T any](tb testing.TB, record map[string]any, name string) T {
	tb.Helper()
	v, ok := record[name].(T)
	if !ok {
		tb.Fatalf("%s is %T, want %T", name, record[name], v)
	}
	return v
}

// number reads a float, single or double.
func number(tb testing.TB, record map[string]any, name string) float64 {
	tb.Helper()
	if v, ok := record[name].(float32); ok {
		return float64(v)
	}
	return get[float64](tb, record, name)
}

func candidate(tb testing.TB, alert map[string]any) map[string]any {
	tb.Helper()
	return get[map[string]any](tb, alert, "candidate")
}

// list reads prv_candidates or fp_hists; nil stands for null.
func list(tb testing.TB, alert map[string]any, name string) []map[string]any {
	tb.Helper()
	if alert[name] == nil {
		return nil
	}
	var records []map[string]any
	for _, item := range get[[]any](tb, alert, name) {
		records = append(records, item.(map[string]any))
	}
	return records
}

func stamp(tb testing.TB, alert map[string]any, name string) []byte {
	tb.Helper()
	return get[[]byte](tb, get[map[string]any](tb, alert, name), "stampData")
}
