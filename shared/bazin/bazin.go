// Package bazin fits a light curve without a model of what exploded: one shape
// of rise and fall for all bands, an amplitude and an offset for each (Bazin et
// al. 2009, A&A 499, 653, equation 1):
//
//	f_b(t) = A_b exp(-(t-t0)/fall) / (1 + exp(-(t-t0)/rise)) + B_b
//
// A lightcurve.Curve enters, a Result leaves: when it peaked, how fast it rose
// and fell, how bright and how blue it was, each with its error, or the reason
// why there is no fit. The function supernova calls it for every transient.
//
// # Life of a fit
//
// The points are sorted by band. Amplitudes and offsets enter linearly: for any
// shape they are the solution of a small linear problem in each band, so the
// search runs in three dimensions whatever the number of bands (variable
// projection; Golub & Pereyra 1973, with Kaufman's derivative, 1975). A
// brightening is what is looked for: an amplitude that would be negative is
// zero.
//
// The search has its own coordinates, the peak's time and the logarithms of the
// e-folding times long before and long after it. In those the shape, of height
// one, is
//
//	s(v) = (a+b) / (a exp(b v) + b exp(-a v)),   v = t - peak
//
// with a = 1/rise - 1/fall and b = 1/fall: every pair of positive rates is a
// curve with one peak, and the peak and the two sides hardly trade with each
// other. A grid over the whole light curve gives the starts, of which the best
// are followed down by Levenberg and Marquardt's method.
package bazin

import "nightwire.dev/shared/lightcurve"

// The search looks for e-folding times of rise and fall, and for a peak,
// between these bounds. Faster changes cannot be told from a bad point.
const (
	MinDays     = 0.5 // of rise and fall
	MaxRiseDays = 100.0
	MaxFallDays = 300.0
	BeyondDays  = 30.0 // from the first and the last point to a peak outside
)

// Options say what is fitted.
type Options struct {
	// ZeroOffsets holds the offsets at zero: the template is older than the
	// event, and the points are few.
	ZeroOffsets bool
}

// Reason says why there is no fit. It is empty on success.
type Reason string

// The reasons.
const (
	TooFewPoints  Reason = "too few points"                             // for the number of parameters
	NoBrightening Reason = "no band brightened"                         // every amplitude is zero
	NotConverged  Reason = "did not converge"                           // within the steps allowed
	Unconstrained Reason = "the points do not constrain the parameters" // the normal equations are singular
)

// Result is a fit, or the reason why there is none; then the parameters are
// zero. It never holds a NaN. The errors are those that follow from the errors
// of the points: where chi-square is far above NDOF the shape does not suit the
// object, and they are too small.
type Result struct {
	Reason Reason

	T0, T0Err     float64 // MJD; where the exponential of the rise has its knee
	Rise, RiseErr float64 // days
	Fall, FallErr float64 // days
	Peak, PeakErr float64 // MJD of the brightest moment: t0 + rise ln(fall/rise - 1)

	Bands []Band // the bluest first; a band with too few points is left out

	// Covariance is that of t0, rise, fall, and of the amplitude and the offset
	// of each band, in the order of Bands. What was held has zeros.
	Covariance [][]float64
	Held       Held

	ChiSquare float64
	NDOF      int // points less parameters, also those that were held
	Points    int // that were fitted
}

// Held are the coordinates of the search that ended on a bound. The errors of
// the others are those for this value.
type Held struct {
	Peak bool
	Rise bool // the e-folding time of the rise, 1/(1/rise - 1/fall)
	Fall bool
}

// Band is the part of a fit that is one band's, in microjansky.
type Band struct {
	Name                    string
	Amplitude, AmplitudeErr float64
	Offset, OffsetErr       float64 // zero if the offsets are held
	Points                  int

	// The flux at the peak, above the offset: in the fit, and measured from the
	// points near the peak alone, where there are any.
	PeakFlux, PeakFluxErr         float64
	NearPeakFlux, NearPeakFluxErr float64
	NearPeakPoints                int
}

// Fit fits a light curve. Whoever fits many should keep a Fitter.
func Fit(c lightcurve.Curve, o Options) Result { return new(Fitter).Fit(c, o) }

// Flux is the fitted flux at a date, in microjansky; zero in a band that was
// not fitted.
func (r *Result) Flux(band string, mjd float64) float64 {
	i := r.index(band)
	if i < 0 {
		return 0
	}
	height, _ := shapeOf(r.Peak, 1/(1/r.Rise-1/r.Fall), r.Fall).at(mjd)
	return r.Bands[i].Offset + r.Bands[i].PeakFlux*height
}
