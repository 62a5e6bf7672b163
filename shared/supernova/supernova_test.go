package supernova_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/salt2"
	"nightwire.dev/shared/supernova"
)

func demonstration(t testing.TB) *models.Set {
	t.Helper()
	set, err := models.Demonstration()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func newFitter(t testing.TB, c supernova.Config) *supernova.Fitter {
	t.Helper()
	f, err := supernova.New(demonstration(t), "ztf", c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// normal is a supernova Ia as many are.
var normal = salt2.Params{Z: 0.05, T0: 60000, X0: 3e-3, X1: 0.5, C: 0.05}

// observed is a light curve with 3 % errors and noise, a point each 3 days in
// each band.
func observed(t testing.TB, p salt2.Params, fromDay, toDay float64, bands string) lightcurve.Curve {
	t.Helper()
	set := demonstration(t)
	r := rand.New(rand.NewPCG(1, uint64(len(bands))))
	var c lightcurve.Curve
	for day := fromDay; day <= toDay; day += 3 {
		for i, band := range strings.Split(bands, "") {
			mjd := p.T0 + day + 0.02*float64(i)
			flux := set.Model.BandFlux(p, set.Bands["ztf"][band], mjd, 23.9)
			sigma := 0.03*math.Abs(flux) + 3
			c.Points = append(c.Points, lightcurve.Point{MJD: mjd, Band: band, FluxUJy: flux + sigma*r.NormFloat64(), FluxErrUJy: sigma})
		}
	}
	return c
}

// changed is a curve with its points changed.
func changed(c lightcurve.Curve, change func(p *lightcurve.Point)) lightcurve.Curve {
	c.Points = slices.Clone(c.Points)
	for i := range c.Points {
		change(&c.Points[i])
	}
	return c
}

func TestPlausible(t *testing.T) {
	t.Parallel()
	with := func(change func(p *salt2.Params)) salt2.Params {
		p := normal
		change(&p)
		return p
	}
	config := supernova.DefaultConfig()
	config.Z = normal.Z
	free := supernova.DefaultConfig()
	free.ZHigh = 0.1
	cases := map[string]struct {
		config supernova.Config
		curve  lightcurve.Curve
		doubts []string // the beginnings of all
	}{
		"a normal one":      {config, observed(t, normal, -12, 40, "gr"), nil},
		"at a free z":       {free, observed(t, normal, -12, 40, "gri"), nil},
		"negative at first": {config, observed(t, normal, -40, 40, "gr"), nil},
		"too slow":          {config, observed(t, with(func(p *salt2.Params) { p.X1 = 4 }), -12, 40, "gr"), []string{"|x1|"}},
		"too red":           {config, observed(t, with(func(p *salt2.Params) { p.C = 0.6 }), -12, 40, "gr"), []string{"|c|"}},
		"only before":       {config, observed(t, normal, -12, -1, "gr"), []string{"too few points after"}},
		"only after":        {config, observed(t, normal, 1, 40, "gr"), []string{"too few points before"}},
		"one band": {
			config, observed(t, normal, -12, 40, "g"), []string{"the points near the maximum are in one band"},
		},
		"beyond the bounds of z": {
			free, observed(t, with(func(p *salt2.Params) { p.Z = 0.16; p.X1 = 0 }), -20, 60, "gri"), []string{"the redshift ends on its upper bound"},
		},
		"flat": {config, changed(observed(t, normal, -12, 40, "gr"), func(p *lightcurve.Point) { p.FluxUJy = 300 }), []string{"|x1|"}},
		"a bad point": {
			config, changed(observed(t, normal, -12, 40, "gr"), func(p *lightcurve.Point) {
				if math.Abs(p.MJD-normal.T0) < 1 {
					p.FluxUJy *= 1.5
				}
			}), []string{"p-value"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFitter(t, c.config).SALT(c.curve)
			checkSALT(t, &s)
			if !s.OK() {
				t.Fatalf("no fit: %s", s.Reason)
			}
			if s.Plausible != (len(c.doubts) == 0) {
				t.Errorf("plausible is %v: %v; %+v", s.Plausible, s.Doubts, s.Params)
			}
			for _, want := range c.doubts {
				if !slices.ContainsFunc(s.Doubts, func(d string) bool { return strings.HasPrefix(d, want) }) {
					t.Errorf("doubts are %q, want one that begins with %q", s.Doubts, want)
				}
			}
		})
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	good := observed(t, normal, -12, 40, "gr")
	unknown := changed(good, func(p *lightcurve.Point) { p.Band = "u" })
	negative := changed(good, func(p *lightcurve.Point) { p.FluxUJy *= -1 })
	late := supernova.DefaultConfig()
	late.PhaseLow, late.PhaseHigh = 30, 31
	cases := map[string]struct {
		config          supernova.Config
		curve           lightcurve.Curve
		salt, transient string
		significant     int
	}{
		"nothing":           {supernova.DefaultConfig(), lightcurve.Curve{}, supernova.TooFewSignificant, supernova.TooFewSignificant, 0},
		"four points":       {supernova.DefaultConfig(), lightcurve.Curve{Points: good.Points[:4]}, supernova.TooFewSignificant, supernova.TooFewSignificant, 4},
		"a band not ours":   {supernova.DefaultConfig(), unknown, supernova.TooFewSignificant, "", 0},
		"only a fading":     {supernova.DefaultConfig(), negative, supernova.TooFewSignificant, supernova.TooFewSignificant, 0},
		"few in the phases": {late, good, string(salt2.TooFewPoints), "", -1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fit := newFitter(t, c.config).Fit(c.curve)
			checkSALT(t, &fit.SALT)
			if string(fit.SALT.Reason) != c.salt || string(fit.Transient.Reason) != c.transient {
				t.Errorf("reasons are %q and %q, want %q and %q", fit.SALT.Reason, fit.Transient.Reason, c.salt, c.transient)
			}
			if c.significant >= 0 && fit.SALT.Significant != c.significant {
				t.Errorf("%d significant points, want %d", fit.SALT.Significant, c.significant)
			}
			if len(fit.SALT.Used) != len(c.curve.Points) {
				t.Errorf("the mask has %d points of %d", len(fit.SALT.Used), len(c.curve.Points))
			}
			if len(newFitter(t, c.config).Figure("ZTF21abiuvdk", &fit).SVG()) == 0 {
				t.Error("no picture")
			}
		})
	}
}

// TestMask has points of a band that the model does not know among the others.
func TestMask(t *testing.T) {
	t.Parallel()
	c := observed(t, normal, -12, 100, "gr")
	for i := range c.Points {
		if i%4 == 1 {
			c.Points[i].Band = "u"
		}
	}
	config := supernova.DefaultConfig()
	config.Z, config.PhaseLow, config.PhaseHigh = normal.Z, -20, 45
	s := newFitter(t, config).SALT(c)
	want := make([]bool, len(c.Points))
	used := 0
	for i, p := range c.Points {
		want[i] = p.Band != "u" && (p.MJD-s.T0)/(1+normal.Z) < 45
		used += count(want[i])
	}
	if diff := cmp.Diff(want, s.Used); diff != "" || s.Points != used {
		t.Errorf("%d points used, want %d (-want +got):\n%s", s.Points, used, diff)
	}
}

// TestMagnitudes compares with a supernova whose absolute magnitude is known:
// the same one seen from 10 parsec, where x0 is larger by the distances squared.
func TestMagnitudes(t *testing.T) {
	t.Parallel()
	config := supernova.DefaultConfig()
	config.Z = normal.Z
	s := newFitter(t, config).SALT(observed(t, normal, -12, 40, "gri"))
	if !s.PeakMag.Known || !s.PeakAbsMag.Known {
		t.Fatal("no magnitudes")
	}
	apparent, absolute := s.PeakMag.Value, s.PeakAbsMag.Value
	if got := apparent.Mag - absolute.Mag; math.Abs(got-supernova.DistanceModulus(normal.Z)) > 1e-9 {
		t.Errorf("the magnitudes differ by %v, want the distance modulus", got)
	}
	brighter := normal
	brighter.X0 *= 100
	s2 := newFitter(t, config).SALT(observed(t, brighter, -12, 40, "gri"))
	if got := apparent.Mag - s2.PeakMag.Value.Mag; math.Abs(got-5) > 0.1 {
		t.Errorf("a hundred times the flux is %v mag, want 5", got)
	}
	// x0 alone bounds the error from below, up to what c and x1 take back.
	if apparent.Err <= 0 || apparent.Err > 0.2 {
		t.Errorf("the magnitude's error is %v", apparent.Err)
	}
	free := newFitter(t, supernova.DefaultConfig()).SALT(observed(t, normal, -12, 40, "gri"))
	if free.PeakAbsMag.Known || !free.PeakMag.Known {
		t.Error("an absolute magnitude of a supernova at an unknown distance, or no apparent one")
	}
}

// TestDistanceModulus compares with luminosity distances of 460.30, 2832.94 and
// 6607.66 Mpc, as astropy 5.2 has them for FlatLambdaCDM(70, 0.3).
func TestDistanceModulus(t *testing.T) {
	t.Parallel()
	for z, mpc := range map[float64]float64{0.1: 460.30, 0.5: 2832.94, 1: 6607.66} {
		if got, want := supernova.DistanceModulus(z), 5*math.Log10(mpc)+25; math.Abs(got-want) > 1e-4 {
			t.Errorf("at z = %v it is %v, want %v", z, got, want)
		}
	}
}

// TestNoBandpasses has a survey through whose bands the model cannot be seen.
func TestNoBandpasses(t *testing.T) {
	t.Parallel()
	f, err := supernova.New(demonstration(t), "atlas", supernova.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	c := observed(t, normal, -12, 40, "gr")
	fit := f.Fit(c)
	checkSALT(t, &fit.SALT)
	if fit.SALT.Reason != salt2.NoBandInRange || len(fit.SALT.Used) != len(c.Points) || fit.Transient.Reason != "" {
		t.Errorf("reasons are %q and %q, want only SALT's", fit.SALT.Reason, fit.Transient.Reason)
	}
	if text := string(f.Figure("ZTF21abiuvdk", &fit).SVG()); !strings.Contains(text, string(salt2.NoBandInRange)) || !strings.Contains(text, "rise = ") {
		t.Error("the picture does not show the rise and fall, or why there is no more")
	}
}

// TestLongCurve has a picture that stays small whatever the dates are.
func TestLongCurve(t *testing.T) {
	t.Parallel()
	f := newFitter(t, supernova.DefaultConfig())
	fit := f.Fit(observed(t, normal, -12, 40, "gr"))
	fit.SALT = supernova.SALT{Result: salt2.Result{Reason: salt2.DidNotConverge, Used: make([]bool, len(fit.Curve.Points))}}
	fit.Curve.Points[0].MJD, fit.Curve.Points[len(fit.Curve.Points)-1].MJD = 1, 900000
	for _, c := range f.Figure("ZTF21abiuvdk", &fit).Curves {
		if len(c.MJD) > 401 || len(c.MJD) < 100 {
			t.Errorf("the curve in %s has %d places", c.Band, len(c.MJD))
		}
	}
}

// TestFigure has the picture show what was fitted.
func TestFigure(t *testing.T) {
	t.Parallel()
	config := supernova.DefaultConfig()
	config.Z = normal.Z
	f := newFitter(t, config)
	fit := f.Fit(observed(t, normal, -12, 40, "gr"))
	text := string(f.Figure("ZTF21abiuvdk", &fit).SVG())
	for _, want := range []string{"ZTF21abiuvdk", "z = 0.05 (given)", "plausible Ia", models.Notice, "χ²/ndof = " + fmt.Sprintf("%.1f/%d", fit.SALT.ChiSquare, fit.SALT.NDOF)} {
		if !strings.Contains(text, want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
	fit.SALT = supernova.SALT{Result: salt2.Result{Reason: salt2.DidNotConverge}}
	if text := string(f.Figure("ZTF21abiuvdk", &fit).SVG()); !strings.Contains(text, "did not converge") || !strings.Contains(text, "rise = ") || !fit.Drawn() {
		t.Error("without a model the picture does not show the rise and fall, or why")
	}
}

func BenchmarkFit(b *testing.B) {
	f := newFitter(b, supernova.DefaultConfig())
	c := observed(b, normal, -12, 40, "gr")
	b.ReportAllocs()
	for b.Loop() {
		f.Fit(c)
	}
}

func BenchmarkFigure(b *testing.B) {
	f := newFitter(b, supernova.DefaultConfig())
	fit := f.Fit(observed(b, normal, -12, 40, "gr"))
	for b.Loop() {
		f.Figure("ZTF21abiuvdk", &fit).SVG()
	}
}
