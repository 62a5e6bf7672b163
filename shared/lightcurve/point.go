package lightcurve

import (
	"slices"

	"nightwire.dev/shared/alert"
)

// Mag is the AB magnitude of the flux's absolute value and its error.
func (p Point) Mag() (mag, sigma float64) { return alert.Mag(p.FluxUJy, p.FluxErrUJy) }

// SNR is the flux in units of its error, signed.
func (p Point) SNR() float64 { return p.FluxUJy / p.FluxErrUJy }

// Positive says whether the object was brighter than in the template.
func (p Point) Positive() bool { return p.FluxUJy > 0 }

// Where is the curve of the points for which keep is true; the limits stay.
func (c Curve) Where(keep func(Point) bool) Curve {
	kept := Curve{Limits: c.Limits}
	for _, p := range c.Points {
		if keep(p) {
			kept.Points = append(kept.Points, p)
		}
	}
	return kept
}

// Between is the part of the curve from one date to another, both included. It
// shares memory with the whole.
func (c Curve) Between(fromMJD, toMJD float64) Curve {
	first, last := 0, len(c.Points)
	for first < last && c.Points[first].MJD < fromMJD {
		first++
	}
	for last > first && c.Points[last-1].MJD > toMJD {
		last--
	}
	firstLimit, lastLimit := 0, len(c.Limits)
	for firstLimit < lastLimit && c.Limits[firstLimit].MJD < fromMJD {
		firstLimit++
	}
	for lastLimit > firstLimit && c.Limits[lastLimit-1].MJD > toMJD {
		lastLimit--
	}
	return Curve{Points: c.Points[first:last:last], Limits: c.Limits[firstLimit:lastLimit:lastLimit]}
}

// Bands are the bands of the points, the bluest first.
func (c Curve) Bands() []string {
	bands := make([]string, 0, len(wavelengthOrder))
	for _, p := range c.Points {
		if !slices.Contains(bands, p.Band) {
			bands = append(bands, p.Band)
		}
	}
	slices.SortFunc(bands, compareBands)
	return bands
}
