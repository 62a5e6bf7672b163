package queries_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/warehouse"
)

// near allows for the rounding of a few operations on doubles.
var near = cmpopts.EquateApprox(1e-12, 1e-12)

// curves are the light curves that shared/lightcurve makes of the same alerts.
func curves(alerts []alert.Alert) map[string]lightcurve.Curve {
	byObject := map[string][]lightcurve.Curve{}
	for _, a := range alerts {
		byObject[a.ObjectID] = append(byObject[a.ObjectID], lightcurve.Of(&a))
	}
	merged := map[string]lightcurve.Curve{}
	for object, all := range byObject {
		merged[object] = lightcurve.Merge(all...)
	}
	return merged
}

// compareViews compares detections, limits and light_curves with
// shared/lightcurve.
func compareViews(t *testing.T, s *store, alerts []alert.Alert) {
	t.Helper()
	var detections, limits, arrays [][]any
	for object, c := range curves(alerts) {
		var points []any
		slices.SortFunc(c.Points, func(a, b lightcurve.Point) int { // some exposures saw two things close together
			return cmp.Or(cmp.Compare(a.MJD, b.MJD), cmp.Compare(a.Band, b.Band), cmp.Compare(a.Candid.Value, b.Candid.Value))
		})
		for _, p := range c.Points {
			mag, sigma := p.Mag()
			detections = append(detections, []any{
				object, p.MJD, p.Band, p.Candid.Value, p.FluxUJy, p.FluxErrUJy, mag, sigma, p.Positive(), p.Trigger,
			})
			points = append(points, warehouse.Struct{
				{Name: "mjd", Value: p.MJD}, {Name: "band", Value: p.Band},
				{Name: "flux_ujy", Value: p.FluxUJy}, {Name: "flux_err_ujy", Value: p.FluxErrUJy},
				{Name: "mag", Value: mag}, {Name: "mag_err", Value: sigma}, {Name: "candid", Value: p.Candid.Value},
			})
		}
		for _, l := range c.Limits {
			limits = append(limits, []any{object, l.MJD, l.Band, l.Mag})
		}
		arrays = append(arrays, []any{object, points[0].(warehouse.Struct)[0].Value, "", "", points, int64(len(points))})
	}
	for sql, want := range map[string][][]any{
		"SELECT objectId, mjd, band, candid, flux_ujy, flux_err_ujy, mag, mag_err, positive, triggered FROM detections": detections,
		"SELECT objectId, mjd, band, mag FROM limits":                                                                   limits,
		"SELECT objectId, first_mjd, '', '', points, n_points FROM light_curves":                                        arrays,
	} {
		if diff := gocmp.Diff(sorted(want), sorted(s.ask(t, sql, nil)), near); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sql, diff)
		}
	}
}

// sorted orders rows by their first columns: object, date, band, and candid or
// what stands there.
func sorted(rows [][]any) [][]any {
	key := func(row []any) string { return fmt.Sprintf("%s %.5f %s %v", row[0], row[1], row[2], row[3]) }
	slices.SortFunc(rows, func(a, b []any) int { return cmp.Compare(key(a), key(b)) })
	return rows
}

// TestSyntheticNight compares the views of a night, half of which was written
// twice, with shared/lightcurve.
func TestSyntheticNight(t *testing.T) {
	t.Parallel()
	s := build(t, names.ZTF)
	packets := night(t, 120)
	alerts := s.archive(t, packets...)
	s.archive(t, packets[:60]...)
	compareViews(t, s, alerts)
	compareObjects(t, s)
	s.expect(t, [][]any{{int64(len(packets))}}, "SELECT SUM(n_alerts) FROM objects")
}

// compareObjects makes anew what the view objects says, of the detections.
func compareObjects(t *testing.T, s *store) {
	t.Helper()
	type summary struct {
		Object                           string
		Detections, Positive             int64
		First, Last                      float64
		Peak, PeakBand, PeakMJD, GR, Err any
	}
	type detection struct {
		mjd, mag, err, flux float64
		band                string
	}
	byObject := map[string][]detection{}
	for _, row := range s.ask(t, "SELECT objectId, mjd, mag, mag_err, flux_ujy, band FROM detections", nil) {
		object := row[0].(string)
		byObject[object] = append(byObject[object], detection{row[1].(float64), row[2].(float64), row[3].(float64), row[4].(float64), row[5].(string)})
	}
	var want, got []summary
	for object, all := range byObject {
		slices.SortFunc(all, func(a, b detection) int { return cmp.Compare(a.mjd, b.mjd) })
		s := summary{Object: object, Detections: int64(len(all)), First: all[0].mjd, Last: all[len(all)-1].mjd}
		all = slices.DeleteFunc(all, func(d detection) bool { return d.flux <= 0 })
		s.Positive = int64(len(all))
		if len(all) > 0 {
			peak := slices.MaxFunc(all, func(a, b detection) int { return cmp.Compare(a.flux, b.flux) })
			s.Peak, s.PeakBand, s.PeakMJD = peak.mag, peak.band, peak.mjd
			nearest := func(band string) (best detection, ok bool) {
				for _, d := range all {
					if away := math.Abs(d.mjd - peak.mjd); d.band == band && away <= 3 && (!ok || away < math.Abs(best.mjd-peak.mjd)) {
						best, ok = d, true
					}
				}
				return best, ok
			}
			g, hasG := nearest("g")
			if r, hasR := nearest("r"); hasG && hasR {
				s.GR, s.Err = g.mag-r.mag, math.Hypot(g.err, r.err)
			}
		}
		want = append(want, s)
	}
	for _, row := range s.ask(t, `SELECT objectId, n_detections, n_positive, first_mjd, last_mjd,
		peak_mag, peak_band, peak_mjd, peak_g_r, peak_g_r_err FROM objects`, nil) {
		got = append(got, summary{
			row[0].(string), row[1].(int64), row[2].(int64), row[3].(float64), row[4].(float64), row[5], row[6], row[7], row[8], row[9],
		})
	}
	byName := cmpopts.SortSlices(func(a, b summary) bool { return a.Object < b.Object })
	if diff := gocmp.Diff(want, got, byName, near); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

// TestRealAlerts compares the views of the real alerts with shared/lightcurve,
// and with the light curves that another program made of them.
func TestRealAlerts(t *testing.T) {
	t.Parallel()
	samples := realdata.Alerts(t, func(truth map[string]any) bool { return truth["survey"] == "ztf" })
	s := build(t, names.ZTF)
	decoder := new(packet.Decoder)
	var packets []*packet.Packet
	objects := map[string]string{}
	for _, sample := range samples {
		p, err := decoder.Decode(t.Context(), sample.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, p)
		objects[sample.File], _ = sample.Truth["objectId"].(string)
	}
	alerts := s.archive(t, packets...)
	slices.SortFunc(alerts, func(a, b alert.Alert) int { return cmp.Compare(a.Candid, b.Candid) })
	alerts = slices.CompactFunc(alerts, func(a, b alert.Alert) bool { return a.Candid == b.Candid })
	compareViews(t, s, alerts)
	compareObjects(t, s)
	s.expect(t, [][]any{{int64(34), int64(34)}}, "SELECT COUNT(*), COUNT(DISTINCT candid) FROM detections WHERE objectId = 'ZTF21abiuvdk'")
	compareReference(t, s, objects)
}

// compareReference looks each point of the reference's corrected light curves
// up in detections. The merged curve, of all alerts of SN 2021rhu, has to agree
// to the rounding of a power of ten; those of single alerts repeat detections in
// the fewer digits of the history.
func compareReference(t *testing.T, s *store, objects map[string]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(realdata.Dir(t), "salt2", "alert_lightcurves.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	type point struct {
		object, band string
		microday     int64
	}
	place := func(object, band string, mjd float64) point { return point{object, band, int64(math.Round(mjd * 1e6))} }
	detections := map[point][2]float64{}
	for _, row := range s.ask(t, "SELECT objectId, band, mjd, flux_ujy, flux_err_ujy FROM detections", nil) {
		detections[place(row[0].(string), row[1].(string), row[2].(float64))] = [2]float64{row[3].(float64), row[4].(float64)}
	}
	checked := 0
	for line := range bytes.Lines(text) {
		var r struct {
			File, Recipe            string
			Merged                  bool
			Time, Flux, FluxErr, ZP []float64
			Band                    []string
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if r.Recipe != "corrected" {
			continue
		}
		object, tolerance := objects[r.File], 1e-4
		if r.Merged {
			object, tolerance = "ZTF21abiuvdk", 1e-12
		}
		for i := range r.Time {
			unit := math.Pow(10, 0.4*(23.9-r.ZP[i]))
			want := [2]float64{r.Flux[i] * unit, r.FluxErr[i] * unit}
			got := detections[place(object, strings.TrimPrefix(r.Band[i], "ztf"), r.Time[i])]
			if diff := gocmp.Diff(want, got, cmpopts.EquateApprox(tolerance, 0)); diff != "" {
				t.Errorf("%s, %s at %v: flux and error (-want +got):\n%s", object, r.Band[i], r.Time[i], diff)
			}
			checked++
		}
	}
	if checked < 500 {
		t.Errorf("%d points were compared, want hundreds", checked)
	}
}
