package expression

import (
	"math"

	"nightwire.dev/shared/sky"
)

// place is the functions of positions. All angles are in degrees, J2000, but
// separations, which are in arcseconds.
var place = []Function{
	{
		Name: "ra", About: "Right ascension of the detection [deg].", Example: "ra() < 180",
		overloads: []overload{{result: number, call: func(r *Run, _ []item) item { return ofNumber(r.alert.RADeg) }}},
	},
	{
		Name: "dec", About: "Declination of the detection [deg].", Example: "dec() > -20",
		overloads: []overload{{result: number, call: func(r *Run, _ []item) item { return ofNumber(r.alert.DecDeg) }}},
	},
	{
		Name: "galactic_lat", About: "Galactic latitude of the detection, or of a position [deg].", Example: "abs(galactic_lat()) > 15",
		overloads: ofPosition(func(ra, dec float64) float64 { _, b := sky.Galactic(ra, dec); return b }),
	},
	{
		Name: "galactic_lon", About: "Galactic longitude of the detection, or of a position [deg].", Example: "galactic_lon() < 30",
		overloads: ofPosition(func(ra, dec float64) float64 { l, _ := sky.Galactic(ra, dec); return l }),
	},
	{
		Name: "ecliptic_lat", About: "Ecliptic latitude of the detection, or of a position [deg].", Example: "abs(ecliptic_lat()) > 20",
		overloads: ofPosition(func(ra, dec float64) float64 { _, b := sky.Ecliptic(ra, dec); return b }),
	},
	{
		Name: "sep_arcsec", About: "Separation of two positions on the sky [arcsec].",
		Example: "sep_arcsec(ra(), dec(), 210.9107, 54.3165) < 60",
		overloads: []overload{{
			parameters: numbersNamed("ra1", "dec1", "ra2", "dec2"), result: number, weight: 20,
			call: func(_ *Run, a []item) item {
				return ofNumber(3600 * sky.Separation(a[0].number(), a[1].number(), a[2].number(), a[3].number()))
			},
		}},
	},
	{
		Name: "in_region", About: "Whether the detection lies within radius [deg] of a position.", Example: "in_region(210.8, 54.35, 0.5)",
		overloads: []overload{{
			parameters: numbersNamed("ra", "dec", "radius"), result: boolean, weight: 20,
			call: func(r *Run, a []item) item {
				return ofBool(sky.Separation(r.alert.RADeg, r.alert.DecDeg, a[0].number(), a[1].number()) <= a[2].number())
			},
		}},
	},
	{
		Name: "in_box", About: "Whether the detection lies between two right ascensions, eastwards from the first, and two declinations [deg].",
		Example: "in_box(350, 10, -5, 5)",
		overloads: []overload{{
			parameters: numbersNamed("ra_from", "ra_to", "dec_from", "dec_to"), result: boolean, weight: 5,
			call: func(r *Run, a []item) item {
				width, from := a[1].number()-a[0].number(), turn(r.alert.RADeg-a[0].number())
				if width < 360 {
					width = turn(width)
				}
				return ofBool(from <= width && r.alert.DecDeg >= a[2].number() && r.alert.DecDeg <= a[3].number())
			},
		}},
	},
}

// turn is an angle between 0 and 360 degrees.
func turn(deg float64) float64 { return deg - 360*math.Floor(deg/360) }

// ofPosition are the two ways to ask something of a position: of the
// detection's own, and of any.
func ofPosition(of func(ra, dec float64) float64) []overload {
	return []overload{
		{result: number, weight: 20, call: func(r *Run, _ []item) item { return ofNumber(of(r.alert.RADeg, r.alert.DecDeg)) }},
		{
			parameters: numbersNamed("ra", "dec"), result: number, weight: 20,
			call: func(_ *Run, a []item) item { return ofNumber(of(a[0].number(), a[1].number())) },
		},
	}
}

func numbersNamed(names ...string) []parameter {
	var all []parameter
	for _, name := range names {
		all = append(all, parameter{name: name, kind: number})
	}
	return all
}
