package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNightsOf(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 9, 1, 11, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		topics map[string]int
		ended  time.Time
		want   []string
	}{
		"nothing":               {nil, began, nil},
		"the largest first":     {map[string]int{"ztf_20260831_programid1": 2, "ztf_20260901_programid1": 3}, began, []string{"2026-09-01", "2026-08-31"}},
		"two topics of a night": {map[string]int{"ztf_20260831_programid2": 2, "ztf_20260831_programid3": 2, "ztf_20260901_programid2": 3}, began, []string{"2026-08-31", "2026-09-01"}},
		"a fixed topic":         {map[string]int{"lsst-alerts": 5}, began.Add(time.Minute), []string{"2026-08-31"}},
		"past noon":             {map[string]int{"lsst-alerts": 5}, began.Add(2 * time.Hour), []string{"2026-08-31", "2026-09-01"}},
		"two days long":         {map[string]int{"lsst-alerts": 5}, began.Add(48 * time.Hour), []string{"2026-08-31", "2026-09-01", "2026-09-02"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, nightsOf(c.topics, began, c.ended)); diff != "" {
				t.Errorf("nights (-want +got):\n%s", diff)
			}
		})
	}
}
