package ztf

import (
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
)

// bands are the filters by their fid.
var bands = map[int64]string{1: "g", 2: "r", 3: "i"}

// Detections are the triggering detection, first, and those of the history in
// the packet's order. History without a magnitude is an upper limit: see Limits.
func Detections(record packet.Value) []alert.Detection {
	return alert.Collect(record.Get("candidate"), record.Get("prv_candidates"), detection)
}

// Limits are the upper limits of the history in the packet's order.
func Limits(record packet.Value) []alert.Limit {
	var limits []alert.Limit
	for _, previous := range record.Get("prv_candidates").Items() {
		v := visitOf(previous)
		if v.magpsf.IsNull() && !v.diffmaglim.IsNull() {
			limits = append(limits, alert.Limit{MJD: v.mjd(), Band: v.band(), Mag: v.diffmaglim.Float()})
		}
	}
	return limits
}

func detection(c packet.Value) (alert.Detection, bool) {
	v := visitOf(c)
	if v.magpsf.IsNull() || v.sigmapsf.IsNull() {
		return alert.Detection{}, false
	}
	d := alert.Detection{MJD: v.mjd(), Band: v.band(), RADeg: Number(v.ra), DecDeg: Number(v.dec), RealBogus: Number(v.drb)}
	if !d.RealBogus.Known {
		d.RealBogus = Number(v.rb)
	}
	if !v.candid.IsNull() {
		d.Candid = alert.Some(v.candid.Int())
	}
	d.FluxUJy, d.FluxErrUJy = alert.Flux(v.magpsf.Float(), v.sigmapsf.Float())
	if positive := IsPositive(v.isdiffpos); positive.Known && !positive.Value {
		d.FluxUJy = -d.FluxUJy
	}
	return d, true
}

// visit are the fields of a candidate, or of a part of the history, that make
// its photometry. They are found in one walk over some hundred fields.
type visit struct {
	jd, fid, diffmaglim, candid, isdiffpos, ra, dec, magpsf, sigmapsf, rb, drb packet.Value
}

func visitOf(c packet.Value) (v visit) {
	for field, value := range c.Fields() {
		switch field.Name {
		case "jd":
			v.jd = value
		case "fid":
			v.fid = value
		case "diffmaglim":
			v.diffmaglim = value
		case "candid":
			v.candid = value
		case "isdiffpos":
			v.isdiffpos = value
		case "ra":
			v.ra = value
		case "dec":
			v.dec = value
		case "magpsf":
			v.magpsf = value
		case "sigmapsf":
			v.sigmapsf = value
		case "rb":
			v.rb = value
		case "drb":
			v.drb = value
		}
	}
	return v
}

func (v *visit) mjd() float64 { return alert.MJDFromJD(v.jd.Float()) }

func (v *visit) band() string { return bands[v.fid.Int()] }
