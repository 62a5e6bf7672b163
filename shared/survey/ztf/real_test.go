package ztf_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/survey/ztf"
)

func isZTF(truth map[string]any) bool { return truth["survey"] == "ztf" }

// TestReal reads every real ZTF alert and compares it with what independent
// readers found in it.
func TestReal(t *testing.T) {
	t.Parallel()
	positive := positiveDetections(t)
	for _, sample := range realdata.Alerts(t, isZTF) {
		t.Run(sample.File, func(t *testing.T) {
			t.Parallel()
			p, err := decoder.Decode(t.Context(), sample.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			checkAlert(t, p, sample.Truth)
			checkPhotometry(t, p.Record, sample.Truth)
			checkNumbers(t, p.Record, sample.Truth)
			found := 0
			detections, _ := ztf.Photometry(p.Record)
			for _, d := range detections {
				if d.Positive() {
					found++
				}
			}
			if want := positive[sample.File]; found != want {
				t.Errorf("%d positive detections, want %d", found, want)
			}
		})
	}
}

func checkAlert(t *testing.T, p *packet.Packet, truth map[string]any) {
	t.Helper()
	a, err := ztf.Read(p)
	if err != nil {
		t.Fatal(err)
	}
	candid, err := truth["candid"].(json.Number).Int64()
	if err != nil {
		t.Fatal(err)
	}
	want := alert.Alert{
		Survey: "ztf", Schema: truth["schemavsn"].(string), ObjectID: truth["objectId"].(string), Candid: candid,
		ObservedAt: alert.Time(number(t, truth["jd"]) - 2400000.5),
		RADeg:      number(t, truth["ra"]), DecDeg: number(t, truth["dec"]),
		ProgramID: alert.Some(int(number(t, truth["programid"]))),
	}
	if diff := cmp.Diff(want, a, ignoreRecord); diff != "" {
		t.Errorf("alert (-want +got):\n%s", diff)
	}
}

func checkPhotometry(t *testing.T, record packet.Value, truth map[string]any) {
	t.Helper()
	detections, limits := ztf.Photometry(record)
	got := map[string]float64{"detections": float64(len(detections)), "limits": float64(len(limits))}
	want := map[string]float64{"detections": number(t, truth["n_prv_det"]) + 1, "limits": number(t, truth["n_prv_lim"])}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("counts (-want +got):\n%s", diff)
	}
	first := detections[0]
	mag, sigma := first.Mag()
	if diff := cmp.Diff(
		[]float64{number(t, truth["jd"]) - 2400000.5, number(t, truth["magpsf"]), number(t, truth["sigmapsf"])},
		[]float64{first.MJD, mag, sigma}, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("date, magnitude and error of the first detection (-candidate's +got):\n%s", diff)
	}
	if want := truth["isdiffpos"] == "t"; first.Positive() != want {
		t.Errorf("first detection is positive: %v, want %v", first.Positive(), want)
	}
	for i, d := range detections {
		if d.Band == "" || d.FluxErrUJy <= 0 || math.IsNaN(d.FluxUJy) || !d.Candid.Known || !d.RADeg.Known || !d.RealBogus.Known {
			t.Errorf("detection %d lacks something: %+v", i, d)
		}
	}
	for i, l := range limits {
		if l.Band == "" || l.Mag < 10 || l.Mag > 25 || l.MJD >= first.MJD {
			t.Errorf("limit %d cannot be: %+v", i, l)
		}
	}
}

// checkNumbers compares the numbers for which the survey has -999.
func checkNumbers(t *testing.T, record packet.Value, truth map[string]any) {
	t.Helper()
	for _, field := range []string{"ssdistnr", "distpsnr1", "sgscore1", "drb"} {
		var want alert.Maybe[float64]
		if truth[field] != nil && number(t, truth[field]) != -999 {
			want = alert.Some(number(t, truth[field]))
		}
		if diff := cmp.Diff(want, ztf.Number(record.Get("candidate", field))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field, diff)
		}
	}
}

// positiveDetections are the true counts, by file, over candidate and history,
// whose isdiffpos has four spellings.
func positiveDetections(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(realdata.Dir(t), "alerts", "filters_truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for line := range bytes.Lines(text) {
		var verdict struct {
			File     string `json:"file"`
			Intended struct {
				Positive int `json:"n_positive_detections"`
			} `json:"extragalactic_intended"`
		}
		if err := json.Unmarshal(line, &verdict); err != nil {
			t.Fatal(err)
		}
		counts[verdict.File] = verdict.Intended.Positive
	}
	return counts
}

// number is a JSON number of the truth as a double.
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
