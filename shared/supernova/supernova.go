// Package supernova says what a light curve is as a supernova: the fit of a
// SALT model and whether it is that of a plausible type Ia, and beside it the
// fit of a rise and a fall without a model, for everything else.
//
// A lightcurve.Curve enters, for each alert the one of lightcurve.ForFit; a Fit
// leaves, in which whatever could not be fitted has a reason, and no number is
// a NaN. The function supernova calls it for every likely extragalactic
// transient, the command nightwire fit for one light curve. The time of the
// maximum is searched for over the whole light curve, and subtractions below
// the template count as the negative fluxes that they are.
package supernova

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/bazin"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/salt2"
)

// microjansky is the AB zero point of fluxes in microjansky.
const microjansky = 23.9

// significant is the least signal-to-noise ratio of a significant point.
const significant = 5

// TooFewSignificant is the reason of a light curve that is too faint to be
// worth a fit.
const TooFewSignificant = "too few significant points"

// Fit is what became of one light curve.
type Fit struct {
	Curve     lightcurve.Curve // that was fitted
	SALT      SALT
	Transient Transient
}

// SALT is the fit of the model. Without a fit there is a Reason, and the
// numbers are zero.
type SALT struct {
	salt2.Result         // Used is in the order of the curve's points
	ZFixed       bool    // the redshift was given
	PValue       float64 // of the chi-square
	Points       int     // that were used
	Significant  int     // of these, or of those that could have been used

	// The AB magnitude at the maximum in rest-frame Bessell B. It is absent
	// where the model does not reach over that band, and the absolute one where
	// the redshift was not given.
	PeakMag, PeakAbsMag alert.Maybe[Magnitude]

	Plausible bool     // it may well be a type Ia
	Doubts    []string // why not
}

// Magnitude is a magnitude and its error.
type Magnitude struct{ Mag, Err float64 }

// Transient is the fit without a model. Without a fit there is a Reason, and
// the numbers are zero.
type Transient struct {
	bazin.Result
	PValue      float64 // of the chi-square
	Significant int     // points of the light curve
}

// Fitter fits the light curves of one survey with one model. It is safe for
// concurrent use.
type Fitter struct {
	set    *models.Set
	config Config
	bands  map[string]*salt2.Band
	salt   *salt2.Fitter
	blue   *salt2.Band // rest-frame B, nil where the model does not cover it
}

// New makes a Fitter, with its tables, which take a moment. Without bandpasses of
// the survey it fits no model: salt2.NoBandInRange is the reason of each curve.
func New(set *models.Set, survey string, c Config) (*Fitter, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("supernova fits: %w", err)
	}
	bands := set.Bands[survey]
	f := &Fitter{set: set, config: c, bands: bands}
	var err error
	if f.salt, err = salt2.NewFitter(set.Model, inOrder(bands), c.options(set.Model)); err != nil {
		return nil, fmt.Errorf("supernova fits: model %s: %w", set.Name, err)
	}
	if f.blue, err = bessellB(); err != nil {
		return nil, fmt.Errorf("supernova fits: %w", err)
	}
	if !set.Model.Covers(f.blue, 0) {
		f.blue = nil
	}
	return f, nil
}

// Model is what the Fitter fits.
func (f *Fitter) Model() *models.Set { return f.set }

// Settings names the settings of the fits: see Config.Digest.
func (f *Fitter) Settings() string { return f.config.Digest() }

// Fit fits a light curve.
func (f *Fitter) Fit(c lightcurve.Curve) Fit {
	return Fit{Curve: c, SALT: f.SALT(c), Transient: f.Transient(c)}
}

// SALT fits the model.
func (f *Fitter) SALT(c lightcurve.Curve) SALT {
	s := SALT{ZFixed: f.config.Z > 0}
	if len(f.bands) == 0 {
		s.Reason, s.Used = salt2.NoBandInRange, make([]bool, len(c.Points))
		return s
	}
	data, places := f.observations(c)
	s.Significant = countSignificant(c, func(i int) bool { return f.bands[c.Points[i].Band] != nil })
	if s.Significant < f.config.MinSignificant {
		s.Reason, s.Used = TooFewSignificant, make([]bool, len(c.Points))
		return s
	}
	s.Result = f.salt.Fit(data, salt2.Target{})
	s.Used = placed(s.Used, places, len(c.Points))
	if !s.OK() {
		return s
	}
	for _, used := range s.Used {
		if used {
			s.Points++
		}
	}
	if s.Significant = countSignificant(c, func(i int) bool { return s.Used[i] }); s.Significant < f.config.MinSignificant {
		return SALT{
			Result: salt2.Result{Reason: TooFewSignificant, Used: make([]bool, len(c.Points))},
			ZFixed: s.ZFixed, Significant: s.Significant,
		}
	}
	s.PValue = pValue(s.ChiSquare, s.NDOF)
	f.magnitudes(&s)
	s.Doubts = f.doubts(c, &s)
	s.Plausible = len(s.Doubts) == 0
	return s
}

// observations are the points in bands that the model knows, and where in the
// curve each stands.
func (f *Fitter) observations(c lightcurve.Curve) (data []salt2.Observation, places []int) {
	for i, p := range c.Points {
		if band := f.bands[p.Band]; band != nil {
			data = append(data, salt2.Observation{
				MJD: p.MJD, Band: band, Flux: p.FluxUJy, FluxErr: p.FluxErrUJy, ZeroPoint: microjansky,
			})
			places = append(places, i)
		}
	}
	return data, places
}

// placed brings a mask of observations into the order of the curve's n points.
func placed(mask []bool, places []int, n int) []bool {
	whole := make([]bool, n)
	for i, used := range mask {
		whole[places[i]] = used
	}
	return whole
}

// Transient fits a rise and a fall.
func (f *Fitter) Transient(c lightcurve.Curve) Transient {
	t := Transient{Significant: countSignificant(c, func(int) bool { return true })}
	if t.Significant < f.config.MinSignificant {
		t.Reason = TooFewSignificant
		return t
	}
	// The surveys' templates are older than what is new on the sky.
	t.Result = bazin.Fit(c, bazin.Options{ZeroOffsets: true})
	if t.Reason == "" {
		t.PValue = pValue(t.ChiSquare, t.NDOF)
	}
	return t
}

// countSignificant counts the significant points for which keep is true.
func countSignificant(c lightcurve.Curve, keep func(i int) bool) int {
	n := 0
	for i, p := range c.Points {
		if p.SNR() >= significant && keep(i) {
			n++
		}
	}
	return n
}

// pValue is the probability of a chi-square at least as large.
func pValue(chiSquare float64, ndof int) float64 {
	if ndof < 1 || !(chiSquare >= 0) || math.IsInf(chiSquare, 0) {
		return 0
	}
	return mathext.GammaIncRegComp(float64(ndof)/2, chiSquare/2)
}
