package lsst_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/survey/lsst"
)

func TestForced(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			schema := parse(t, version)
			item := fieldType(t, schema.Root, "prvDiaForcedSources").Elem
			forced := func(fields map[string]any) any {
				record := blank(item).(map[string]any)
				maps.Copy(record, map[string]any{
					"midpointMjdTai": midpoint, "band": "z", "psfFlux": float32(-2500), "psfFluxErr": float32(125),
				})
				maps.Copy(record, fields)
				return record
			}
			visits := []any{
				forced(nil), forced(map[string]any{"psfFlux": nil}), forced(map[string]any{"psfFluxErr": nil}),
				forced(map[string]any{"midpointMjdTai": midpoint + 1, "band": "u", "psfFlux": float32(500)}),
			}
			if version != "7.4" { // which cannot withdraw
				visits = append(visits, forced(map[string]any{"timeWithdrawnMjdTai": midpoint + 9}))
			}
			record := alertOf(t, schema)
			record["prvDiaForcedSources"] = visits
			const utc = 37.0 / 86400
			want := []alert.Forced{
				{MJD: midpoint - utc, Band: "z", FluxUJy: -2.5, FluxErrUJy: 0.125},
				{MJD: midpoint + 1 - utc, Band: "u", FluxUJy: 0.5, FluxErrUJy: 0.125},
			}
			if diff := cmp.Diff(want, lsst.Forced(write(t, schema, record).Record)); diff != "" {
				t.Errorf("forced photometry (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithdrawnDetectionIsNone(t *testing.T) {
	t.Parallel()
	schema := parse(t, "10.0")
	record := alertOf(t, schema) // whose own source has no flux
	good := map[string]any{"diaSourceId": int64(2), "psfFlux": float32(5000), "psfFluxErr": float32(50)}
	bad := map[string]any{"diaSourceId": int64(3), "psfFlux": float32(5000), "psfFluxErr": float32(50), "timeWithdrawnMjdTai": midpoint}
	record["prvDiaSources"] = []any{source(t, schema, good), source(t, schema, bad)}
	var ids []int64
	detections, _ := lsst.Photometry(write(t, schema, record).Record)
	for _, d := range detections {
		ids = append(ids, d.Candid.Value)
	}
	if diff := cmp.Diff([]int64{2}, ids); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}
