package salt2

import (
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	zRange = FreeZ(0.01, 0.2)
	truth  = Params{Z: 0.06, T0: 59100.25, X0: 2e-3, X1: 0.7, C: 0.05}
)

func TestFitFindsWhatWasPutIn(t *testing.T) {
	t.Parallel()
	model, bands := made(t)
	for name, c := range map[string]struct {
		options Options
		target  Target
		ndof    int // beside the number of points
	}{
		"z fixed":                   {Options{Z: FixedZ(truth.Z)}, Target{}, -4},
		"z of the target, by table": {Options{Z: zRange}, Target{Z: FixedZ(truth.Z)}, -4},
		"z of the target, cold":     {Options{}, Target{Z: FixedZ(truth.Z)}, -4},
		"z free":                    {Options{Z: zRange}, Target{}, -5},
		"z free, cold":              {Options{}, Target{Z: FreeZ(0.04, 0.09)}, -5},
		"prior on z":                {Options{Z: zRange}, Target{Z: PriorZ(0.06, 0.01, 0.03, 0.1)}, -4},
		"model covariance":          {Options{Z: FixedZ(truth.Z), ModelCovariance: true}, Target{}, -4},
		"behind dust":               {Options{Z: FixedZ(truth.Z)}, Target{EBV: 0.3}, -4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fitter, err := NewFitter(model, bands, c.options)
			if err != nil {
				t.Fatal(err)
			}
			data := newSky(model.Behind(Dust{EBV: c.target.EBV}), bands, 1).observe(truth, 1)
			got := fitter.Fit(data, c.target)
			if !got.OK() {
				t.Fatal(got.Reason)
			}
			if got.NDOF != len(data)+c.ndof {
				t.Errorf("%d degrees of freedom of %d points", got.NDOF, len(data))
			}
			if least := 0.1 * float64(len(data)); got.ChiSquare > 20*least || got.ChiSquare < least && !c.options.ModelCovariance {
				t.Errorf("chi2 %g of %d points", got.ChiSquare, len(data))
			}
			for i, p := range [parameters]struct{ got, want, sigma float64 }{
				{got.Z, truth.Z, got.Errors.Z},
				{got.T0, truth.T0, got.Errors.T0},
				{got.X0, truth.X0, got.Errors.X0},
				{got.X1, truth.X1, got.Errors.X1},
				{got.C, truth.C, got.Errors.C},
			} {
				free := i != IndexZ || c.ndof == -5 || name == "prior on z"
				if free != (p.sigma > 0) || math.Abs(p.got-p.want) > 4*p.sigma+1e-12 {
					t.Errorf("parameter %d: %g +- %g, put in %g", i, p.got, p.sigma, p.want)
				}
				if math.Abs(got.Covariance[i][i]-p.sigma*p.sigma) > 1e-12*p.sigma*p.sigma {
					t.Errorf("parameter %d: error %g, variance %g", i, p.sigma, got.Covariance[i][i])
				}
			}
		})
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	model, bands := made(t)
	data := newSky(model, bands, 2).observe(truth, 1)
	negative := func() []Observation {
		var all []Observation
		for _, o := range data {
			o.Flux = -math.Abs(o.Flux) - 10*o.FluxErr
			all = append(all, o)
		}
		return all
	}()
	same := make([]Observation, 12)
	for i := range same {
		same[i] = data[10]
	}
	broken := append([]Observation(nil), data[:8]...)
	for i := range broken {
		switch i % 4 {
		case 0:
			broken[i].FluxErr = 0
		case 1:
			broken[i].Flux = math.NaN()
		case 2:
			broken[i].MJD = math.Inf(1)
		case 3:
			broken[i].Band = nil
		}
	}
	for name, c := range map[string]struct {
		options Options
		data    []Observation
		target  Target
		want    Reason
	}{
		"nothing":                {Options{Z: zRange}, nil, Target{}, TooFewPoints},
		"four points":            {Options{Z: zRange}, data[:4], Target{}, TooFewPoints},
		"fewer than asked for":   {Options{Z: zRange, MinPoints: 99}, data, Target{}, TooFewPoints},
		"nothing in phase range": {Options{Z: zRange, Phase: Bounds{-40, -30}}, data, Target{}, TooFewPoints},
		"nothing measured":       {Options{Z: zRange}, broken, Target{}, TooFewPoints},
		"no redshift":            {Options{}, data, Target{}, NoRedshift},
		"an impossible redshift": {Options{}, data, Target{Z: FixedZ(-2)}, BadTarget},
		"z = NaN":                {Options{}, data, Target{Z: FixedZ(math.NaN())}, BadTarget},
		"too far":                {Options{}, data, Target{Z: FixedZ(3)}, NoBandInRange},
		"negative fluxes":        {Options{Z: zRange, T0: Bounds{59090, 59110}, X1: Bounds{0, 0.1}}, negative, Target{}, NoFlux},
		"one night":              {Options{Z: zRange}, same, Target{Z: FixedZ(0.06)}, Unconstrained},
		"dust that is no number": {Options{Z: zRange}, data, Target{EBV: math.NaN()}, BadTarget},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fitter, err := NewFitter(model, bands, c.options)
			if err != nil {
				t.Fatal(err)
			}
			want := Result{Used: make([]bool, len(c.data)), Reason: c.want}
			got := fitter.Fit(c.data, c.target)
			if got.Used == nil {
				got.Used = []bool{}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	model, bands := made(t)
	for name, o := range map[string]Options{
		"bounds of x1":   {X1: Bounds{2, 1}},
		"bounds of z":    {Z: FreeZ(0.2, 0.1)},
		"error of z":     {Z: PriorZ(0.1, -1, 0, 1)},
		"phase":          {Phase: Bounds{math.NaN(), 3}},
		"an unknown law": {Dust: 9},
	} {
		if _, err := NewFitter(model, bands, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := NewFitter(model, []*Band{nil}, Options{}); err == nil {
		t.Error("a nil band: no error")
	}
}

func TestRangesAndBounds(t *testing.T) {
	t.Parallel()
	model, bands := made(t)
	data := newSky(model, bands, 3).observe(truth, 1)
	fitter, err := NewFitter(model, bands, Options{
		Z: FixedZ(truth.Z), Phase: Bounds{-10, 30}, X1: Bounds{-1, 0.2}, Wave: Bounds{3000, 6000},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := fitter.Fit(data, Target{})
	if !got.OK() {
		t.Fatal(got.Reason)
	}
	if got.X1 != 0.2 {
		t.Errorf("x1 %g, want the bound 0.2", got.X1)
	}
	n := 0
	for i, o := range data {
		phase := (o.MJD - got.T0) / (1 + truth.Z)
		wave := o.Band.Effective() / (1 + truth.Z)
		if want := phase > -10 && phase < 30 && wave < 6000; want != got.Used[i] {
			t.Errorf("point at phase %g, %s: used %v", phase, o.Band.Name, got.Used[i])
		}
		if got.Used[i] {
			n++
		}
	}
	if got.NDOF != n-4 {
		t.Errorf("%d degrees of freedom of %d points", got.NDOF, n)
	}
}

func TestFitAllocatesNothingAndKeepsApart(t *testing.T) {
	model, bands := made(t)
	for _, o := range []Options{{Z: zRange}, {Z: zRange, ModelCovariance: true}, {Z: FixedZ(truth.Z)}} {
		fitter, err := NewFitter(model, bands, o)
		if err != nil {
			t.Fatal(err)
		}
		s := newSky(model, bands, 4)
		data := [][]Observation{s.observe(truth, 1), s.observe(truth, 0.5)}
		var want [2]Result
		for i := range data {
			want[i] = fitter.Fit(data[i], Target{})
		}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for i := range data {
					if diff := cmp.Diff(want[i], fitter.Fit(data[i], Target{})); diff != "" {
						t.Error(diff)
					}
				}
			})
		}
		group.Wait()
		if raceEnabled {
			continue // the race detector makes a pool forget
		}
		var r Result
		if n := testing.AllocsPerRun(50, func() { fitter.FitInto(&r, data[0], Target{EBV: 0.1}) }); n != 0 {
			t.Errorf("%v allocations in a fit", n)
		}
	}
}
