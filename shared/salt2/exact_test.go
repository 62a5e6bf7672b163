package salt2

import (
	"math"
	"testing"

	"nightwire.dev/shared/salt2/dust"
	"pgregory.net/rapid"
)

// fluxes are a band's flux by the sums of a fit, in the unit of the zero point.
func (e *exact) fluxes(p Params, b *Band, mjd float64) (flux float64, s sample) {
	e.aim(b.bins, p.Z, p.C, true)
	phase := (mjd - p.T0) / (1 + p.Z)
	if !e.phase.Holds(phase) {
		return 0, sample{}
	}
	s = e.at(phase)
	return p.X0 * (s.m0 + p.X1*s.m1) * b.scale(25), s
}

// TestSumsAreTheBandFlux compares the sums that a fit makes with the scheme as
// it is written down, bin by bin: also where a band reaches into the model's
// border, in wavelength and in phase.
func TestSumsAreTheBandFlux(t *testing.T) {
	t.Parallel()
	model, bands := made(t)
	bands = append(bands, hump(t, "ultraviolet", 2100, 3000), hump(t, "infrared", 8000, 9900))
	e := newExact(model)
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SampledFrom(bands).Draw(t, "band")
		p := Params{
			Z: rapid.Float64Range(0, 0.3).Draw(t, "z"), X0: 1e-3,
			X1: rapid.Float64Range(-3, 3).Draw(t, "x1"), C: rapid.Float64Range(-1, 2).Draw(t, "c"),
		}
		if !model.Covers(b, p.Z) {
			return
		}
		mjd := rapid.OneOf(rapid.Float64Range(-30, 70), rapid.Float64Range(-20, -18), rapid.Float64Range(47, 50)).Draw(t, "mjd")
		got, _ := e.fluxes(p, b, mjd)
		want := model.BandFlux(p, b, mjd, 25)
		// The order of summation differs, and M1 takes away from M0.
		if math.Abs(got-want) > 1e-11*(math.Abs(want)+1) {
			t.Fatalf("%s at %g: %v, want %v", b.Name, mjd, got, want)
		}
	})
}

// TestDerivativesAreThoseOfTheFlux compares with differences of the flux. The
// interpolation's second derivative jumps between cells, so that differences
// are off by some 1e-5 of the flux where a step leads over a border of cells.
func TestDerivativesAreThoseOfTheFlux(t *testing.T) {
	t.Parallel()
	model, bands := made(t)
	e := newExact(model)
	rapid.Check(t, func(t *rapid.T) {
		const h = 1e-5
		b := rapid.SampledFrom(bands).Draw(t, "band")
		p := Params{
			Z: rapid.Float64Range(0.01, 0.3).Draw(t, "z"), X0: 1e-3,
			X1: rapid.Float64Range(-3, 3).Draw(t, "x1"), C: rapid.Float64Range(-1, 1).Draw(t, "c"),
		}
		phase := float64(rapid.IntRange(-15, 45).Draw(t, "cell")) + rapid.Float64Range(0.01, 0.99).Draw(t, "place")
		mjd := phase * (1 + p.Z)
		_, s := e.fluxes(p, b, mjd)
		difference := func(move func(p *Params, by float64)) float64 {
			low, high := p, p
			move(&low, -h)
			move(&high, h)
			return (model.BandFlux(high, b, mjd, 25) - model.BandFlux(low, b, mjd, 25)) / (2 * h)
		}
		unit := p.X0 * b.scale(25)
		byPhase := unit * (s.p0 + p.X1*s.p1)
		flux := model.BandFlux(p, b, mjd, 25)
		for name, c := range map[string]struct{ got, want float64 }{
			"t0": {-byPhase / (1 + p.Z), difference(func(p *Params, by float64) { p.T0 += by })},
			"c":  {unit * (s.c0 + p.X1*s.c1), difference(func(p *Params, by float64) { p.C += by })},
			"z":  {unit*(s.z0+p.X1*s.z1) - byPhase*phase/(1+p.Z), difference(func(p *Params, by float64) { p.Z += by })},
		} {
			if math.Abs(c.got-c.want) > 1e-3*math.Abs(c.want)+1e-4*math.Abs(flux) {
				t.Fatalf("by %s of %s at phase %g: %v, differences say %v", name, b.Name, phase, c.got, c.want)
			}
		}
	})
}

// TestTablesAreCloseToTheModel holds the tables to what a search needs: that a
// point of signal to noise 100 moves by less than a hundredth of its error.
func TestTablesAreCloseToTheModel(t *testing.T) {
	t.Parallel()
	model, bands := made(t)
	const ebv = 0.2
	reddened := model.Behind(Dust{dust.F99, ebv})
	f, err := NewFitter(model, bands, Options{Z: FreeZ(0.01, 0.2)})
	if err != nil {
		t.Fatal(err)
	}
	w := newWork(f)
	w.table = f.prepared
	w.veil(ebv)
	n := model.m0.Phase.Len()
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(bands)-1).Draw(t, "band")
		z := rapid.Float64Range(0.01, 0.2).Draw(t, "z")
		c := rapid.Float64Range(-0.5, 0.7).Draw(t, "c")
		phase := rapid.Float64Range(-10, 49.9).Draw(t, "phase")
		want := reddened.BandFlux(Params{Z: z, X0: 1, C: c}, bands[i], phase*(1+z), 25)
		a := w.approximate[i]
		check := func(source string) {
			var s sample
			a.sample(&s, phase)
			if got := s.m0 * bands[i].scale(25); math.Abs(got-want) > 1e-4*want {
				t.Fatalf("%s: %v, want %v", source, got, want)
			}
		}
		a.aimFree(w.table, z, c, 0, n)
		check("between slices")
		a.settle(w.table, z)
		a.aim(z, c, 0, n)
		check("on a slice between slices")
		a.settle(nil, z)
		a.aim(z, c, 0, n)
		check("on a slice of its own")
	})
}

func TestRelativeCovarianceOfSALT3(t *testing.T) {
	t.Parallel()
	model, err := Load(files(salt3Prefix))
	if err != nil {
		t.Fatal(err)
	}
	b := hump(t, "blue", 4000, 5500)
	p := Params{Z: 0.05, X0: 1e-3, X1: 1}
	// SALT3's variances are those of the flux, and the relative one is theirs
	// over the square of the band's mean flux.
	var flux, weight float64
	a := 1 / (1 + p.Z)
	for _, bin := range b.bins {
		v := bin.wave * b.transmission.At(bin.wave)
		flux += v * (model.m0.At(0, bin.wave*a) + p.X1*model.m1.At(0, bin.wave*a))
		weight += v
	}
	flux /= weight
	common := model.RelativeCovariance(p, b, 0, 1)
	got := model.RelativeCovariance(p, b, 0, 0) - common
	want := (1e-4 + 2*1e-5 + 2e-5) * fluxUnit * fluxUnit / (flux * flux)
	if math.Abs(got-want) > 1e-5*want { // the bins here are not divided anew
		t.Errorf("variance %v, want %v", got, want)
	}
	if scatter := model.variance.colour.At(b.Effective() * a); math.Abs(common-scatter*scatter) > 1e-6*common {
		t.Errorf("in common %v, want %v", common, scatter*scatter)
	}
	if got := model.RelativeCovariance(p, b, 100, 100); got < lightlessScatter {
		t.Errorf("without light %v, want %v and more", got, lightlessScatter)
	}
}
