package supernova

import "testing"

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
