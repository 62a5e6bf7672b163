// Package dust has the extinction laws of the Milky Way's dust that light
// curve fits use, both with R_V = A_V/E(B-V) = 3.1: Cardelli, Clayton & Mathis
// (1989, ApJ 345, 245) with the optical coefficients of that paper, and
// Fitzpatrick (1999, PASP 111, 63) with the optical spline points that its
// author circulated later (as in the IDL library's FM_UNRED).
//
// A wavelength in Angstrom in the observer's frame enters, a number of
// magnitudes for E(B-V) = 1 leaves; package salt2 calls it.
package dust

import "fmt"

// RV is the ratio of total to selective extinction of both laws.
const RV = 3.1

// Law is one of the extinction laws.
type Law int

// The laws; the zero value is Fitzpatrick's.
const (
	F99 Law = iota
	CCM89
)

// String is the law's usual name.
func (l Law) String() string {
	switch l {
	case F99:
		return "F99"
	case CCM89:
		return "CCM89"
	}
	return fmt.Sprintf("Law(%d)", int(l))
}

// Parse is the law of that name.
func Parse(name string) (Law, error) {
	for _, l := range []Law{F99, CCM89} {
		if l.String() == name {
			return l, nil
		}
	}
	return 0, fmt.Errorf("dust law %q: want F99 or CCM89", name)
}

// Magnitudes is the extinction A(wave) in magnitudes for E(B-V) = 1 at a
// wavelength in Angstrom, valid from 1250 Angstrom to 3.3 micrometres.
func (l Law) Magnitudes(wave float64) float64 {
	x := 1e4 / wave // inverse micrometres, as both papers have it
	if l == CCM89 {
		a, b := cardelli(x)
		return RV*a + b
	}
	return fitzpatrick(x)
}
