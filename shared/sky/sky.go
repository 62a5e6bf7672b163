// Package sky is spherical astronomy in degrees: how far apart two positions
// are, and where a position lies in the Galaxy and against the ecliptic.
//
// Right ascension, declination (ICRS, which is J2000 to 0.02 arcsec) enter,
// degrees leave. Filters ask it for distances and latitudes; it allocates
// nothing, and a NaN that enters leaves as NaN.
package sky

import "math"

// Separation is the angle between two positions, 0 to 180 degrees. Longitudes
// may be of any turn. It is Vincenty's formula on the sphere, which keeps its
// digits for milliarcseconds as for antipodes, where the cosine formula and the
// haversine lose theirs (Vincenty 1975, Survey Review 23, 88).
func Separation(ra1, dec1, ra2, dec2 float64) float64 {
	sin1, cos1 := sincos(dec1)
	sin2, cos2 := sincos(dec2)
	sinRA, cosRA := sincos(math.Remainder(ra2-ra1, 360))
	across := math.Hypot(cos2*sinRA, cos1*sin2-sin1*cos2*cosRA)
	along := sin1*sin2 + cos1*cos2*cosRA
	return math.Atan2(across, along) / degree
}

// Galactic gives the galactic longitude, 0 to 360 degrees, and latitude of an
// equatorial position (IAU 1958 system; Blaauw et al. 1960).
func Galactic(ra, dec float64) (l, b float64) {
	return toGalactic.apply(ra, dec)
}

// Ecliptic gives the longitude, 0 to 360 degrees, and latitude of an equatorial
// position against the mean ecliptic and equinox of J2000.
func Ecliptic(ra, dec float64) (lon, lat float64) {
	return toEcliptic.apply(ra, dec)
}

const degree = math.Pi / 180

func sincos(degrees float64) (sin, cos float64) { return math.Sincos(degrees * degree) }
