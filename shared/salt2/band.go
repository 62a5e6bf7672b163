package salt2

import (
	"fmt"
	"io"
	"math"
	"slices"

	"nightwire.dev/shared/salt2/grid"
)

const (
	planckLight = 6.62607015e-27 * lightSpeed // h c in erg Angstrom
	lightSpeed  = 2.99792458e18               // Angstrom/s
	abFlux      = 3631e-23                    // erg/s/cm2/Hz at AB magnitude 0
	finest      = 5.0                         // widest bin of a band flux, in Angstrom
	trim        = 0.001                       // of the peak: less, at a band's ends, is cut off
	shortest    = 100.0                       // Angstrom: what no band of a telescope goes beyond,
	longest     = 1e6                         // so that it is some other unit
)

// Band is a bandpass: the fraction of photons that a survey's filter, optics
// and detector let through.
type Band struct {
	Name         string
	transmission *grid.Curve
	bins         []bin
	effective    float64 // mean wavelength, weighted by the transmission
	abPhotons    float64 // photons/s/cm2 of a source of AB magnitude 0
}

// bin is one bin of a band in the observer's frame. Its weight times F_lambda
// is a number of photons/s/cm2.
type bin struct{ wave, weight float64 }

// ReadBand reads a table of wavelengths (Angstrom) and transmissions. An error
// names the band and the line.
func ReadBand(name string, r io.Reader) (*Band, error) {
	curve, err := grid.ReadCurve(r)
	if err != nil {
		return nil, fmt.Errorf("read band %s: %w", name, err)
	}
	if curve.Min() < shortest || curve.Max() > longest {
		return nil, fmt.Errorf("read band %s: from %g to %g: want Angstrom, from %g to %g",
			name, curve.Min(), curve.Max(), shortest, longest)
	}
	peak := slices.Max(curve.Values)
	if !(peak > 0) {
		return nil, fmt.Errorf("read band %s: no transmission above 0", name)
	}
	first, last := 0, len(curve.Values)-1
	for curve.Values[first] < trim*peak {
		first++
	}
	for curve.Values[last] < trim*peak {
		last--
	}
	first, last = max(first-1, 0), min(last+1, len(curve.Values)-1)
	waves := make([]float64, 0, last-first+1)
	for i := first; i <= last; i++ {
		waves = append(waves, curve.Node(i))
	}
	if curve, err = grid.NewCurve(waves, curve.Values[first:last+1]); err != nil {
		return nil, fmt.Errorf("read band %s: %w", name, err)
	}

	b := &Band{Name: name, transmission: curve}
	width := b.max() - b.min()
	b.effective = b.effectiveIn(count(width, 1))
	b.divide(count(width, finest), func(wave, transmission, step float64) {
		b.bins = append(b.bins, bin{wave, wave * transmission * step / planckLight})
	})
	b.divide(count(width, 1), func(wave, transmission, step float64) {
		b.abPhotons += abFlux * lightSpeed / (wave * wave) * wave * transmission * step / planckLight
	})
	return b, nil
}

func (b *Band) min() float64 { return b.transmission.Min() }
func (b *Band) max() float64 { return b.transmission.Max() }

// Effective is the band's effective wavelength in Angstrom.
func (b *Band) Effective() float64 { return b.effective }

// scale turns photons/s/cm2 into the unit that has this AB zero point.
func (b *Band) scale(zeroPoint float64) float64 {
	return math.Pow(10, 0.4*zeroPoint) / b.abPhotons
}

// count is the number of equal bins, none wider than widest, that a width is
// divided into.
func count(width, widest float64) int { return int(math.Ceil(width / widest)) }

// divide calls each for the middle of every one of n equal bins.
func (b *Band) divide(n int, each func(wave, transmission, step float64)) {
	step := (b.max() - b.min()) / float64(n)
	b.transmission.Middles(n, func(wave, transmission float64) { each(wave, transmission, step) })
}

// effectiveIn is the effective wavelength summed over n bins.
func (b *Band) effectiveIn(n int) float64 {
	var sum, total float64
	b.divide(n, func(wave, transmission, _ float64) {
		sum += wave * transmission
		total += transmission
	})
	return sum / total
}
