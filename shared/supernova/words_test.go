package supernova

import (
	"math"
	"testing"
)

func TestUncertain(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		value, sigma float64
		want         string
	}{
		"two digits":      {59410.5098, 0.1331, "59410.51 ± 0.13"},
		"a round error":   {1.5, 0.1, "1.50 ± 0.10"},
		"below zero":      {-2.00879, 0.0784, "−2.009 ± 0.078"},
		"large":           {123456, 789, "123456 ± 789"},
		"small":           {0.0015764, 0.0000978, "0.001576 ± 0.000098"},
		"of a faint one":  {3.2e-7, 4e-9, "(3.200 ± 0.040)·10⁻⁷"},
		"without error":   {0.0035, 0, "0.0035"},
		"less than error": {1e-9, 3e-8, "(0.1 ± 3.0)·10⁻⁸"},

		"nearly exact":         {59410.5, 1e-6, "59410.500000 ± 1e−06"},
		"exact":                {59410.5, 1e-20, "59410.500000 ± 1e−20"},
		"exact and below one":  {0.05, 1e-20, "(5.000000 ± 1e−18)·10⁻²"},
		"nothing, exactly":     {0, 1e-20, "(0.0 ± 1.0)·10⁻²⁰"},
		"least of all doubles": {0, 5e-324, "(0.000000 ± 4.9e−24)·10⁻³⁰⁰"},
		"endless error":        {1.5, math.Inf(1), "1.5"},
		"error is no number":   {1.5, math.NaN(), "1.5"},
		"no number":            {math.NaN(), 0.1, "NaN"},
		"endless":              {math.Inf(-1), 0.1, "−Inf"},
		"huge":                 {-1.5e300, 2e298, "(−1.500 ± 0.020)·10³⁰⁰"},
		"hugely uncertain":     {1.5, 1e300, "(0.0 ± 1.0)·10³⁰⁰"},
		"largest of doubles":   {math.MaxFloat64, 1, "(1.797693 ± 1e−308)·10³⁰⁸"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := uncertain(c.value, c.sigma); got != c.want {
				t.Errorf("%v +- %v is written %q, want %q", c.value, c.sigma, got, c.want)
			}
		})
	}
}

// TestPValue compares with tables of the chi-square distribution.
func TestPValue(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		chiSquare float64
		ndof      int
		low, high float64
	}{
		"5 % of one":       {3.8415, 1, 0.04999, 0.05001},
		"5 % of ten":       {18.307, 10, 0.04999, 0.05001},
		"0.1 % of thirty":  {59.703, 30, 0.00099, 0.00101},
		"nothing is off":   {0, 7, 1, 1},
		"none is free":     {1, 0, 0, 0},
		"beyond a double":  {1e6, 10, 0, 1e-300},
		"hundreds of them": {500, 500, 0.48, 0.51},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if p := pValue(c.chiSquare, c.ndof); !(p >= c.low && p <= c.high) {
				t.Errorf("p is %v, want %v to %v", p, c.low, c.high)
			}
		})
	}
}
