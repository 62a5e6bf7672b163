package simulate_test

import (
	"testing"

	"nightwire.dev/shared/simulate"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	n, alerts := sample(t)
	for i, a := range alerts {
		truth, c := n.Truth(i), candidate(t, a)
		jd := get[float64](t, c, "jd")
		detections, limits := 0, 0
		last := jd - 30
		for _, p := range list(t, a, "prv_candidates") {
			at := get[float64](t, p, "jd")
			if at <= last || at >= jd {
				t.Fatalf("alert %d: visit at %f, after %f and for a candidate of %f", i, at, last, jd)
			}
			last = at
			if p["candid"] == nil {
				limits++
				continue
			}
			detections++
			wantSign := []string{"t", "f"}
			if jd-at < 0.5 {
				wantSign = []string{"1", "0"}
			}
			if sign := p["isdiffpos"]; sign != wantSign[0] && sign != wantSign[1] {
				t.Errorf("alert %d: isdiffpos %v %f d before it, want one of %v", i, sign, jd-at, wantSign)
			}
		}
		if detections != truth.Detections || limits != truth.Limits {
			t.Errorf("alert %d: %d detections and %d limits, the truth says %d and %d",
				i, detections, limits, truth.Detections, truth.Limits)
		}
		checkCounts(t, i, a, detections)
	}
}

// checkCounts holds the summary in the candidate against the list.
func checkCounts(t *testing.T, i int, a map[string]any, detections int) {
	t.Helper()
	c := candidate(t, a)
	found, visits := get[int32](t, c, "ndethist"), get[int32](t, c, "ncovhist")
	if int(found) < detections+1 {
		t.Errorf("alert %d: ndethist %d with %d detections in its list", i, found, detections)
	}
	if visits < found {
		t.Errorf("alert %d: found %d times in %d visits", i, found, visits)
	}
	start, end := get[float64](t, c, "jdstarthist"), get[float64](t, c, "jdendhist")
	if end != c["jd"] || start > end {
		t.Errorf("alert %d: history from %f to %f, observed at %v", i, start, end, c["jd"])
	}
	for _, p := range list(t, a, "prv_candidates") {
		if p["candid"] != nil && p["jd"].(float64) < start {
			t.Errorf("alert %d: detected at %v, before jdstarthist %f", i, p["jd"], start)
		}
	}
	if (found == 1) != (start == end) {
		t.Errorf("alert %d: ndethist %d, history from %f to %f", i, found, start, end)
	}
}

// The second alert of a night carries the first in its history, number by
// number, but for the sign's spelling and the columns that histories leave out.
func TestSecondAlertRemembersTheFirst(t *testing.T) {
	t.Parallel()
	n, alerts := sample(t)
	first := map[string]map[string]any{}
	repeats := 0
	for i, a := range alerts {
		name := get[string](t, a, "objectId")
		c := candidate(t, a)
		if !n.Truth(i).Repeat {
			first[name] = c
			continue
		}
		repeats++
		earlier, ok := first[name]
		if !ok {
			t.Fatalf("alert %d: repeats no earlier alert of %s", i, name)
		}
		if wait := c["jd"].(float64) - earlier["jd"].(float64); wait < 30.0/1440 {
			t.Errorf("%s: seen again after %f d", name, wait)
		}
		history := list(t, a, "prv_candidates")
		p := history[len(history)-1]
		for field, value := range p {
			switch field {
			case "isdiffpos", "ssdistnr", "ssmagnr", "ssnamenr":
			default:
				if value != earlier[field] {
					t.Errorf("%s: %s is %v in the history, was %v", name, field, value, earlier[field])
				}
			}
		}
	}
	if repeats < 40 {
		t.Errorf("%d of 400 alerts are second ones", repeats)
	}
}

// No two measurements of a night share a candid, histories included.
func TestHistoriesShareNoCandid(t *testing.T) {
	t.Parallel()
	_, alerts := sample(t)
	owner := map[int64]string{}
	for _, a := range alerts {
		name := get[string](t, a, "objectId")
		for _, p := range append(list(t, a, "prv_candidates"), candidate(t, a)) {
			if p["candid"] == nil {
				continue
			}
			id := get[int64](t, p, "candid")
			if other, taken := owner[id]; taken && other != name {
				t.Fatalf("candid %d belongs to %s and %s", id, other, name)
			}
			owner[id] = name
		}
	}
}

func TestForcedPhotometry(t *testing.T) {
	t.Parallel()
	_, alerts := sample(t)
	forced, past := 0, 0
	for i, a := range alerts {
		flux, visits := list(t, a, "fp_hists"), list(t, a, "prv_candidates")
		if visits != nil {
			past++
		}
		if flux == nil {
			continue
		}
		forced++
		if len(flux) != len(visits) {
			t.Fatalf("alert %d: %d forced fluxes for %d visits", i, len(flux), len(visits))
		}
		for k, f := range flux {
			snr := number(t, f, "forcediffimflux") / number(t, f, "forcediffimfluxunc")
			detected := visits[k]["candid"] != nil
			if f["jd"] != visits[k]["jd"] || detected && snr*snr < 24.9 || !detected && snr*snr > 25.1 {
				t.Errorf("alert %d, visit %d: flux at %.2f sigma, detected: %t", i, k, snr, detected)
			}
		}
	}
	if forced*4 < past*2 || forced >= past {
		t.Errorf("%d of %d alerts with a history have forced photometry, want three in four", forced, past)
	}
}

func TestOldSchemaHasNoForcedPhotometry(t *testing.T) {
	t.Parallel()
	n := newNight(t, simulate.Options{Seed: 1, Night: date, Alerts: 5, Schema: "3.3"})
	if _, ok := n.Alert(0)["fp_hists"]; ok {
		t.Error("fp_hists in an alert of schema 3.3")
	}
}
