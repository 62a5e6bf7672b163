package lsst

import (
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
)

// Detections are the triggering detection, first, and those of the history in
// the packet's order. What the survey has withdrawn is none.
func Detections(record packet.Value) []alert.Detection {
	return alert.Collect(record.Get("diaSource"), record.Get("prvDiaSources"), detection)
}

// Limits are the upper limits of the history, which packets had up to 7.4.
func Limits(record packet.Value) []alert.Limit {
	var limits []alert.Limit
	for _, limit := range record.Get("prvDiaNondetectionLimits").Items() {
		mag, _ := alert.Detection{FluxUJy: 5 * limit.Get("diaNoise").Float() / nanoPerMicro}.Mag()
		limits = append(limits, alert.Limit{MJD: mjd(limit), Band: limit.Get("band").Text(), Mag: mag})
	}
	return limits
}

// Forced are the fluxes measured at the object's place, in the packet's order.
func Forced(record packet.Value) []alert.Forced {
	var all []alert.Forced
	for _, source := range record.Get("prvDiaForcedSources").Items() {
		flux, sigma := source.Get("psfFlux"), source.Get("psfFluxErr")
		if flux.IsNull() || sigma.IsNull() || withdrawn(source) {
			continue
		}
		all = append(all, alert.Forced{
			MJD:        mjd(source),
			Band:       source.Get("band").Text(),
			FluxUJy:    flux.Float() / nanoPerMicro,
			FluxErrUJy: sigma.Float() / nanoPerMicro,
		})
	}
	return all
}

// withdrawn says whether the survey has taken a measurement back, which
// packets tell from 9.0 on.
func withdrawn(source packet.Value) bool { return !source.Get("timeWithdrawnMjdTai").IsNull() }

// nanoPerMicro: the survey's fluxes are in nanojansky.
const nanoPerMicro = 1000

func detection(source packet.Value) (alert.Detection, bool) {
	flux, sigma := source.Get("psfFlux"), source.Get("psfFluxErr")
	if flux.IsNull() || sigma.IsNull() || withdrawn(source) {
		return alert.Detection{}, false
	}
	d := alert.Detection{
		Candid:     alert.Some(source.Get("diaSourceId").Int()),
		MJD:        mjd(source),
		Band:       source.Get("band").Text(),
		FluxUJy:    flux.Float() / nanoPerMicro,
		FluxErrUJy: sigma.Float() / nanoPerMicro,
		RADeg:      alert.Some(source.Get("ra").Float()),
		DecDeg:     alert.Some(source.Get("dec").Float()),
	}
	if reliability := source.Get("reliability"); !reliability.IsNull() {
		d.RealBogus = alert.Some(reliability.Float())
	}
	return d, true
}
