package sky_test

import (
	"math"
	"testing"

	"nightwire.dev/shared/sky"
	"pgregory.net/rapid"
)

const (
	rounding = 1e-12 // of an angle up to 360 degrees in doubles
	arcsec   = 1.0 / 3600
)

func TestSeparation(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ ra1, dec1, ra2, dec2, want float64 }{
		"one place":                       {200.5, -12.25, 200.5, -12.25, 0},
		"along the equator":               {10, 0, 40, 0, 30},
		"along a meridian":                {77, -20, 77, 35, 55},
		"a quarter of the sky":            {0, 0, 90, 45, 90},
		"across RA 0":                     {359.9, 0, 0.1, 0, 0.2},
		"across RA 0, the other way":      {0.1, 0, 359.9, 0, 0.2},
		"360 is 0":                        {360, 12, 0, 12, 0},
		"a turn more":                     {370, 12, 10, 12, 0},
		"a turn less":                     {-350, 12, 10, 12, 0},
		"over the north pole":             {20, 89, 200, 89, 2},
		"over the south pole":             {20, -89.5, 200, -89.5, 1},
		"the pole has no right ascension": {0, 90, 123, 90, 0},
		"from pole to pole":               {0, 90, 250, -90, 180},
		"antipodes":                       {30, 40, 210, -40, 180},
		"nearly antipodes":                {30, 0, 210, arcsec, 180 - arcsec},
		"a milliarcsecond":                {150, 0, 150, arcsec / 1000, arcsec / 1000},
		"a milliarcsecond at 60 degrees":  {150, 60, 150 + 2*arcsec/1000, 60, arcsec / 1000},
		// cos d = sin 10 sin 20 + cos 10 cos 20 cos 30.
		"an oblique triangle": {0, 10, 30, 20, 30.590609980617},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tolerance := 1e-9 // the digits given by hand; a microarcsecond is 3e-10
			if c.want < 0.01 {
				tolerance = rounding
			}
			if got := sky.Separation(c.ra1, c.dec1, c.ra2, c.dec2); math.Abs(got-c.want) > tolerance {
				t.Errorf("separation is %.12f, want %.12f", got, c.want)
			}
		})
	}
}

// place draws a position, the poles and RA 0 more often than by chance.
func place(t *rapid.T, name string) (ra, dec float64) {
	ra = rapid.OneOf(rapid.SampledFrom([]float64{0, 90, 180, 270, 360}), rapid.Float64Range(0, 360)).Draw(t, name+" ra")
	dec = rapid.OneOf(rapid.SampledFrom([]float64{-90, 0, 90}), rapid.Float64Range(-90, 90)).Draw(t, name+" dec")
	return ra, dec
}

func TestSeparationIsADistance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ra1, dec1 := place(t, "first")
		ra2, dec2 := place(t, "second")
		ra3, dec3 := place(t, "third")
		ab, ba := sky.Separation(ra1, dec1, ra2, dec2), sky.Separation(ra2, dec2, ra1, dec1)
		bc, ac := sky.Separation(ra2, dec2, ra3, dec3), sky.Separation(ra1, dec1, ra3, dec3)
		if ab < 0 || ab > 180 || math.Abs(ab-ba) > rounding {
			t.Errorf("there %v, back %v", ab, ba)
		}
		if ac > ab+bc+1e-10 {
			t.Errorf("direct %v is longer than %v + %v", ac, ab, bc)
		}
		if opposite := sky.Separation(ra1+180, -dec1, ra2, dec2); math.Abs(opposite-(180-ab)) > 1e-10 {
			t.Errorf("%v from a place, %v from its antipode", ab, opposite)
		}
		if own := sky.Separation(ra1, dec1, ra1, dec1); own != 0 {
			t.Errorf("%v from itself", own)
		}
	})
}

// TestSmallSeparation compares with plane geometry, which holds to one part in
// 1e9 within arcseconds.
func TestSmallSeparation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ra, dec := rapid.Float64Range(0, 360).Draw(t, "ra"), rapid.Float64Range(-80, 80).Draw(t, "dec")
		east := rapid.Float64Range(-5, 5).Draw(t, "east") * arcsec
		north := rapid.Float64Range(-5, 5).Draw(t, "north") * arcsec
		middle := (dec + north/2) * math.Pi / 180
		got := sky.Separation(ra, dec, ra+east/math.Cos(middle), dec+north)
		if want := math.Hypot(east, north); math.Abs(got-want) > 1e-9*want+1e-12 {
			t.Errorf("separation is %v arcsec, want %v", got/arcsec, want/arcsec)
		}
	})
}

func TestNoPlaceNoAngle(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	if d := sky.Separation(nan, 0, 1, 1); !math.IsNaN(d) {
		t.Errorf("separation from nowhere is %v", d)
	}
	if l, b := sky.Galactic(0, nan); !math.IsNaN(l) || !math.IsNaN(b) {
		t.Errorf("galactic place of nowhere is %v, %v", l, b)
	}
}

func BenchmarkSeparation(b *testing.B) {
	for b.Loop() {
		sky.Separation(150.1, 2.2, 150.2, 2.3)
	}
}

func BenchmarkGalactic(b *testing.B) {
	for b.Loop() {
		sky.Galactic(150.1, 2.2)
	}
}
