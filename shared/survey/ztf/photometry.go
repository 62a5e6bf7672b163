package ztf

import (
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
)

// bands are the filters by their fid.
var bands = map[int64]string{1: "g", 2: "r", 3: "i"}

// Photometry is what the packet measured of the object: the triggering
// detection, first, and the detections of the history in the packet's order;
// and the upper limits of the history, which are the entries without a
// magnitude.
func Photometry(record packet.Value) (detections []alert.Detection, limits []alert.Limit) {
	detections = []alert.Detection{}
	v := read(record.Get("candidate"))
	if d, ok := v.detection(); ok {
		detections = append(detections, d)
	}
	for _, previous := range record.Get("prv_candidates").Items() {
		v := read(previous)
		if d, ok := v.detection(); ok {
			detections = append(detections, d)
		}
		if v[magpsf].IsNull() && !v[diffmaglim].IsNull() {
			limits = append(limits, alert.Limit{MJD: v.mjd(), Band: v.band(), Mag: v[diffmaglim].Float()})
		}
	}
	return detections, limits
}

// Band is the band of the triggering detection.
func Band(record packet.Value) string { return bands[record.Get("candidate", "fid").Int()] }

// visit are the fields of a candidate, or of an entry of the history, that make
// its photometry.
type visit [fields]packet.Value

const (
	jd = iota
	fid
	diffmaglim
	candid
	isdiffpos
	ra
	dec
	magpsf
	sigmapsf
	rb
	drb
	fields
)

var selected = packet.Select("jd", "fid", "diffmaglim", "candid", "isdiffpos", "ra", "dec", "magpsf", "sigmapsf", "rb", "drb")

func read(c packet.Value) (v visit) {
	selected.Read(c, v[:])
	return v
}

func (v *visit) mjd() float64 { return alert.MJDFromJD(v[jd].Float()) }

func (v *visit) band() string { return bands[v[fid].Int()] }

func (v *visit) detection() (alert.Detection, bool) {
	if v[magpsf].IsNull() || v[sigmapsf].IsNull() {
		return alert.Detection{}, false
	}
	d := alert.Detection{MJD: v.mjd(), Band: v.band(), RADeg: Number(v[ra]), DecDeg: Number(v[dec]), RealBogus: Number(v[drb])}
	if !d.RealBogus.Known {
		d.RealBogus = Number(v[rb])
	}
	if !v[candid].IsNull() {
		d.Candid = alert.Some(v[candid].Int())
	}
	d.FluxUJy, d.FluxErrUJy = alert.Flux(v[magpsf].Float(), v[sigmapsf].Float())
	if positive := IsPositive(v[isdiffpos]); positive.Known && !positive.Value {
		d.FluxUJy = -d.FluxUJy
	}
	return d, true
}
