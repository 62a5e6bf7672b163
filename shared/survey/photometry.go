package survey

import (
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/survey/lsst"
	"nightwire.dev/shared/survey/ztf"
)

// Detections are the detection that triggered the alert, first, and those of
// its history in the packet's order.
func Detections(a *alert.Alert) []alert.Detection {
	if a.Survey == schemas.LSST {
		return lsst.Detections(a.Record)
	}
	return ztf.Detections(a.Record)
}

// Limits are the observations of the history that saw nothing, in the packet's
// order.
func Limits(a *alert.Alert) []alert.Limit {
	if a.Survey == schemas.LSST {
		return lsst.Limits(a.Record)
	}
	return ztf.Limits(a.Record)
}

// Forced are the fluxes that the survey measured at the object's place, in the
// packet's order. Most packets have none.
func Forced(a *alert.Alert) []alert.Forced {
	if a.Survey == schemas.LSST {
		return lsst.Forced(a.Record)
	}
	return ztf.Forced(a.Record)
}
