package bazin_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"nightwire.dev/shared/bazin"
	"nightwire.dev/shared/lightcurve"
	"pgregory.net/rapid"
)

// well is a campaign that sees all of a transient.
var well = campaign{bands: []string{"g", "r"}, before: 35, after: 110, every: 2, lost: 0.2, sky: 4}

// chiSquare is that of a result, by Bazin's equation as it is printed.
func chiSquare(c lightcurve.Curve, r bazin.Result) float64 {
	fitted := truth{t0: r.T0, rise: r.Rise, fall: r.Fall, amplitude: map[string]float64{}, offset: map[string]float64{}}
	for _, b := range r.Bands {
		fitted.amplitude[b.Name], fitted.offset[b.Name] = b.Amplitude, b.Offset
	}
	sum := 0.0
	for _, p := range c.Points {
		pull := (p.FluxUJy - fitted.flux(p.Band, p.MJD)) / p.FluxErrUJy
		sum += pull * pull
	}
	return sum
}

// TestExactCurve: from a curve without noise every parameter comes back.
func TestExactCurve(t *testing.T) {
	t.Parallel()
	tr := truth{
		t0: 60010.25, rise: 3.5, fall: 25,
		amplitude: map[string]float64{"g": 120, "r": 90, "i": 60}, offset: map[string]float64{"g": 3, "r": -5, "i": 0},
	}
	var c lightcurve.Curve
	for day := range 50 {
		for _, band := range []string{"r", "g", "i"} {
			mjd := 59990 + 2*float64(day)
			c.Points = append(c.Points, lightcurve.Point{MJD: mjd, Band: band, FluxUJy: tr.flux(band, mjd), FluxErrUJy: 0.01})
		}
	}
	r := bazin.Fit(c, bazin.Options{})
	if r.Reason != "" || len(r.Bands) != 3 || r.Points != 150 || r.NDOF != 150-9 {
		t.Fatalf("result is %+v", r)
	}
	// The search ends within a hundredth of an error, 1e-4 of chi-square.
	near := func(what string, got, want, sigma float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 0.02*sigma) {
			t.Errorf("%s is %v +- %v, want %v", what, got, sigma, want)
		}
	}
	near("t0", r.T0, tr.t0, r.T0Err)
	near("rise", r.Rise, tr.rise, r.RiseErr)
	near("fall", r.Fall, tr.fall, r.FallErr)
	near("peak", r.Peak, tr.t0+tr.rise*math.Log(tr.fall/tr.rise-1), r.PeakErr)
	for i, band := range []string{"g", "r", "i"} {
		b := r.Bands[i]
		if b.Name != band || b.Points != 50 {
			t.Errorf("band %d is %s of %d points, want %s of 50", i, b.Name, b.Points, band)
		}
		near("amplitude in "+band, b.Amplitude, tr.amplitude[band], b.AmplitudeErr)
		near("offset in "+band, b.Offset, tr.offset[band], b.OffsetErr)
		near("peak flux in "+band, b.PeakFlux, tr.flux(band, r.Peak)-tr.offset[band], b.PeakFluxErr)
		for _, mjd := range []float64{59900, 60000, r.Peak, 60100, 61000} {
			if got, want := r.Flux(band, mjd), tr.flux(band, mjd); math.Abs(got-want) > 0.01 {
				t.Errorf("flux in %s at %v is %v, want %v", band, mjd, got, want)
			}
		}
	}
	colour, sigma, known := r.Colour("g", "r")
	if !known {
		t.Fatal("the colour is not known")
	}
	near("g-r", colour, -2.5*math.Log10(120.0/90), sigma)
	colour, sigma, known = r.ColourAtPeak("g", "r")
	if !known || r.Bands[0].NearPeakPoints == 0 {
		t.Fatal("the colour at the peak is not known")
	}
	near("g-r at the peak", colour, -2.5*math.Log10(120.0/90), sigma)
	if _, _, known := r.Colour("g", "z"); known {
		t.Error("a colour is known though z was not observed")
	}
	if r.Flux("z", 60010) != 0 {
		t.Error("there is a flux in z though it was not observed")
	}
}

// TestRecovery: over many simulated curves the truth lies as many errors away
// as it should, and chi-square is what the degrees of freedom say. The width of
// 300 pulls is known to 0.04, their mean to 0.06.
func TestRecovery(t *testing.T) {
	t.Parallel()
	const curves = 300
	r := rand.New(rand.NewPCG(7, 7))
	pulls := map[string][]float64{}
	add := func(what string, got, want, sigma float64) { pulls[what] = append(pulls[what], (got-want)/sigma) }
	total, freedom := 0.0, 0
	fitter := new(bazin.Fitter)
	for range curves {
		tr := truth{
			t0: 60000 + r.Float64(), rise: uniform(r, 2.5, 5), fall: uniform(r, 15, 30),
			amplitude: map[string]float64{"g": uniform(r, 100, 400), "r": uniform(r, 100, 400)},
			offset:    map[string]float64{"g": uniform(r, -10, 10), "r": uniform(r, -10, 10)},
		}
		fit := fitter.Fit(well.observe(r, tr), bazin.Options{})
		if fit.Reason != "" {
			t.Fatalf("no fit of %+v: %s", tr, fit.Reason)
		}
		total += fit.ChiSquare
		freedom += fit.NDOF
		add("t0", fit.T0, tr.t0, fit.T0Err)
		add("rise", fit.Rise, tr.rise, fit.RiseErr)
		add("fall", fit.Fall, tr.fall, fit.FallErr)
		peak := tr.t0 + tr.rise*math.Log(tr.fall/tr.rise-1)
		add("peak", fit.Peak, peak, fit.PeakErr)
		for _, b := range fit.Bands {
			add("amplitude", b.Amplitude, tr.amplitude[b.Name], b.AmplitudeErr)
			add("offset", b.Offset, tr.offset[b.Name], b.OffsetErr)
			add("peak flux", b.PeakFlux, tr.flux(b.Name, peak)-tr.offset[b.Name], b.PeakFluxErr)
		}
		colour, sigma, _ := fit.Colour("g", "r")
		want := -2.5 * math.Log10(tr.amplitude["g"]/tr.amplitude["r"])
		add("colour", colour, want, sigma)
		if colour, sigma, known := fit.ColourAtPeak("g", "r"); known {
			add("at peak", colour, want, sigma)
		}
	}
	if len(pulls["at peak"]) < curves*9/10 {
		t.Errorf("the colour at the peak is known of %d in %d", len(pulls["at peak"]), curves)
	}
	for what, all := range pulls {
		mean, squares := 0.0, 0.0
		for _, pull := range all {
			mean += pull / float64(len(all))
			squares += pull * pull / float64(len(all))
		}
		width := math.Sqrt(squares - mean*mean)
		t.Logf("%-10s pulls: mean %+.3f, width %.3f", what, mean, width)
		if math.Abs(mean) > 0.2 || math.Abs(width-1) > 0.12 {
			t.Errorf("pulls of the %s: mean %.3f, width %.3f", what, mean, width)
		}
	}
	if ratio := total / float64(freedom); math.Abs(ratio-1) > 0.02 {
		t.Errorf("chi-square is %.3f of the degrees of freedom", ratio)
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	// line has n points in g, a day apart, with fluxes by a rule.
	line := func(n int, rule func(day float64) float64) (c lightcurve.Curve) {
		for i := range n {
			c.Points = append(c.Points, lightcurve.Point{MJD: 60000 + float64(i), Band: "g", FluxUJy: rule(float64(i)), FluxErrUJy: 1})
		}
		return c
	}
	bump := func(day float64) float64 { return 100 * math.Exp(-(day-4)*(day-4)/4) }
	two := line(9, bump)
	two.Points = append(two.Points, lightcurve.Point{MJD: 60001, Band: "r", FluxUJy: 5, FluxErrUJy: 1}, lightcurve.Point{MJD: 60002, Band: "r", FluxUJy: 5, FluxErrUJy: 1})
	unusable := line(9, bump)
	for i := range unusable.Points[:4] {
		unusable.Points[i].FluxErrUJy = []float64{0, -1, math.NaN(), math.Inf(1)}[i]
	}
	undated := line(9, bump)
	undated.Points[0].MJD = math.NaN()
	cases := map[string]struct {
		curve   lightcurve.Curve
		options bazin.Options
		want    bazin.Reason
		points  int
	}{
		"no points":                 {lightcurve.Curve{}, bazin.Options{}, bazin.TooFewPoints, 0},
		"as many as parameters":     {line(5, bump), bazin.Options{}, bazin.TooFewPoints, 5},
		"one more":                  {line(6, bump), bazin.Options{}, "", 6},
		"fewer parameters":          {line(5, bump), bazin.Options{ZeroOffsets: true}, "", 5},
		"a band with two points":    {two, bazin.Options{}, "", 9},
		"the same without offsets":  {two, bazin.Options{ZeroOffsets: true}, "", 11},
		"errors that are none":      {unusable, bazin.Options{}, bazin.TooFewPoints, 5},
		"the first has no date":     {undated, bazin.Options{}, "", 8},
		"nothing happens":           {line(20, func(float64) float64 { return 7 }), bazin.Options{}, bazin.NoBrightening, 20},
		"it is always fainter":      {line(20, func(float64) float64 { return -7 }), bazin.Options{ZeroOffsets: true}, bazin.NoBrightening, 20},
		"a pure exponential":        {line(20, func(day float64) float64 { return 300 * math.Exp(-day/9) }), bazin.Options{ZeroOffsets: true}, bazin.Unconstrained, 20},
		"everything at one instant": {line(20, func(float64) float64 { return 7 }).Between(60003, 60003), bazin.Options{}, bazin.TooFewPoints, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := bazin.Fit(c.curve, c.options)
			if r.Reason != c.want || r.Points != c.points && c.want != bazin.TooFewPoints {
				t.Fatalf("reason is %q with %d points, want %q with %d", r.Reason, r.Points, c.want, c.points)
			}
			if r.Reason != "" && (r.T0 != 0 || r.ChiSquare != 0 || r.Bands != nil || r.Covariance != nil) {
				t.Errorf("a fit that failed has parameters: %+v", r)
			}
		})
	}
}

// TestShiftAndScale: another zero of the dates and another unit of the fluxes
// change nothing else.
func TestShiftAndScale(t *testing.T) {
	t.Parallel()
	c := well.observe(rand.New(rand.NewPCG(3, 4)), anyTruth(rand.New(rand.NewPCG(5, 6))))
	want := bazin.Fit(c, bazin.Options{})
	const days, factor = -4096, 8 // exact in binary
	for i := range c.Points {
		c.Points[i].MJD += days
		c.Points[i].FluxUJy *= factor
		c.Points[i].FluxErrUJy *= factor
	}
	got := bazin.Fit(c, bazin.Options{})
	if got.Peak != want.Peak+days || got.Rise != want.Rise || got.ChiSquare != want.ChiSquare || got.PeakErr != want.PeakErr {
		t.Errorf("peak %v, rise %v, chi-square %v; want %v, %v, %v", got.Peak, got.Rise, got.ChiSquare, want.Peak+days, want.Rise, want.ChiSquare)
	}
	for i, b := range got.Bands {
		if b.PeakFlux != factor*want.Bands[i].PeakFlux || b.OffsetErr != factor*want.Bands[i].OffsetErr {
			t.Errorf("band %+v, want %v times %+v", b, factor, want.Bands[i])
		}
	}
}

// TestAnyCurve: whatever the points are, a result is a fit without a NaN or a
// reason.
func TestAnyCurve(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(
			rapid.Float64Range(-100, 1000), rapid.Float64(),
			rapid.SampledFrom([]float64{0, 1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64}),
		)
		var c lightcurve.Curve
		for range rapid.IntRange(0, 25).Draw(t, "points") {
			c.Points = append(c.Points, lightcurve.Point{
				MJD:  rapid.OneOf(rapid.Float64Range(60000, 60100), number).Draw(t, "mjd"),
				Band: rapid.SampledFrom([]string{"g", "r"}).Draw(t, "band"), FluxUJy: number.Draw(t, "flux"),
				FluxErrUJy: rapid.OneOf(rapid.Float64Range(1, 30), number).Draw(t, "error"),
			})
		}
		check(t, bazin.Fit(c, bazin.Options{ZeroOffsets: rapid.Bool().Draw(t, "zero offsets")}))
	})
}

// check checks what holds of every result.
func check(t interface{ Errorf(string, ...any) }, r bazin.Result) {
	if r.Reason != "" {
		return
	}
	numbers := []float64{r.T0, r.T0Err, r.Rise, r.RiseErr, r.Fall, r.FallErr, r.Peak, r.PeakErr, r.ChiSquare}
	for _, b := range r.Bands {
		numbers = append(numbers, b.Amplitude, b.AmplitudeErr, b.Offset, b.OffsetErr, b.PeakFlux, b.PeakFluxErr)
		if b.Amplitude < 0 || b.Name == "" {
			t.Errorf("band %+v", b)
		}
	}
	for i, row := range r.Covariance {
		numbers = append(numbers, row...)
		for j, value := range row {
			if limit := math.Sqrt(r.Covariance[i][i]) * math.Sqrt(r.Covariance[j][j]); math.Abs(value) > limit*(1+1e-6) {
				t.Errorf("covariance %d, %d is %v, beyond %v", i, j, value, limit)
			}
		}
	}
	for _, x := range numbers {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Errorf("%v in %+v", x, r)
			return
		}
	}
	if !(r.Rise > 0 && r.Rise < r.Fall) || r.NDOF < 1 || len(r.Covariance) != 3+2*len(r.Bands) {
		t.Errorf("result %+v", r)
	}
	for _, colour := range []func(blue, red string) (mag, sigma float64, known bool){r.Colour, r.ColourAtPeak} {
		if mag, sigma, known := colour("g", "r"); known && (math.IsNaN(mag) || math.IsNaN(sigma)) {
			t.Errorf("colour %v +- %v of %+v", mag, sigma, r)
		}
	}
}
