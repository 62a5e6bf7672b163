package simulate

import "math"

const (
	unixEpochJD = 2440587.5
	palomarLon  = -116.8597 // degrees, east positive

	rowSpacing   = 7.2 // degrees of declination between rows of fields
	fieldSpacing = 6.9 // degrees on the sky between fields of a row
	fieldRows    = 15
	southernmost = -24.35 // declination of the first row's centres
	firstFieldID = 245
)

// field is one pointing of the camera.
type field struct {
	id      int32
	ra, dec float64 // of the centre, degrees
}

// grid covers the sky in rows of constant declination, numbered from south to
// north and then by right ascension. Numbers and sizes are like those of ZTF's
// primary grid; the pointings are not ZTF's.
func grid() []field {
	var fields []field
	for row := range fieldRows {
		dec := southernmost + rowSpacing*float64(row)
		count := int(360 * math.Cos(radians(dec)) / fieldSpacing)
		for k := range count {
			fields = append(fields, field{
				id:  int32(firstFieldID + len(fields)),
				ra:  360 * float64(k) / float64(count),
				dec: dec,
			})
		}
	}
	return fields
}

// galacticLatitude is in degrees, for equatorial J2000 degrees.
func galacticLatitude(ra, dec float64) float64 {
	const poleRA, poleDec = 192.85948, 27.12825
	sin := math.Sin(radians(dec))*math.Sin(radians(poleDec)) +
		math.Cos(radians(dec))*math.Cos(radians(poleDec))*math.Cos(radians(ra-poleRA))
	return math.Asin(sin) * 180 / math.Pi
}

// siderealTime is the local mean sidereal time at Palomar, in degrees.
func siderealTime(jd float64) float64 {
	return wrap(280.46061837 + 360.98564736629*(jd-2451545) + palomarLon)
}

// moonlight is the illuminated fraction of the Moon's disc, from the mean
// synodic month.
func moonlight(jd float64) float64 {
	const newMoon, month = 2451550.1, 29.530588853
	return (1 - math.Cos(2*math.Pi*(jd-newMoon)/month)) / 2
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

// wrap brings an angle into 0 to 360 degrees.
func wrap(degrees float64) float64 {
	degrees = math.Mod(degrees, 360)
	if degrees < 0 {
		degrees += 360
	}
	return degrees
}
