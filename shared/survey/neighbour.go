package survey

import (
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/survey/lsst"
	"nightwire.dev/shared/survey/ztf"
)

// Neighbours are the catalogued objects that the survey found near the
// detection.
func Neighbours(a *alert.Alert) []alert.Neighbour {
	if a.Survey == schemas.LSST {
		return lsst.Neighbours(a.Record)
	}
	return ztf.Neighbours(a.Record)
}
