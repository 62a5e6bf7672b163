package lightcurve_test

import (
	"maps"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey/ztf"
	"pgregory.net/rapid"
)

// own is the candid of the alerts that the tests make.
const own = int64(1630113086015015004)

// jd is the Julian date of the alert; its MJD is 60000.
const jd = 2460000.5

// seen is a detection, by its days before the alert.
func seen(candid int64, daysAgo float64, fid int, mag, sigma float64, sign string) map[string]any {
	return map[string]any{
		"candid": candid, "jd": jd - daysAgo, "fid": int32(fid), "pid": candid / 10, "programid": int32(1),
		"magpsf": float32(mag), "sigmapsf": float32(sigma), "isdiffpos": sign, "ra": 200.5, "dec": -12.25,
	}
}

// unseen is an upper limit.
func unseen(daysAgo float64, fid int, mag float64) map[string]any {
	return map[string]any{"jd": jd - daysAgo, "fid": int32(fid), "diffmaglim": float32(mag)}
}

// unit is the unit of a scale with the zero point 24, in microjansky: 10^-0.04.
const unit = 0.9120108393559098

// forced is a forced measurement on a scale with the zero point 24.
func forced(daysAgo float64, fid int, flux, sigma float64, status any) map[string]any {
	return map[string]any{
		"jd": jd - daysAgo, "fid": int32(fid), "forcediffimflux": float32(flux), "forcediffimfluxunc": float32(sigma),
		"magzpsci": float32(24), "procstatus": status,
	}
}

// schema402 is the schema of the alerts that the tests make.
var schema402 = sync.OnceValues(func() (*packet.Schema, error) {
	shipped, _ := schemas.Find(schemas.ZTF, "4.02")
	return packet.ParseSchema(shipped.JSON)
})

// decoder keeps the schema that it has parsed.
var decoder packet.Decoder

// read makes an alert of schema 4.02, encoded and decoded as on its way.
func read(t testing.TB, candidate map[string]any, history, visits []any) *alert.Alert {
	t.Helper()
	schema, err := schema402()
	if err != nil {
		t.Fatal(err)
	}
	record := map[string]any{
		"schemavsn": "4.02", "objectId": "ZTF23aaaaaaa", "candid": candidate["candid"], "candidate": maps.Clone(candidate),
	}
	if history != nil {
		record["prv_candidates"] = history
	}
	if visits != nil {
		record["fp_hists"] = visits
	}
	fill(schema.Root, record)
	encoded, err := schema.Encode(nil, record)
	if err != nil {
		t.Fatal(err)
	}
	p, err := decoder.Decode(t.Context(), packet.Container(schema, encoded))
	if err != nil {
		t.Fatal(err)
	}
	a, err := ztf.Read(p)
	if err != nil {
		t.Fatal(err)
	}
	return &a
}

// fill gives the fields that a test does not speak of null or zero.
func fill(typ *packet.Type, record map[string]any) {
	zeros := map[packet.Kind]any{packet.Int: int32(0), packet.Long: int64(0), packet.Float: float32(0), packet.Double: 0.0, packet.String: ""}
	for _, field := range typ.Fields {
		inner, optional := field.Type.Optional()
		switch value := record[field.Name].(type) {
		case map[string]any:
			fill(inner, value)
		case []any:
			for _, item := range value {
				fill(inner.Elem, item.(map[string]any))
			}
		case nil:
			record[field.Name] = nil
			if !optional {
				record[field.Name] = zeros[inner.Kind]
			}
		}
	}
}

// point is the point that a detection of the tests has to become.
func point(candid int64, daysAgo float64, band string, mag, sigma, sign float64) lightcurve.Point {
	flux, fluxErr := alert.Flux(float64(float32(mag)), float64(float32(sigma)))
	return lightcurve.Point{
		MJD: 60000 - daysAgo, Band: band, FluxUJy: sign * flux, FluxErrUJy: fluxErr,
		Candid: alert.Some(candid), Trigger: candid == own,
	}
}

// forcedPoint is the point that a forced measurement has to become.
func forcedPoint(daysAgo float64, band string, flux, sigma float64) lightcurve.Point {
	return lightcurve.Point{MJD: 60000 - daysAgo, Band: band, FluxUJy: flux * unit, FluxErrUJy: sigma * unit, Forced: true}
}

// compare compares curves: fluxes to the rounding of a power, dates to what a
// Julian date has, 40 microseconds.
func compare(t *testing.T, want, got lightcurve.Curve) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-13, 1e-9), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("curve (-want +got):\n%s", diff)
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	tonight := seen(own, 0, 1, 18.5, 0.05, "t")
	cases := map[string]struct {
		history []any
		want    lightcurve.Curve
	}{
		"no history": {nil, lightcurve.Curve{Points: []lightcurve.Point{point(own, 0, "g", 18.5, 0.05, 1)}}},
		"in order of time, whatever the packet's": {
			[]any{seen(2, 1, 2, 19, 0.1, "t"), unseen(4, 1, 20.5), seen(3, 3, 3, 20, 0.2, "f"), unseen(9, 2, 20)},
			lightcurve.Curve{
				Points: []lightcurve.Point{
					point(3, 3, "i", 20, 0.2, -1), point(2, 1, "r", 19, 0.1, 1), point(own, 0, "g", 18.5, 0.05, 1),
				},
				Limits: []alert.Limit{{MJD: 59991, Band: "r", Mag: 20}, {MJD: 59996, Band: "g", Mag: 20.5}},
			},
		},
		"a detection of the same night": {
			[]any{seen(4, 0.02, 2, 19, 0.1, "1"), seen(5, 0.01, 2, 19, 0.1, "0")},
			lightcurve.Curve{Points: []lightcurve.Point{
				point(4, 0.02, "r", 19, 0.1, 1), point(5, 0.01, "r", 19, 0.1, -1), point(own, 0, "g", 18.5, 0.05, 1),
			}},
		},
		"a candid that comes again": {
			[]any{seen(own, 0, 1, 18.4, 0.05, "t"), seen(6, 2, 2, 19, 0.1, "t"), seen(6, 2, 2, 19.5, 0.1, "t")},
			lightcurve.Curve{Points: []lightcurve.Point{point(6, 2, "r", 19, 0.1, 1), point(own, 0, "g", 18.5, 0.05, 1)}},
		},
		"a magnitude or an error that is none": {
			[]any{
				seen(7, 2, 2, math.NaN(), 0.1, "t"), seen(8, 2, 2, 19, math.Inf(1), "t"), seen(9, 2, 2, 19, 0, "t"),
				unseen(3, 1, math.NaN()),
			},
			lightcurve.Curve{Points: []lightcurve.Point{point(own, 0, "g", 18.5, 0.05, 1)}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, c.want, lightcurve.Of(read(t, tonight, c.history, nil)))
		})
	}
}

func TestForFit(t *testing.T) {
	t.Parallel()
	tonight := seen(own, 0, 1, 18.5, 0.05, "t")
	own := point(own, 0, "g", 18.5, 0.05, 1)
	cases := map[string]struct {
		history, visits []any
		want            []lightcurve.Point
	}{
		"no forced photometry": {
			[]any{seen(2, 1, 2, 19, 0.1, "t")}, nil,
			[]lightcurve.Point{point(2, 1, "r", 19, 0.1, 1), own},
		},
		"forced before detected": {
			[]any{seen(2, 1, 2, 19, 0.1, "t")}, []any{forced(1, 2, 91, 8, "0")},
			[]lightcurve.Point{forcedPoint(1, "r", 91, 8), own},
		},
		"also where the detection stands out more": {
			[]any{seen(2, 1, 2, 19, 0.01, "t")}, []any{forced(1, 2, 9, 8, "0")},
			[]lightcurve.Point{forcedPoint(1, "r", 9, 8), own},
		},
		"the alert's own exposure": {
			nil, []any{forced(0, 1, 145, 7, "0")}, []lightcurve.Point{forcedPoint(0, "g", 145, 7)},
		},
		"another exposure a minute later": {
			nil, []any{forced(-60.0/86400, 1, 145, 7, "0")}, []lightcurve.Point{own, forcedPoint(-60.0/86400, "g", 145, 7)},
		},
		"another band": {
			nil, []any{forced(0, 2, 145, 7, "0")}, []lightcurve.Point{own, forcedPoint(0, "r", 145, 7)},
		},
		"nothing seen, and negative flux": {
			nil, []any{forced(6, 1, 0.5, 7, "0"), forced(5, 1, -30, 7, "0")},
			[]lightcurve.Point{forcedPoint(6, "g", 0.5, 7), forcedPoint(5, "g", -30, 7), own},
		},
		"no measurement": {
			[]any{seen(2, 5, 1, 19, 0.1, "t")},
			[]any{
				forced(5, 1, -99999, -99999, "0"), forced(4, 1, -99999, 7, "0"), forced(3, 1, 5, -99999, "0"),
				forced(2, 1, math.NaN(), 7, "0"), forced(1, 1, 5, 0, "0"),
			},
			[]lightcurve.Point{point(2, 5, "g", 19, 0.1, 1), own},
		},
		"a warning": {
			nil, []any{forced(5, 1, 50, 7, "57"), forced(4, 1, 50, 7, "56,57"), forced(3, 1, 50, 7, "255")},
			[]lightcurve.Point{own},
		},
		"no status is no warning": {
			nil, []any{forced(5, 1, 50, 7, nil)}, []lightcurve.Point{forcedPoint(5, "g", 50, 7), own},
		},
		"two detections of one exposure": {
			[]any{seen(2, 1, 2, 19, 0.1, "t"), seen(3, 1, 2, 18.8, 0.05, "f")}, nil,
			[]lightcurve.Point{point(3, 1, "r", 18.8, 0.05, -1), own},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, lightcurve.Curve{Points: c.want}, lightcurve.ForFit(read(t, tonight, c.history, c.visits)))
		})
	}
}

func TestForcedZeroPoint(t *testing.T) {
	t.Parallel()
	// A zero point 2.5 mag fainter makes the unit a tenth.
	visit := forced(5, 1, 50, 7, "0")
	visit["magzpsci"] = float32(26.5)
	missing := forced(4, 1, 50, 7, "0")
	missing["magzpsci"] = nil
	got := lightcurve.ForFit(read(t, seen(own, 0, 1, 18.5, 0.05, "t"), nil, []any{visit, missing}))
	compare(t, lightcurve.Curve{Points: []lightcurve.Point{forcedPoint(5, "g", 5, 0.7), point(own, 0, "g", 18.5, 0.05, 1)}}, got)
}

func TestMerge(t *testing.T) {
	t.Parallel()
	// The history repeats a detection with other digits: the alert's own count.
	first := lightcurve.Of(read(t, seen(8, 3, 2, 19.25, 0.1, "t"), []any{unseen(6, 1, 20)}, nil))
	second := lightcurve.Of(read(t, seen(own, 0, 1, 18.5, 0.05, "t"), []any{seen(8, 3, 2, 19.2501, 0.1001, "t"), unseen(6, 1, 20), unseen(5, 1, 21)}, nil))
	trigger := point(8, 3, "r", 19.25, 0.1, 1)
	trigger.Trigger = true
	want := lightcurve.Curve{
		Points: []lightcurve.Point{trigger, point(own, 0, "g", 18.5, 0.05, 1)},
		Limits: []alert.Limit{{MJD: 59994, Band: "g", Mag: 20}, {MJD: 59995, Band: "g", Mag: 21}},
	}
	compare(t, want, lightcurve.Merge(first, second))
	compare(t, want, lightcurve.Merge(second, first))
	compare(t, first, lightcurve.Merge(first, first))
	compare(t, lightcurve.Curve{}, lightcurve.Merge())

	t.Run("for a fit", func(t *testing.T) {
		t.Parallel()
		detected := lightcurve.ForFit(read(t, seen(8, 3, 2, 19.25, 0.1, "t"), nil, []any{forced(7, 1, 3, 2, "0")}))
		measured := lightcurve.ForFit(read(t, seen(own, 0, 1, 18.5, 0.05, "t"), nil, []any{forced(7, 1, 3, 2, "0"), forced(3, 2, 70, 6, "0")}))
		compare(t, lightcurve.Curve{Points: []lightcurve.Point{
			forcedPoint(7, "g", 3, 2), forcedPoint(3, "r", 70, 6), point(own, 0, "g", 18.5, 0.05, 1),
		}}, lightcurve.Merge(detected, measured))
	})
}

// drawn is a curve of any points and limits, in order of time.
func drawn(t *rapid.T, name string) lightcurve.Curve {
	var c lightcurve.Curve
	for range rapid.IntRange(0, 12).Draw(t, name+" points") {
		// A candid belongs to one exposure; two candids may share it.
		candid := rapid.Int64Range(1, 20).Draw(t, "candid")
		p := lightcurve.Point{
			MJD: 60000 + float64(candid%5), Band: []string{"g", "r"}[candid%2],
			FluxUJy: rapid.Float64Range(-100, 100).Draw(t, "flux"), FluxErrUJy: rapid.Float64Range(0.1, 10).Draw(t, "error"),
			Forced: rapid.Bool().Draw(t, "forced"),
		}
		if !p.Forced {
			p.Candid = alert.Some(candid)
			p.Trigger = rapid.Bool().Draw(t, "trigger")
		}
		c.Points = append(c.Points, p)
	}
	for range rapid.IntRange(0, 6).Draw(t, name+" limits") {
		c.Limits = append(c.Limits, alert.Limit{MJD: 60000 + float64(rapid.IntRange(0, 20).Draw(t, "day")), Band: "g", Mag: 20})
	}
	return c
}

func TestMergeProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawn(t, "first"), drawn(t, "second")
		merged := lightcurve.Merge(a, b)
		if !slices.IsSortedFunc(merged.Points, func(p, q lightcurve.Point) int { return int(math.Copysign(1, p.MJD-q.MJD)) }) {
			t.Errorf("points are out of order: %v", merged.Points)
		}
		candids := map[int64]bool{}
		for _, p := range merged.Points {
			if p.Candid.Known && candids[p.Candid.Value] {
				t.Errorf("candid %d is there twice", p.Candid.Value)
			}
			candids[p.Candid.Value] = p.Candid.Known
			if !slices.Contains(a.Points, p) && !slices.Contains(b.Points, p) {
				t.Errorf("%+v came from nowhere", p)
			}
		}
		for _, p := range append(slices.Clone(a.Points), b.Points...) {
			same := func(q lightcurve.Point) bool {
				return q.Candid.Known && q.Candid == p.Candid || q.MJD == p.MJD && q.Band == p.Band
			}
			if !slices.ContainsFunc(merged.Points, same) {
				t.Errorf("%+v is lost", p)
			}
		}
		if diff := cmp.Diff(merged, lightcurve.Merge(merged, merged), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("merged again (-once +twice):\n%s", diff)
		}
	})
}
