package survey

import (
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/survey/lsst"
	"nightwire.dev/shared/survey/ztf"
)

// Photometry is what the packet measured of the object: the detection that
// triggered the alert, first, and those of its history, and the observations
// that saw nothing, in the packet's order.
func Photometry(a *alert.Alert) ([]alert.Detection, []alert.Limit) {
	if a.Survey == schemas.LSST {
		return lsst.Photometry(a.Record)
	}
	return ztf.Photometry(a.Record)
}

// Band is the band of the detection that triggered the alert.
func Band(a *alert.Alert) string {
	if a.Survey == schemas.LSST {
		return lsst.Band(a.Record)
	}
	return ztf.Band(a.Record)
}

// Forced are the fluxes that the survey measured at the object's place, in the
// packet's order. Most packets have none.
func Forced(a *alert.Alert) []alert.Forced {
	if a.Survey == schemas.LSST {
		return lsst.Forced(a.Record)
	}
	return ztf.Forced(a.Record)
}
