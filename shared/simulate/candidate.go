package simulate

import (
	"math"
	"math/rand/v2"
	"strconv"
)

const drbVersion = "d6_m7"

// candidate is the record of tonight's detection: what it shares with a
// history, and what only an alert has.
func (n *Night) candidate(o *object, m *measurement) map[string]any {
	record := n.detection(o, m)
	r := n.stream(forCandidate, o.index, m.pass)
	n.count(record, o, m)
	solarSystem(record, o, m, r)
	o.catalogue(record, r)
	bright(record, r)

	record["drb"] = single(1-min(1, math.Abs(normal(r, 0, 0.01+0.6/m.signalToNoise()))), 6)
	if o.class == Artefact {
		record["drb"] = single(math.Abs(normal(r, 0, 0.15)), 6)
	}
	record["drbversion"] = drbVersion
	record["exptime"] = float32(30)
	record["tooflag"] = int32(0)

	record["rfid"] = referenceID(&m.frame)
	record["jdstartref"] = decimals(surveyStart-10-float64(m.fieldID%30), 6)
	record["jdendref"] = decimals(surveyStart+20+float64(m.fieldID%90), 6)
	record["nframesref"] = 15 + m.fieldID%20

	stars := 250 + 1700*r.Float64()
	record["nmatches"] = int32(stars)
	record["zpclrcov"] = single(-m.calibration/stars/4, 9)
	record["zpmed"] = single(m.zeroPoint+normal(r, 0, 0.02), 3)
	record["clrmed"] = single(uniform(r, 0.45, 1.0), 3)
	record["clrrms"] = single(uniform(r, 0.13, 0.32), 6)

	peak := 1.6 * m.signalToNoise()
	record["dsnrms"] = single(peak, 4)
	record["ssnrms"] = single(1.9*peak, 4)
	record["dsdiff"] = single(-0.9*peak, 4)
	return record
}

// count fills in how often the place was seen and the object found.
func (n *Night) count(record map[string]any, o *object, m *measurement) {
	past := n.past(o, m)
	found := 1
	for i := range past {
		if past[i].detected() {
			found++
		}
	}
	record["ndethist"] = int32(o.older + found)
	record["ncovhist"] = int32(200 + 3*o.older + len(past) + int(m.fieldID))
	record["jdstarthist"] = min(o.first, m.jd)
	record["jdendhist"] = m.jd
}

// solarSystem fills in the nearest known minor planet.
func solarSystem(record map[string]any, o *object, m *measurement, r *rand.Rand) {
	record["ssdistnr"] = float32(missing)
	record["ssmagnr"] = float32(missing)
	record["ssnamenr"] = "null"
	if o.class == Asteroid {
		record["ssdistnr"] = float32(r.IntN(4))
		record["ssmagnr"] = single(m.mag()+normal(r, 0.2, 0.2), 1)
		record["ssnamenr"] = strconv.Itoa(1000 + r.IntN(400_000))
	}
}

// bright fills in the nearest Gaia sources.
func bright(record map[string]any, r *rand.Rand) {
	record["neargaia"] = single(uniform(r, 0.05, 25), 5)
	record["maggaia"] = single(uniform(r, 15, 20.5), 4)
	record["neargaiabright"] = float32(missing)
	record["maggaiabright"] = float32(missing)
	if r.IntN(3) == 0 {
		record["neargaiabright"] = single(uniform(r, 10, 90), 5)
		record["maggaiabright"] = single(uniform(r, 10, 14), 4)
	}
}

// referenceID is ZTF's rfid, of the reference image of a field, readout
// channel and filter.
func referenceID(f *frame) int64 {
	return int64(f.fieldID)*1_000_000 + referenceImage + int64(f.fid)*100 + int64(f.readout)
}
