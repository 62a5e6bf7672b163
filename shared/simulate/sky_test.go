package simulate_test

import (
	"fmt"
	"math"
	"regexp"
	"testing"

	"nightwire.dev/shared/simulate"
)

func TestClassShares(t *testing.T) {
	t.Parallel()
	const alerts = 8000
	want := map[simulate.Class]float64{
		simulate.RRLyrae: 0.20, simulate.Eclipsing: 0.18, simulate.LongPeriod: 0.17, simulate.Asteroid: 0.20,
		simulate.Supernova: 0.02, simulate.AGN: 0.08, simulate.Artefact: 0.15,
	}
	n := night(t, alerts)
	got := map[simulate.Class]float64{}
	for i := range n.Len() {
		got[n.Truth(i).Class] += 1.0 / alerts
	}
	for class, share := range want {
		// Five times the scatter of a draw; repeats make it a little wider.
		if tolerance := 5 * math.Sqrt(1.3*share*(1-share)/alerts); math.Abs(got[class]-share) > tolerance {
			t.Errorf("%s: share %.3f, want %.3f within %.3f", class, got[class], share, tolerance)
		}
		delete(got, class)
	}
	if len(got) > 0 {
		t.Errorf("unexpected classes: %v", got)
	}
}

// A magnitude is brighter than the limit of its frame, and has the error that
// its signal to noise ratio means.
func TestPhotometryIsPossible(t *testing.T) {
	t.Parallel()
	_, alerts := sample(t)
	for i, a := range alerts {
		for _, d := range append(list(t, a, "prv_candidates"), candidate(t, a)) {
			limit := number(t, d, "diffmaglim")
			if limit < 17.5 || limit > 21.6 {
				t.Errorf("alert %d: diffmaglim %g", i, limit)
			}
			if d["candid"] == nil {
				continue
			}
			mag, sigma := number(t, d, "magpsf"), number(t, d, "sigmapsf")
			if mag > limit+1e-3 || mag < 10 {
				t.Errorf("alert %d: magpsf %g with a limit of %g", i, mag, limit)
			}
			if snr := number(t, d, "scorr"); math.Abs(sigma-math.Hypot(1.0857/snr, 0.012)) > 1e-4 || snr < 5 {
				t.Errorf("alert %d: sigmapsf %g at a signal to noise ratio of %g", i, sigma, snr)
			}
			if zero := number(t, d, "magzpsci"); zero < 25 || zero > 26.7 {
				t.Errorf("alert %d: magzpsci %g", i, zero)
			}
			gap := number(t, d, "magap") - mag
			if math.Abs(gap-number(t, d, "magdiff")) > 1e-3 {
				t.Errorf("alert %d: magdiff %v, magap - magpsf %g", i, d["magdiff"], gap)
			}
		}
	}
}

// What an astronomer would use to tell the classes apart does tell them apart.
func TestClassesLookLikeThemselves(t *testing.T) {
	t.Parallel()
	n, alerts := sample(t)
	good := map[bool]int{}
	count := map[bool]int{}
	for i, a := range alerts {
		truth, c := n.Truth(i), candidate(t, a)
		fake := truth.Class == simulate.Artefact
		count[fake]++
		if number(t, c, "rb") >= 0.65 && number(t, c, "drb") > 0.7 {
			good[fake]++
		}
		moving := number(t, c, "ssdistnr") >= 0
		if moving != (truth.Class == simulate.Asteroid) {
			t.Errorf("alert %d: %s with ssdistnr %v", i, truth.Class, c["ssdistnr"])
		}
		score, distance := number(t, c, "sgscore1"), number(t, c, "distpsnr1")
		switch truth.Class {
		case simulate.Supernova:
			if score >= 0.5 || distance > 8 || !truth.Positive {
				t.Errorf("supernova %d: sgscore1 %g at %g arcsec, positive: %t", i, score, distance, truth.Positive)
			}
		case simulate.Eclipsing:
			if truth.Positive {
				t.Errorf("eclipse %d is brighter than the reference image", i)
			}
		case simulate.Asteroid:
			if a["prv_candidates"] != nil {
				t.Errorf("asteroid %d has a history", i)
			}
		}
	}
	if good[false] < count[false]*9/10 {
		t.Errorf("%d of %d real sources pass the real-bogus scores", good[false], count[false])
	}
	if good[true] > count[true]/50 {
		t.Errorf("%d of %d artefacts pass the real-bogus scores", good[true], count[true])
	}
}

var objectID = regexp.MustCompile(`^ZTF[12][0-9][a-z]{7}$`)

// The identifiers say what ZTF's say: night, time, readout channel.
func TestIdentifiers(t *testing.T) {
	t.Parallel()
	_, alerts := sample(t)
	for i, a := range alerts {
		c := candidate(t, a)
		if id := get[string](t, a, "objectId"); !objectID.MatchString(id) {
			t.Errorf("alert %d: objectId %q", i, id)
		}
		jd, readout := get[float64](t, c, "jd"), get[int32](t, c, "rcid")
		nid := int(jd - 2457754.5)
		pid := fmt.Sprintf("%04d%05d%02d15", nid, int(math.Floor((jd-2457754.5-float64(nid))*1e5+1e-4)), readout)
		if got := fmt.Sprint(c["pid"]); got != pid {
			t.Errorf("alert %d: pid %s, want %s", i, got, pid)
		}
		if want := fmt.Sprintf("%s015%03d", pid, c["tblid"]); fmt.Sprint(a["candid"]) != want || a["candid"] != c["candid"] {
			t.Errorf("alert %d: candid %v and %v, want %s", i, a["candid"], c["candid"], want)
		}
		if int(get[int32](t, c, "nid")) != nid {
			t.Errorf("alert %d: nid %v, want %d", i, c["nid"], nid)
		}
		if jd < 2461347.5 || jd >= 2461348.5 {
			t.Errorf("alert %d: jd %f is not on 2026-11-03", i, jd)
		}
	}
}

// An exposure has one time, one filter and one field, and its alerts lie
// within the camera's footprint.
func TestExposures(t *testing.T) {
	t.Parallel()
	_, alerts := sample(t)
	exposures := map[float64]map[string]any{}
	for i, a := range alerts {
		c := candidate(t, a)
		first, known := exposures[get[float64](t, c, "jd")]
		if !known {
			exposures[get[float64](t, c, "jd")] = c
			continue
		}
		if first["fid"] != c["fid"] || first["field"] != c["field"] {
			t.Errorf("alert %d: filter %v and field %v, its exposure has %v and %v",
				i, c["fid"], c["field"], first["fid"], first["field"])
		}
		dec := number(t, c, "dec")
		across := math.Mod(number(t, c, "ra")-number(t, first, "ra")+540, 360) - 180
		across *= math.Cos(dec * math.Pi / 180)
		if math.Abs(across) > 8.2 || math.Abs(dec-number(t, first, "dec")) > 7.5 {
			t.Errorf("alert %d: %.2f degrees across and %.2f up from another of its exposure",
				i, across, dec-number(t, first, "dec"))
		}
	}
	if each := len(alerts) / len(exposures); each < 10 || each > 100 {
		t.Errorf("%d alerts an exposure", each)
	}
}

func TestMostFieldsAvoidTheMilkyWay(t *testing.T) {
	t.Parallel()
	n := night(t, 8000)
	low := 0
	for i := range n.Len() {
		if truth := n.Truth(i); math.Abs(galacticLatitude(truth.RADeg, truth.DecDeg)) < 8 {
			low++
		}
	}
	if low == 0 || low > n.Len()/20 {
		t.Errorf("%d of %d alerts lie in the Milky Way", low, n.Len())
	}
}

// galacticLatitude by way of the pole's unit vector.
func galacticLatitude(ra, dec float64) float64 {
	const degree = math.Pi / 180
	x, y, z := math.Cos(dec*degree)*math.Cos(ra*degree), math.Cos(dec*degree)*math.Sin(ra*degree), math.Sin(dec*degree)
	return math.Asin(-0.8676661*x-0.1980764*y+0.4559838*z) / degree
}
