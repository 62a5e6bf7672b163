package lightcurve_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/lightcurve"
)

func TestPoint(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		flux, sigma, mag, magErr, snr float64
		positive                      bool
	}{
		"brighter": {100, 5, 18.9, 0.0542868102, 20, true},
		"fainter":  {-100, 5, 18.9, 0.0542868102, -20, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := lightcurve.Point{FluxUJy: c.flux, FluxErrUJy: c.sigma}
			mag, sigma := p.Mag()
			if math.Abs(mag-c.mag) > 1e-9 || math.Abs(sigma-c.magErr) > 1e-9 {
				t.Errorf("magnitude is %v +- %v, want %v +- %v", mag, sigma, c.mag, c.magErr)
			}
			if p.SNR() != c.snr || p.Positive() != c.positive {
				t.Errorf("signal to noise is %v, positive %v", p.SNR(), p.Positive())
			}
		})
	}
}

func TestPartsOfACurve(t *testing.T) {
	t.Parallel()
	c := lightcurve.Curve{
		Points: []lightcurve.Point{{MJD: 1, Band: "r"}, {MJD: 2, Band: "H"}, {MJD: 2, Band: "g"}, {MJD: 3, Band: "g", Forced: true}, {MJD: 4, Band: "u"}},
		Limits: []alert.Limit{{MJD: 0.5}, {MJD: 2}, {MJD: 4}},
	}
	parts := map[string]struct {
		from, to       float64
		points, limits int
	}{
		"all":                 {math.Inf(-1), math.Inf(1), 5, 3},
		"both ends included":  {2, 3, 3, 1},
		"nothing between":     {2.1, 2.9, 0, 0},
		"before all":          {-9, 0, 0, 0},
		"after all":           {5, 9, 0, 0},
		"the end is first":    {3, 2, 0, 0},
		"from the start only": {0, 1, 1, 1},
	}
	for name, want := range parts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part := c.Between(want.from, want.to)
			if len(part.Points) != want.points || len(part.Limits) != want.limits {
				t.Errorf("part is %+v, want %d points and %d limits", part, want.points, want.limits)
			}
		})
	}
	t.Run("where", func(t *testing.T) {
		t.Parallel()
		green := c.Where(func(p lightcurve.Point) bool { return p.Band == "g" })
		if diff := cmp.Diff(lightcurve.Curve{Points: []lightcurve.Point{{MJD: 2, Band: "g"}, {MJD: 3, Band: "g", Forced: true}}, Limits: c.Limits}, green); diff != "" {
			t.Errorf("points in g (-want +got):\n%s", diff)
		}
	})
	t.Run("bands", func(t *testing.T) {
		t.Parallel()
		if diff := cmp.Diff([]string{"u", "g", "r", "H"}, c.Bands()); diff != "" {
			t.Errorf("bands (-want +got):\n%s", diff)
		}
	})
}
