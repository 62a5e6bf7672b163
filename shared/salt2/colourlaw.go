package salt2

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// magnitude is ln(10)/2.5: a flux dimmed by A magnitudes is exp(-magnitude A)
// of itself.
const magnitude = math.Ln10 / 2.5

// The colour law's variable is 0 at lawB and 1 at lawV, in Angstrom.
const (
	lawB = 4302.57
	lawV = 5428.55

	lawScale = 1 / (lawV - lawB)
)

// colourLaw is CL(w): the extinction in magnitudes for c = 1. It is minus a
// polynomial without constant term between two wavelengths, continued beyond
// them as a straight line.
type colourLaw struct {
	coefficients [7]float64 // of l, l^2, ...
	low, high    float64    // in l
	edge, slope  [2]float64
}

func newColourLaw(higher []float64, low, high float64) *colourLaw {
	c := &colourLaw{
		low:  (low - lawB) / (lawV - lawB),
		high: (high - lawB) / (lawV - lawB),
	}
	copy(c.coefficients[1:], higher)
	c.coefficients[0] = 1
	for _, h := range higher {
		c.coefficients[0] -= h
	}
	for i, l := range [2]float64{c.low, c.high} {
		c.edge[i], c.slope[i] = c.polynomial(l), c.derivative(l)
	}
	return c
}

func (c *colourLaw) polynomial(l float64) float64 {
	k := &c.coefficients
	return l * (k[0] + l*(k[1]+l*(k[2]+l*(k[3]+l*(k[4]+l*(k[5]+l*k[6]))))))
}

func (c *colourLaw) derivative(l float64) float64 {
	k := &c.coefficients
	return k[0] + l*(2*k[1]+l*(3*k[2]+l*(4*k[3]+l*(5*k[4]+l*(6*k[5]+l*7*k[6])))))
}

// at is CL at a rest-frame wavelength in Angstrom.
func (c *colourLaw) at(wave float64) float64 {
	l := (wave - lawB) * lawScale
	switch {
	case l < c.low:
		return -c.edge[0] - c.slope[0]*(l-c.low)
	case l > c.high:
		return -c.edge[1] - c.slope[1]*(l-c.high)
	}
	return -c.polynomial(l)
}

// slopeAt is the derivative of CL by wavelength (1/Angstrom).
func (c *colourLaw) slopeAt(wave float64) float64 {
	l := (wave - lawB) * lawScale
	switch {
	case l < c.low:
		return -c.slope[0] * lawScale
	case l > c.high:
		return -c.slope[1] * lawScale
	}
	return -c.derivative(l) * lawScale
}

// readColourLaw reads the number of coefficients, the coefficients, and then
// the keywords and their values. Only version 1 of the law is known.
func readColourLaw(r io.Reader) (*colourLaw, error) {
	type word struct {
		text string
		line int
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var words []word
	for i, line := range strings.Split(string(raw), "\n") {
		for _, text := range strings.Fields(line) {
			words = append(words, word{text, i + 1})
		}
	}
	next := func(what string) (string, int, error) {
		if len(words) == 0 {
			return "", 0, fmt.Errorf("ends before %s", what)
		}
		w := words[0]
		words = words[1:]
		return w.text, w.line, nil
	}
	number := func(what string) (float64, error) {
		text, line, err := next(what)
		if err != nil {
			return 0, err
		}
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return 0, fmt.Errorf("line %d: %q is not %s", line, text, what)
		}
		return x, nil
	}

	n, err := number("the number of coefficients")
	if err != nil {
		return nil, err
	}
	if n != math.Trunc(n) || n < 0 || n > 6 {
		return nil, fmt.Errorf("line 1: %g coefficients, want 0 to 6", n)
	}
	higher := make([]float64, int(n))
	for i := range higher {
		if higher[i], err = number("a coefficient"); err != nil {
			return nil, err
		}
	}
	version, low, high := math.NaN(), 3000.0, 7000.0
	for len(words) > 0 {
		key, line, _ := next("a keyword")
		value, err := number("the value of " + key)
		if err != nil {
			return nil, err
		}
		switch key {
		case "Salt2ExtinctionLaw.version":
			version = value
		case "Salt2ExtinctionLaw.min_lambda":
			low = value
		case "Salt2ExtinctionLaw.max_lambda":
			high = value
		default:
			return nil, fmt.Errorf("line %d: unknown keyword %q", line, key)
		}
	}
	if version != 1 {
		return nil, fmt.Errorf("version %v of the colour law: only version 1 is supported", version)
	}
	return newColourLaw(higher, low, high), nil
}
