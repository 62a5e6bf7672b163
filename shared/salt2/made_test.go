package salt2

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"
)

// files writes a made-up model in the published layout: a black body that rises
// in two weeks, cools and declines; x1 stretches it. It is good for tests of
// what does not depend on nature.
func files(prefix string) fstest.MapFS {
	light := func(phase, wave float64) float64 {
		rise := 1 - math.Exp(-(phase+20)*(phase+20)/30)
		shape := 2.2 * rise * math.Exp(-phase/25) / (1 + math.Exp(-(phase+5)/3.5))
		x := (wave - 4300 - 25*phase) / 1900
		return shape * math.Exp(-x*x/2)
	}
	stretched := func(phase, wave float64) float64 {
		return light(math.Max(phase/1.1, -20), wave) - light(phase, wave)
	}
	table := func(f func(phase, wave float64) float64, days, step float64) *fstest.MapFile {
		var b strings.Builder
		for phase := -20.0; phase <= 50; phase += days {
			for wave := 2000.0; wave <= 9200; wave += step {
				fmt.Fprintf(&b, "%g %g %.9g\n", phase, wave, f(phase, wave))
			}
		}
		return &fstest.MapFile{Data: []byte(b.String())}
	}
	constant := func(v float64) func(phase, wave float64) float64 {
		return func(float64, float64) float64 { return v }
	}
	m := fstest.MapFS{
		prefix + "template_0.dat": table(light, 1, 60),
		prefix + "template_1.dat": table(stretched, 1, 60),
		prefix + "color_correction.dat": {Data: []byte(
			"4\n-0.5\n0.78\n-0.46\n0.08\nSalt2ExtinctionLaw.version 1\n" +
				"Salt2ExtinctionLaw.min_lambda 2800\nSalt2ExtinctionLaw.max_lambda 7000\n")},
		prefix + "color_dispersion.dat": {Data: []byte("# wavelength, scatter\n2000 0.05\n4500 0.02\n9200 0.05\n")},
	}
	if prefix == salt2Prefix {
		m[prefix+"lc_dispersion_scaling.dat"] = table(constant(1), 5, 600)
		m[prefix+"lc_relative_variance_0.dat"] = table(constant(1e-3), 5, 600)
		m[prefix+"lc_relative_variance_1.dat"] = table(constant(2e-4), 5, 600)
		m[prefix+"lc_relative_covariance_01.dat"] = table(constant(1e-4), 5, 600)
	} else {
		m[prefix+"lc_variance_0.dat"] = table(constant(1e-4), 5, 600)
		m[prefix+"lc_variance_1.dat"] = table(constant(2e-5), 5, 600)
		m[prefix+"lc_covariance_01.dat"] = table(constant(1e-5), 5, 600)
	}
	return m
}

func made(t testing.TB) (*Model, []*Band) {
	t.Helper()
	m, err := Load(files(salt2Prefix))
	if err != nil {
		t.Fatal(err)
	}
	return m, []*Band{hump(t, "blue", 4000, 5500), hump(t, "red", 5600, 7200)}
}

// hump is a band between two wavelengths.
func hump(t testing.TB, name string, from, to float64) *Band {
	t.Helper()
	var b strings.Builder
	for w := from; w <= to; w += 10 {
		fmt.Fprintf(&b, "%g %g\n", w, 0.1+math.Sin(math.Pi*(w-from)/(to-from)))
	}
	band, err := ReadBand(name, strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return band
}
