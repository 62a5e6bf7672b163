package survey_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey"
	"nightwire.dev/shared/survey/lsst"
	"nightwire.dev/shared/survey/ztf"
)

// measurement is a record that has one measurement of either survey, so that
// each survey's reader finds something of its own.
const measurement = `{"type":"record","name":"alert","fields":[
	{"name":"candidate","type":{"type":"record","name":"candidate","fields":[
		{"name":"candid","type":"long"},{"name":"jd","type":"double"},{"name":"fid","type":"int"},
		{"name":"magpsf","type":"float"},{"name":"sigmapsf","type":"float"}]}},
	{"name":"prv_candidates","type":{"type":"array","items":{"type":"record","name":"limit","fields":[
		{"name":"jd","type":"double"},{"name":"fid","type":"int"},{"name":"diffmaglim","type":"float"}]}}},
	{"name":"diaSource","type":{"type":"record","name":"source","fields":[
		{"name":"diaSourceId","type":"long"},{"name":"midpointMjdTai","type":"double"},{"name":"band","type":"string"},
		{"name":"psfFlux","type":"float"},{"name":"psfFluxErr","type":"float"}]}},
	{"name":"prvDiaNondetectionLimits","type":{"type":"array","items":{"type":"record","name":"nothing","fields":[
		{"name":"midpointMjdTai","type":"double"},{"name":"band","type":"string"},{"name":"diaNoise","type":"float"}]}}},
	{"name":"fp_hists","type":{"type":"array","items":{"type":"record","name":"visit","fields":[
		{"name":"jd","type":"double"},{"name":"fid","type":"int"},{"name":"forcediffimflux","type":"float"},
		{"name":"forcediffimfluxunc","type":"float"},{"name":"magzpsci","type":"float"}]}}},
	{"name":"prvDiaForcedSources","type":{"type":"array","items":"source"}}]}`

func TestPhotometry(t *testing.T) {
	t.Parallel()
	schema, err := packet.ParseSchema([]byte(measurement))
	if err != nil {
		t.Fatal(err)
	}
	source := map[string]any{"diaSourceId": int64(2), "midpointMjdTai": 60001.0, "band": "y", "psfFlux": float32(1000), "psfFluxErr": float32(100)}
	encoded, err := schema.Encode(nil, map[string]any{
		"candidate":                map[string]any{"candid": int64(1), "jd": 2460000.5, "fid": int32(1), "magpsf": float32(20), "sigmapsf": float32(0.1)},
		"prv_candidates":           []any{map[string]any{"jd": 2459999.5, "fid": int32(2), "diffmaglim": float32(20.5)}},
		"diaSource":                source,
		"prvDiaNondetectionLimits": []any{map[string]any{"midpointMjdTai": 60000.0, "band": "y", "diaNoise": float32(9)}},
		"fp_hists": []any{map[string]any{
			"jd": 2459999.5, "fid": int32(2), "forcediffimflux": float32(7), "forcediffimfluxunc": float32(2), "magzpsci": float32(24),
		}},
		"prvDiaForcedSources": []any{source},
	})
	if err != nil {
		t.Fatal(err)
	}
	record, err := schema.Record(encoded)
	if err != nil {
		t.Fatal(err)
	}
	type photometry struct {
		Detections []alert.Detection
		Limits     []alert.Limit
		Forced     []alert.Forced
	}
	want := map[string]photometry{"ztf": {Forced: ztf.Forced(record)}, "lsst": {Forced: lsst.Forced(record)}}
	for name, read := range map[string]func(packet.Value) ([]alert.Detection, []alert.Limit){"ztf": ztf.Photometry, "lsst": lsst.Photometry} {
		p := want[name]
		p.Detections, p.Limits = read(record)
		want[name] = p
	}
	for name, want := range want {
		if len(want.Detections) != 1 || len(want.Limits) != 1 || len(want.Forced) != 1 {
			t.Fatalf("%s: want one of each, got %+v", name, want)
		}
		a := &alert.Alert{Survey: names.Stream(name).Survey(), Record: record}
		got := photometry{Forced: survey.Forced(a)}
		got.Detections, got.Limits = survey.Photometry(a)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
