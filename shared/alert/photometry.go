package alert

import (
	"math"
)

// Detection is one measurement of the object's brightness on a difference
// image. Negative subtractions have negative flux.
type Detection struct {
	Candid     Maybe[int64]
	MJD        float64 // UTC, days
	Band       string  // g, r, i (ZTF); u, g, r, i, z, y (LSST)
	FluxUJy    float64 // microjansky, signed
	FluxErrUJy float64 // 1 sigma
	RADeg      Maybe[float64]
	DecDeg     Maybe[float64]
	RealBogus  Maybe[float64] // the survey's own score, 0 to 1: drb, else rb; reliability
}

// Limit is an observation that saw nothing.
type Limit struct {
	MJD  float64 // UTC, days
	Band string
	Mag  float64 // 5-sigma limit, AB
}

// Forced is one measurement of the flux at the object's place on a difference
// image, made whether or not anything is seen there.
type Forced struct {
	MJD        float64 // UTC, days
	Band       string
	FluxUJy    float64 // microjansky, signed
	FluxErrUJy float64 // 1 sigma
}

// microjanskyZeroPoint is the AB magnitude of one microjansky.
const microjanskyZeroPoint = 23.9

// Flux converts an AB magnitude and its error to microjansky:
// f = 10^((23.9-m)/2.5), sigma_f = f sigma_m ln(10)/2.5.
func Flux(mag, sigma float64) (fluxUJy, fluxErrUJy float64) {
	fluxUJy = UnitUJy(mag)
	return fluxUJy, fluxUJy * sigma * math.Ln10 / 2.5
}

// UnitUJy is the unit of a flux scale, the flux of 1, in microjansky: an AB
// magnitude equal to the scale's zero point.
func UnitUJy(zeroPoint float64) float64 {
	return math.Pow(10, (microjanskyZeroPoint-zeroPoint)/2.5)
}

// Mag is the AB magnitude of the flux's absolute value and its error.
func (d Detection) Mag() (mag, sigma float64) { return Mag(d.FluxUJy, d.FluxErrUJy) }

// Mag converts the absolute value of a flux in microjansky and its error to an
// AB magnitude: the inverse of Flux.
func Mag(fluxUJy, fluxErrUJy float64) (mag, sigma float64) {
	flux := math.Abs(fluxUJy)
	return microjanskyZeroPoint - 2.5*math.Log10(flux), 2.5 / math.Ln10 * fluxErrUJy / flux
}

// Positive says whether the object became brighter than in the template.
func (d Detection) Positive() bool { return d.FluxUJy > 0 }
