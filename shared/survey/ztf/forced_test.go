package ztf_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/survey/ztf"
)

// TestForcedSimulated compares the forced photometry with what was encoded.
func TestForcedSimulated(t *testing.T) {
	t.Parallel()
	measured := 0
	for i, record := range simulated(t, "4.02", 12) {
		var want []alert.Forced
		visits, _ := record["fp_hists"].([]any)
		for _, item := range visits {
			v := item.(map[string]any)
			unit := alert.UnitUJy(single(v["magzpsci"]))
			want = append(want, alert.Forced{
				MJD: v["jd"].(float64) - 2400000.5, Band: bands[v["fid"].(int32)],
				FluxUJy: single(v["forcediffimflux"]) * unit, FluxErrUJy: single(v["forcediffimfluxunc"]) * unit,
			})
		}
		measured += len(want)
		got := ztf.Forced(makePacket(t, record, "4.02").Record)
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
			t.Errorf("alert %d (-want +got):\n%s", i, diff)
		}
	}
	if measured == 0 {
		t.Error("no alert of the night has forced photometry")
	}
}

func TestForced(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		field string
		value any
		want  int // measurements that are left of one
	}{
		"as it should be":         {"procstatus", "0", 1},
		"no status":               {"procstatus", nil, 1},
		"a negative flux":         {"forcediffimflux", float32(-99.5), 1},
		"bad pixels":              {"procstatus", "56", 0},
		"two warnings":            {"procstatus", "57,61", 0},
		"a failure":               {"procstatus", "255", 0},
		"no flux":                 {"forcediffimflux", nil, 0},
		"a flux of -99999":        {"forcediffimflux", float32(-99999), 0},
		"no error":                {"forcediffimfluxunc", nil, 0},
		"an error of -99999":      {"forcediffimfluxunc", float32(-99999), 0},
		"no zero point":           {"magzpsci", nil, 0},
		"a zero point of -999":    {"magzpsci", float32(-999), 0},
		"a zero point of -99999":  {"magzpsci", float32(-99999), 0},
		"a schema without it all": {"", nil, 0},
	}
	whole := withForced(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			record, version := maps.Clone(whole), "4.02"
			if c.field == "" {
				record, version = simulated(t, "3.3", 1)[0], "3.3"
			} else {
				visit := maps.Clone(whole["fp_hists"].([]any)[0].(map[string]any))
				visit[c.field] = c.value
				record["fp_hists"] = []any{visit}
			}
			if got := ztf.Forced(makePacket(t, record, version).Record); len(got) != c.want {
				t.Errorf("forced photometry is %v, want %d measurements", got, c.want)
			}
		})
	}
}

// withForced is the first record of a synthetic night with forced photometry.
func withForced(t *testing.T) map[string]any {
	t.Helper()
	for _, record := range simulated(t, "4.02", 6) {
		if visits, _ := record["fp_hists"].([]any); len(visits) > 0 {
			return record
		}
	}
	t.Fatal("no alert of the night has forced photometry")
	return nil
}
