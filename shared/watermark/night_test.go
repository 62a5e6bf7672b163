package watermark_test

import (
	"testing"
	"time"

	"nightwire.dev/shared/names"
	"nightwire.dev/shared/watermark"
)

func TestTopicNight(t *testing.T) {
	t.Parallel()
	for topic, want := range map[string]string{
		"ztf_20260901_programid1":     "2026-09-01",
		"20260901":                    "2026-09-01",
		"v1.20261301.20260901":        "2026-09-01", // the first is no date
		"ztf_20260230_programid1":     "",
		"lsst-alerts-v9.0":            "",
		"lsst_alerts_120260901":       "",
		"survey-2026-09-01":           "",
		"ztf_20260901123000_reissued": "",
	} {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			if got, ok := watermark.TopicNight(topic); got != want || ok != (want != "") {
				t.Errorf("night %q, %v; want %q", got, ok, want)
			}
		})
	}
}

func TestNights(t *testing.T) {
	t.Parallel()
	chile := time.FixedZone("UTC-4", -4*3600)
	cases := map[string]struct {
		at        time.Time
		ztf, lsst string
	}{
		"evening in Chile":        {time.Date(2026, 9, 1, 23, 30, 0, 0, time.UTC), "2026-09-01", "2026-09-01"},
		"the same, in local time": {time.Date(2026, 9, 1, 19, 30, 0, 0, chile), "2026-09-01", "2026-09-01"},
		"past midnight":           {time.Date(2026, 9, 2, 0, 30, 0, 0, time.UTC), "2026-09-02", "2026-09-01"},
		"the last moment":         {time.Date(2026, 9, 2, 12, 0, 0, -1, time.UTC), "2026-09-02", "2026-09-01"},
		"noon":                    {time.Date(2026, 9, 2, 12, 0, 0, 0, time.UTC), "2026-09-02", "2026-09-02"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := watermark.Present(names.ZTF, c.at); got != c.ztf {
				t.Errorf("ZTF: %s, want %s", got, c.ztf)
			}
			if got := watermark.Present(names.LSST, c.at); got != c.lsst {
				t.Errorf("LSST: %s, want %s", got, c.lsst)
			}
			if got := watermark.RecordNight(c.at); got != c.lsst {
				t.Errorf("record: %s, want %s", got, c.lsst)
			}
		})
	}
}
