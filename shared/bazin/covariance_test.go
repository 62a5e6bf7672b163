package bazin_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"nightwire.dev/shared/bazin"
	"nightwire.dev/shared/lightcurve"
)

// fisher is the inverse of the Fisher matrix of all parameters, in the order of
// Result.Covariance, with derivatives of Bazin's equation by differences.
func fisher(t *testing.T, c lightcurve.Curve, r bazin.Result) *mat.Dense {
	t.Helper()
	values := []float64{r.T0, r.Rise, r.Fall}
	sigmas := []float64{r.T0Err, r.RiseErr, r.FallErr}
	for _, b := range r.Bands {
		values = append(values, b.Amplitude, b.Offset)
		sigmas = append(sigmas, b.AmplitudeErr, b.OffsetErr)
	}
	flux := func(values []float64, p lightcurve.Point) float64 {
		tr := truth{t0: values[0], rise: values[1], fall: values[2], amplitude: map[string]float64{}, offset: map[string]float64{}}
		for i, b := range r.Bands {
			tr.amplitude[b.Name], tr.offset[b.Name] = values[3+2*i], values[4+2*i]
		}
		return tr.flux(p.Band, p.MJD)
	}
	n := len(values)
	jacobian := mat.NewDense(len(c.Points), n, nil)
	for j := range values {
		h := 1e-3 * sigmas[j]
		for i, p := range c.Points {
			values[j] += h
			high := flux(values, p)
			values[j] -= 2 * h
			low := flux(values, p)
			values[j] += h
			jacobian.Set(i, j, (high-low)/(2*h)/p.FluxErrUJy)
		}
	}
	var normal, inverse mat.Dense
	normal.Mul(jacobian.T(), jacobian)
	if err := inverse.Inverse(&normal); err != nil {
		t.Fatal(err)
	}
	return &inverse
}

// TestCovariance compares the covariance, which the fit puts together from the
// three coordinates and the bands, with that of all parameters at once. The
// differences are good to 1e-6 of a derivative, their inverse to some 1e-4.
func TestCovariance(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(31, 13))
	for range 20 {
		c := well.observe(r, anyTruth(r))
		got := bazin.Fit(c, bazin.Options{})
		if got.Reason != "" || got.Held != (bazin.Held{}) {
			continue
		}
		want := fisher(t, c, got)
		for i, row := range got.Covariance {
			for j, value := range row {
				scale := math.Sqrt(want.At(i, i) * want.At(j, j))
				if math.Abs(value-want.At(i, j)) > 1e-3*scale {
					t.Errorf("covariance %d, %d is %v, want %v", i, j, value, want.At(i, j))
				}
			}
		}
		var about mat.Cholesky
		flat := mat.NewSymDense(len(got.Covariance), nil)
		for i, row := range got.Covariance {
			for j := range i + 1 {
				flat.SetSym(i, j, row[j]/math.Sqrt(got.Covariance[i][i]*got.Covariance[j][j]))
			}
		}
		if !about.Factorize(flat) {
			t.Errorf("the covariance is not positive definite: %v", got.Covariance)
		}
	}
}

// TestHeld: a rise within a day is faster than the search allows, so that it ends
// at the shortest one, and says so. The rounded top costs a day of the peak.
func TestHeld(t *testing.T) {
	t.Parallel()
	var c lightcurve.Curve
	for day := range 30 {
		p := lightcurve.Point{MJD: 60000 + float64(day), Band: "r", FluxErrUJy: 5}
		if day >= 10 {
			p.FluxUJy = 200 * math.Exp(-float64(day-10)/12)
		}
		c.Points = append(c.Points, p)
	}
	r := bazin.Fit(c, bazin.Options{ZeroOffsets: true})
	if r.Reason != "" || !r.Held.Rise || r.Held.Fall {
		t.Fatalf("result is %+v, want one whose rise is held", r)
	}
	if r.Peak < 60009 || r.Peak > 60011.5 || math.Abs(r.Fall-12) > 1.5 {
		t.Errorf("peak %v, fall %v; want 60010 and 12 days, nearly", r.Peak, r.Fall)
	}
	if r.Bands[0].Offset != 0 || r.Bands[0].OffsetErr != 0 || r.Covariance[4][4] != 0 {
		t.Errorf("the offset is not zero: %+v", r.Bands[0])
	}
	check(t, r)
}

// TestMemory: once a fitter has seen a light curve of that length it needs
// memory for its results alone.
func TestMemory(t *testing.T) {
	c := well.observe(rand.New(rand.NewPCG(3, 4)), anyTruth(rand.New(rand.NewPCG(5, 6))))
	fitter := new(bazin.Fitter)
	if r := fitter.Fit(c, bazin.Options{}); r.Reason != "" {
		t.Fatal(r.Reason)
	}
	const results = 4 // the names of the bands, the bands, and the covariance and its rows
	if n := testing.AllocsPerRun(5, func() { fitter.Fit(c, bazin.Options{}) }); n > results {
		t.Errorf("a fit allocates %v times, want %d", n, results)
	}
}
