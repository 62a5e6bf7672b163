package lightcurve_test

import (
	"testing"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/packet"
)

// lsstPhotometry is the part of LSST's schema 10.0 that makes a light curve.
const lsstPhotometry = `{"type":"record","name":"alert","fields":[
	{"name":"diaSource","type":{"type":"record","name":"diaSource","fields":[
		{"name":"diaSourceId","type":"long"},{"name":"midpointMjdTai","type":"double"},{"name":"band","type":"string"},
		{"name":"psfFlux","type":["null","float"]},{"name":"psfFluxErr","type":["null","float"]},
		{"name":"timeWithdrawnMjdTai","type":["null","double"]}]}},
	{"name":"prvDiaSources","type":{"type":"array","items":"diaSource"}},
	{"name":"prvDiaForcedSources","type":{"type":"array","items":"diaSource"}}]}`

// TestLSST: nanojansky and atomic time, and forced photometry also of the
// exposure that triggered the alert.
func TestLSST(t *testing.T) {
	t.Parallel()
	const id, utc = int64(281323062375219200), 37.0 / 86400
	source := func(id int64, mjd float64, band string, flux float32) map[string]any {
		return map[string]any{
			"diaSourceId": id, "midpointMjdTai": mjd + utc, "band": band,
			"psfFlux": flux, "psfFluxErr": float32(100), "timeWithdrawnMjdTai": nil,
		}
	}
	withdrawn := source(4, 60998, "y", 9000)
	withdrawn["timeWithdrawnMjdTai"] = 61000.0
	schema, err := packet.ParseSchema([]byte(lsstPhotometry))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := schema.Encode(nil, map[string]any{
		"diaSource":     source(id, 61000, "z", 2500),
		"prvDiaSources": []any{source(3, 60999, "u", -500), source(2, 60990, "g", 1000), withdrawn},
		"prvDiaForcedSources": []any{
			source(0, 60980, "g", 50), source(0, 60990, "g", 1100), source(0, 61000, "z", 2400),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	record, err := schema.Record(encoded)
	if err != nil {
		t.Fatal(err)
	}
	a := &alert.Alert{Survey: "lsst", Candid: id, Record: record}
	detected := func(id int64, mjd float64, band string, flux float64, trigger bool) lightcurve.Point {
		return lightcurve.Point{MJD: mjd, Band: band, FluxUJy: flux, FluxErrUJy: 0.1, Candid: alert.Some(id), Trigger: trigger}
	}
	measured := func(mjd float64, band string, flux float64) lightcurve.Point {
		return lightcurve.Point{MJD: mjd, Band: band, FluxUJy: flux, FluxErrUJy: 0.1, Forced: true}
	}
	compare(t, lightcurve.Curve{Points: []lightcurve.Point{
		detected(2, 60990, "g", 1, false), detected(3, 60999, "u", -0.5, false), detected(id, 61000, "z", 2.5, true),
	}}, lightcurve.Of(a))
	compare(t, lightcurve.Curve{Points: []lightcurve.Point{
		measured(60980, "g", 0.05), measured(60990, "g", 1.1), detected(3, 60999, "u", -0.5, false), measured(61000, "z", 2.4),
	}}, lightcurve.ForFit(a))
}
