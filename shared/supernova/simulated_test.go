package supernova_test

import (
	"math"
	"testing"
	"time"

	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/supernova"
	"nightwire.dev/shared/survey"
)

// TestSimulatedNight fits the supernovae and the active galaxies of a synthetic
// night. The former have the light of the model, so the fits find it again; of
// the latter, hardly any passes for a supernova.
func TestSimulatedNight(t *testing.T) {
	t.Parallel()
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 2000})
	if err != nil {
		t.Fatal(err)
	}
	f := newFitter(t, supernova.DefaultConfig())
	fitted, plausible, galaxies, mistaken := 0, 0, 0, 0
	var pulls pull
	for i := range night.Len() {
		truth := night.Truth(i)
		if truth.Class != simulate.Supernova && truth.Class != simulate.AGN {
			continue
		}
		s := f.SALT(curveOf(t, night, i))
		checkSALT(t, &s)
		switch {
		case truth.Light == nil:
			galaxies++
			mistaken += count(s.Plausible)
		case s.OK():
			fitted++
			plausible += count(s.Plausible)
			pulls.add((s.T0 - truth.Light.T0) / s.Errors.T0)
		}
	}
	t.Logf("%d fits, %d plausible; mean pull of t0 %.2f, width %.2f; %d of %d galaxies mistaken",
		fitted, plausible, pulls.mean(), pulls.width(), mistaken, galaxies)
	if plausible*4 < fitted || fitted < 25 {
		t.Errorf("%d of %d fits are plausible, want a quarter at least", plausible, fitted)
	}
	if mistaken*100 > galaxies {
		t.Errorf("%d of %d active galaxies are plausible supernovae, want 1 %% at most", mistaken, galaxies)
	}
	// The bounds of z hold the fits closer to the truth than their errors say.
	if math.Abs(pulls.mean()) > 0.5 || pulls.width() > 1.3 {
		t.Errorf("t0 is off by %.2f +- %.2f of its errors", pulls.mean(), pulls.width())
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pull collects deviations in units of their errors.
type pull struct{ n, sum, squares float64 }

func (p *pull) add(x float64)  { p.n, p.sum, p.squares = p.n+1, p.sum+x, p.squares+x*x }
func (p *pull) mean() float64  { return p.sum / p.n }
func (p *pull) width() float64 { return math.Sqrt(p.squares/p.n - p.mean()*p.mean()) }

// curveOf is the light curve of an alert of the night, as it comes out of its
// packet.
func curveOf(t *testing.T, night *simulate.Night, i int) lightcurve.Curve {
	t.Helper()
	content, err := night.Encode(night.Alert(i))
	if err != nil {
		t.Fatal(err)
	}
	p, err := decoder.Decode(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	a, err := survey.Read(names.ZTF, p)
	if err != nil {
		t.Fatal(err)
	}
	return lightcurve.ForFit(&a)
}

var decoder = &packet.Decoder{}

// checkSALT has a fit be whole: a reason or finite numbers.
func checkSALT(t *testing.T, s *supernova.SALT) {
	t.Helper()
	numbers := []float64{s.Z, s.T0, s.X0, s.X1, s.C, s.Errors.Z, s.Errors.T0, s.Errors.X0, s.Errors.X1, s.Errors.C, s.ChiSquare, s.PValue}
	numbers = append(numbers, s.PeakMag.Value.Mag, s.PeakMag.Value.Err, s.PeakAbsMag.Value.Mag)
	for _, row := range s.Covariance {
		numbers = append(numbers, row[:]...)
	}
	for i, x := range numbers {
		switch {
		case math.IsNaN(x) || math.IsInf(x, 0):
			t.Fatalf("number %d of the fit is %v: %+v", i, x, s)
		case !s.OK() && x != 0:
			t.Fatalf("number %d is %v without a fit: %+v", i, x, s)
		}
	}
	if s.OK() == (s.Points == 0) || s.Plausible && (!s.OK() || len(s.Doubts) > 0) || !s.Plausible && s.OK() && len(s.Doubts) == 0 {
		t.Fatalf("the fit contradicts itself: %+v", s)
	}
}
