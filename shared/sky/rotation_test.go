package sky_test

import (
	"math"
	"testing"

	"nightwire.dev/shared/sky"
	"pgregory.net/rapid"
)

// near compares two positions of one system by the angle between them, so that
// longitudes count for nothing at a pole.
func near(t *testing.T, what string, lon, lat, wantLon, wantLat, tolerance float64) {
	t.Helper()
	if off := sky.Separation(lon, lat, wantLon, wantLat); !(off <= tolerance) {
		t.Errorf("%s is at %.9f, %.9f; want %.9f, %.9f (%.2g degrees away)", what, lon, lat, wantLon, wantLat, off)
	}
}

func TestGalactic(t *testing.T) {
	t.Parallel()
	// The axes are those of the matrix printed in ESA SP-1200, equation 1.5.11,
	// to its ten digits; the objects are the positions of SIMBAD.
	cases := map[string]struct{ ra, dec, l, b, tolerance float64 }{
		"north galactic pole": {192.85948, 27.12825, 0, 90, 1e-9},
		"south galactic pole": {12.85948, -27.12825, 0, -90, 1e-9},
		"ascending node":      {282.85948, 0, 32.93192, 0, 1e-9},
		"celestial pole":      {0, 90, 122.93192, 27.12825, 1e-9},
		"galactic centre": {
			math.Atan2(-0.8734370902, -0.0548755604) * 180 / math.Pi, math.Asin(-0.4838350155) * 180 / math.Pi, 0, 0, 1e-8,
		},
		"longitude 90": {
			math.Atan2(-0.4448296300, 0.4941094279) * 180 / math.Pi, math.Asin(0.7469822445) * 180 / math.Pi, 90, 0, 1e-8,
		},
		"Sagittarius A*": {266.41681663, -29.00782497, 359.94422947, -0.04615714, 1e-5},
		"M31":            {10.68470833, 41.26875, 121.1743, -21.5733, 1e-4},
		"M1":             {83.63308, 22.0145, 184.5574, -5.7843, 1e-4},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, b := sky.Galactic(c.ra, c.dec)
			near(t, name, l, b, c.l, c.b, c.tolerance)
		})
	}
}

func TestEcliptic(t *testing.T) {
	t.Parallel()
	const obliquity = 84381.406 / 3600
	cases := map[string]struct{ ra, dec, lon, lat float64 }{
		"vernal equinox":      {0, 0, 0, 0},
		"summer solstice":     {90, obliquity, 90, 0},
		"autumn equinox":      {180, 0, 180, 0},
		"winter solstice":     {270, -obliquity, 270, 0},
		"north ecliptic pole": {270, 90 - obliquity, 0, 90},
		"celestial pole":      {0, 90, 90, 90 - obliquity},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lon, lat := sky.Ecliptic(c.ra, c.dec)
			near(t, name, lon, lat, c.lon, c.lat, 1e-9)
		})
	}
}

// TestRotationsKeepAngles: a rotation changes no distance, and gives longitudes
// from 0 to 360 and latitudes from -90 to 90.
func TestRotationsKeepAngles(t *testing.T) {
	t.Parallel()
	systems := map[string]func(ra, dec float64) (lon, lat float64){"galactic": sky.Galactic, "ecliptic": sky.Ecliptic}
	for name, convert := range systems {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				ra1, dec1 := place(t, "first")
				ra2, dec2 := place(t, "second")
				lon1, lat1 := convert(ra1, dec1)
				lon2, lat2 := convert(ra2, dec2)
				if !(lon1 >= 0 && lon1 < 360 && math.Abs(lat1) <= 90) {
					t.Errorf("longitude %v, latitude %v", lon1, lat1)
				}
				before, after := sky.Separation(ra1, dec1, ra2, dec2), sky.Separation(lon1, lat1, lon2, lat2)
				if math.Abs(before-after) > 1e-10 {
					t.Errorf("%v apart before, %v after", before, after)
				}
			})
		})
	}
}
