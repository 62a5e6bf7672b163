package salt2

// Observation is one measured flux of a light curve.
type Observation struct {
	MJD           float64
	Band          *Band
	Flux, FluxErr float64
	ZeroPoint     float64 // AB; fluxes in microjansky have 23.9
}

// Reason says why there is no fit.
type Reason string

// The reasons; a fit that succeeded has none.
const (
	TooFewPoints   Reason = "too few points"
	NoBandInRange  Reason = "no band in range"
	NoRedshift     Reason = "no redshift given"
	BadTarget      Reason = "impossible redshift or dust"
	NoFlux         Reason = "no flux above zero"
	Unconstrained  Reason = "the data do not constrain the parameters"
	DidNotConverge Reason = "did not converge"
)

// The order of the parameters in a covariance matrix.
const (
	IndexZ = iota
	IndexT0
	IndexX0
	IndexX1
	IndexC
	parameters
)

// Result is a fit, or the reason why there is none. In a result that gives a
// Reason the numbers are the zero values.
type Result struct {
	Params
	Errors     Params // square roots of the covariance's diagonal
	Covariance [parameters][parameters]float64

	// ChiSquare is r C^-1 r of the points that were used, of the exact scheme.
	// With the model's covariance, C is that at the parameters of the
	// repetition before, which is the reference program's definition. A prior
	// on the redshift counts as one more point.
	ChiSquare float64
	NDOF      int

	Used   []bool // for each observation whether the fit used it
	Reason Reason // empty on success
}

// OK says whether there is a fit.
func (r *Result) OK() bool { return r.Reason == "" }
