package sky

import "math"

// The galactic system in equatorial coordinates, as the Hipparcos catalogue
// fixed it in the ICRS (ESA SP-1200, 1997, volume 1, equation 1.5.9).
const (
	galacticPoleRA  = 192.85948
	galacticPoleDec = 27.12825
	galacticNode    = 32.93192 // longitude of the ascending node on the equator
)

// obliquity is the angle between equator and ecliptic at J2000, 84381.406
// arcsec (IAU 2006 precession; Capitaine, Wallace & Chapront 2003).
const obliquity = 84381.406 / 3600

// The two rotations follow from the constants above.
var (
	toGalactic = towards(galacticPoleRA, galacticPoleDec, galacticNode)
	toEcliptic = towards(270, 90-obliquity, 0)
)

// rotation turns unit vectors; its rows are the new axes in the old system.
type rotation [3][3]float64

// towards is the rotation into the system whose pole lies at (poleRA, poleDec)
// and whose longitude is node where its equator rises through the old one.
func towards(poleRA, poleDec, node float64) rotation {
	z := vector(poleRA, poleDec)
	rising := vector(poleRA+90, 0)
	across := cross(z, rising) // longitude node + 90
	sin, cos := sincos(node)
	var r rotation
	for i := range 3 {
		r[0][i] = cos*rising[i] - sin*across[i]
		r[1][i] = sin*rising[i] + cos*across[i]
		r[2][i] = z[i]
	}
	return r
}

// apply gives the longitude, 0 to 360 degrees, and the latitude of a position
// in the new system.
func (r *rotation) apply(lon, lat float64) (newLon, newLat float64) {
	v := vector(lon, lat)
	var w [3]float64
	for i, axis := range r {
		w[i] = axis[0]*v[0] + axis[1]*v[1] + axis[2]*v[2]
	}
	newLon = math.Atan2(w[1], w[0]) / degree
	if newLon < 0 {
		newLon += 360
	}
	if newLon >= 360 { // a longitude just below zero rounds up to the full turn
		newLon = 0
	}
	return newLon, math.Atan2(w[2], math.Hypot(w[0], w[1])) / degree
}

// vector is the unit vector of a position.
func vector(lon, lat float64) [3]float64 {
	sinLon, cosLon := sincos(lon)
	sinLat, cosLat := sincos(lat)
	return [3]float64{cosLat * cosLon, cosLat * sinLon, sinLat}
}

func cross(a, b [3]float64) [3]float64 {
	return [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}
