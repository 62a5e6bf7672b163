package simulate

import (
	"math"
	"math/rand/v2"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/salt2"
)

// supernovae have the light of the demonstration model, so that a fit with it
// finds again what was drawn here.
type supernovae struct {
	model *salt2.Model
	bands [4]*salt2.Band // by filter
}

func newSupernovae() (*supernovae, error) {
	set, err := models.Demonstration()
	if err != nil {
		return nil, err
	}
	ztf := set.Bands[schemas.ZTF]
	return &supernovae{model: set.Model, bands: [4]*salt2.Band{1: ztf["g"], 2: ztf["r"], 3: ztf["i"]}}, nil
}

// explode draws a supernova of type Ia that has a magnitude in r at its
// maximum. It is at the distance at which one of its stretch and colour has
// that magnitude.
func (s *supernovae) explode(r *rand.Rand, mag, tonight float64) salt2.Params {
	const absolute, scatter, byStretch, byColour = -19.2, 0.1, -0.14, 1.8 // mag in r
	p := salt2.Params{
		T0: decimals(tonight-reducedJD-uniform(r, -7, 30), 4),
		X1: decimals(normal(r, 0, 0.9), 3),
		C:  decimals(normal(r, 0, 0.08), 4),
	}
	p.Z = decimals(redshift(mag-absolute-byStretch*p.X1-byColour*p.C+normal(r, 0, scatter)), 5)
	p.X0 = 1
	p.X0 = decimals(magFlux(mag)/s.flux(p, p.T0+reducedJD, 2), 7)
	return p
}

// flux is in nanomaggies.
func (s *supernovae) flux(p salt2.Params, jd float64, fid int32) float64 {
	const nanomaggies = 22.5 // AB zero point
	return s.model.BandFlux(p, s.bands[fid], jd-reducedJD, nanomaggies)
}

// lightCurve is that of one supernova.
func (s *supernovae) lightCurve(p salt2.Params) lightCurve {
	return func(jd float64, fid int32) float64 { return s.flux(p, jd, fid) }
}

// reducedJD is the Julian date at which the modified one starts.
const reducedJD = 2400000.5

// redshift is that of a distance modulus, to second order in a universe of
// 70 km/s/Mpc that speeds up (q0 = -0.55).
func redshift(modulus float64) float64 {
	const hubbleMpc = 299792.458 / 70
	const second = (1 + 0.55) / 2
	distance := math.Pow(10, 0.2*(modulus-25)) / hubbleMpc
	return (math.Sqrt(1+4*second*distance) - 1) / (2 * second)
}
