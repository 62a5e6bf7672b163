package lightcurve_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/survey"
)

// reference is a light curve that another program read from the same alerts.
type reference struct {
	File    string    `json:"file"`
	Recipe  string    `json:"recipe"`
	Merged  bool      `json:"merged"`
	Time    []float64 `json:"time"`
	Band    []string  `json:"band"`
	Flux    []float64 `json:"flux"`
	FluxErr []float64 `json:"fluxerr"`
	ZP      []float64 `json:"zp"`
}

// references are the light curves with correct errors and signs.
func references(t *testing.T) []reference {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(realdata.Dir(t), "salt2", "alert_lightcurves.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var all []reference
	for line := range bytes.Lines(text) {
		var r reference
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if r.Recipe == "corrected" {
			all = append(all, r)
		}
	}
	return all
}

// compareReference compares dates, bands, fluxes and errors, to the rounding of
// a power of ten.
func compareReference(t *testing.T, want reference, got lightcurve.Curve) {
	t.Helper()
	// zeroPoint is that of the microjansky.
	const zeroPoint = 23.9
	var points []lightcurve.Point
	for i := range want.Time {
		unit := math.Pow(10, 0.4*(zeroPoint-want.ZP[i]))
		points = append(points, lightcurve.Point{
			MJD: want.Time[i], Band: want.Band[i][len("ztf"):], FluxUJy: want.Flux[i] * unit, FluxErrUJy: want.FluxErr[i] * unit,
		})
	}
	slices.SortStableFunc(points, func(a, b lightcurve.Point) int { return int(math.Copysign(1, a.MJD-b.MJD)) })
	if diff := cmp.Diff(points, got.Points, cmpopts.EquateApprox(1e-12, 0),
		cmpopts.IgnoreFields(lightcurve.Point{}, "Candid", "Trigger")); diff != "" {
		t.Errorf("points (-want +got):\n%s", diff)
	}
}

// realAlerts are the real ZTF alerts by their files.
func realAlerts(t *testing.T) (alerts map[string]*alert.Alert, truth map[string]map[string]any) {
	t.Helper()
	alerts, truth = map[string]*alert.Alert{}, map[string]map[string]any{}
	for _, sample := range realdata.Alerts(t, func(truth map[string]any) bool { return truth["survey"] == "ztf" }) {
		p, err := decoder.Decode(t.Context(), sample.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		a, err := survey.Read(names.ZTF, p)
		if err != nil {
			t.Fatal(err)
		}
		alerts[sample.File], truth[sample.File] = &a, sample.Truth
	}
	return alerts, truth
}

// TestReal compares the curves of real alerts with the reference's.
func TestReal(t *testing.T) {
	t.Parallel()
	alerts, _ := realAlerts(t)
	for _, want := range references(t) {
		if want.Merged {
			continue
		}
		t.Run(want.File, func(t *testing.T) {
			t.Parallel()
			got := lightcurve.Of(alerts[want.File])
			compareReference(t, want, got)
			// These alerts are older than the survey's forced photometry, and none
			// has two detections of one exposure.
			if diff := cmp.Diff(got, lightcurve.ForFit(alerts[want.File])); diff != "" {
				t.Errorf("for a fit (-detections +got):\n%s", diff)
			}
		})
	}
}

// TestRealCounts counts what every real alert saw and did not see.
func TestRealCounts(t *testing.T) {
	t.Parallel()
	alerts, truth := realAlerts(t)
	for file, a := range alerts {
		want := []float64{number(t, truth[file]["n_prv_det"]) + 1, number(t, truth[file]["n_prv_lim"])}
		c := lightcurve.Of(a)
		if diff := cmp.Diff(want, []float64{float64(len(c.Points)), float64(len(c.Limits))}); diff != "" {
			t.Errorf("%s: points and limits (-want +got):\n%s", file, diff)
		}
		if i := slices.IndexFunc(c.Points, func(p lightcurve.Point) bool { return p.Trigger }); i != len(c.Points)-1 {
			t.Errorf("%s: the alert's own detection is point %d of %d", file, i, len(c.Points))
		}
	}
}

// TestRealMerge makes one light curve of SN 2021rhu's 34 alerts, which hold 34
// detections, most of them many times.
func TestRealMerge(t *testing.T) {
	t.Parallel()
	alerts, truth := realAlerts(t)
	all := references(t)
	want := all[slices.IndexFunc(all, func(r reference) bool { return r.Merged })]
	var curves []lightcurve.Curve
	for file, a := range alerts { // in any order
		if truth[file]["objectId"] == "ZTF21abiuvdk" {
			curves = append(curves, lightcurve.Of(a))
		}
	}
	merged := lightcurve.Merge(curves...)
	if len(curves) != 34 || len(merged.Points) != 34 {
		t.Errorf("%d alerts have %d points, want 34 and 34", len(curves), len(merged.Points))
	}
	compareReference(t, want, merged)
}

func number(t testing.TB, v any) float64 {
	t.Helper()
	n, ok := v.(json.Number)
	if !ok {
		t.Fatalf("the truth has %v, want a number", v)
	}
	f, err := n.Float64()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func BenchmarkOf(b *testing.B) {
	a := read(b, seen(own, 0, 1, 18.5, 0.05, "t"), history(20), nil)
	b.ReportAllocs()
	for b.Loop() {
		lightcurve.Of(a)
	}
}

// history has detections and limits by turns, one a day.
func history(n int) []any {
	var all []any
	for i := range n {
		if i%2 == 0 {
			all = append(all, seen(int64(1000+i), float64(n-i), 1+i%3, 19, 0.1, "t"))
		} else {
			all = append(all, unseen(float64(n-i), 1+i%3, 20.5))
		}
	}
	return all
}
