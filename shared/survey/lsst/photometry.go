package lsst

import (
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
)

// Photometry is what the packet measured of the object: the triggering
// detection, first, and the detections of the history in the packet's order,
// but for what the survey has withdrawn; and the upper limits of the history,
// which packets had up to 7.4.
func Photometry(record packet.Value) (detections []alert.Detection, limits []alert.Limit) {
	detections = []alert.Detection{}
	v := read(record.Get("diaSource"))
	if d, ok := v.detection(); ok {
		detections = append(detections, d)
	}
	for _, previous := range record.Get("prvDiaSources").Items() {
		v := read(previous)
		if d, ok := v.detection(); ok {
			detections = append(detections, d)
		}
	}
	for _, limit := range record.Get("prvDiaNondetectionLimits").Items() {
		mag, _ := alert.Detection{FluxUJy: 5 * limit.Get("diaNoise").Float() / nanoPerMicro}.Mag()
		limits = append(limits, alert.Limit{MJD: mjd(limit), Band: limit.Get("band").Text(), Mag: mag})
	}
	return detections, limits
}

// Band is the band of the triggering detection.
func Band(record packet.Value) string { return record.Get("diaSource", "band").Text() }

// Forced are the fluxes measured at the object's place, in the packet's order.
func Forced(record packet.Value) []alert.Forced {
	var all []alert.Forced
	for _, source := range record.Get("prvDiaForcedSources").Items() {
		if v := read(source); v.measured() {
			all = append(all, alert.Forced{
				MJD: v.mjd(), Band: v[band].Text(), FluxUJy: v[psfFlux].Float() / nanoPerMicro, FluxErrUJy: v[psfFluxErr].Float() / nanoPerMicro,
			})
		}
	}
	return all
}

// visit are the fields of a source that make its photometry.
type visit [fields]packet.Value

const (
	diaSourceID = iota
	midpointMjdTai
	band
	psfFlux
	psfFluxErr
	ra
	dec
	reliability
	timeWithdrawnMjdTai
	fields
)

var selected = packet.Select("diaSourceId", "midpointMjdTai", "band", "psfFlux", "psfFluxErr", "ra", "dec", "reliability", "timeWithdrawnMjdTai")

func read(source packet.Value) (v visit) {
	selected.Read(source, v[:])
	return v
}

// measured says whether there is a flux. One that the survey has taken back,
// which packets tell from 9.0 on, is none.
func (v *visit) measured() bool {
	return !v[psfFlux].IsNull() && !v[psfFluxErr].IsNull() && v[timeWithdrawnMjdTai].IsNull()
}

func (v *visit) mjd() float64 { return alert.MJDFromTAI(v[midpointMjdTai].Float()) }

// nanoPerMicro: the survey's fluxes are in nanojansky.
const nanoPerMicro = 1000

func (v *visit) detection() (alert.Detection, bool) {
	if !v.measured() {
		return alert.Detection{}, false
	}
	d := alert.Detection{
		Candid:     alert.Some(v[diaSourceID].Int()),
		MJD:        v.mjd(),
		Band:       v[band].Text(),
		FluxUJy:    v[psfFlux].Float() / nanoPerMicro,
		FluxErrUJy: v[psfFluxErr].Float() / nanoPerMicro,
		RADeg:      alert.Some(v[ra].Float()),
		DecDeg:     alert.Some(v[dec].Float()),
	}
	if !v[reliability].IsNull() {
		d.RealBogus = alert.Some(v[reliability].Float())
	}
	return d, true
}
