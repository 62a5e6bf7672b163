package supernova_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/salt2"
	"nightwire.dev/shared/supernova"
)

var update = flag.Bool("update", false, "write testdata anew")

const exampleFile = "../../testdata/lightcurve.csv"

// example is the supernova of the file that people may try the fit with.
var example = salt2.Params{Z: 0.05, T0: 61300, X0: 1.2e-3, X1: 0.4, C: -0.02}

// exampleCSV draws it from the demonstration model: a point in g and in r every
// third day, with errors of 3 % and 5 microjansky.
func exampleCSV(t *testing.T) []byte {
	t.Helper()
	set, err := models.Demonstration()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	b := bytes.NewBufferString("mjd,band,flux,fluxerr\n")
	for day := -15; day <= 45; day += 3 {
		for _, band := range []string{"g", "r"} {
			mjd := example.T0 + float64(day) + 0.4*random.Float64()
			flux := set.Model.BandFlux(example, set.Bands["ztf"][band], mjd, 23.9)
			sigma := 5 + 0.03*flux
			fmt.Fprintf(b, "%.4f,%s,%.2f,%.2f\n", mjd, band, flux+sigma*random.NormFloat64(), sigma)
		}
	}
	return b.Bytes()
}

// TestExample has the file be what it says that it is, and the fit find it.
func TestExample(t *testing.T) {
	t.Parallel()
	made := exampleCSV(t)
	if *update {
		if err := os.WriteFile(exampleFile, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), string(made)); diff != "" {
		t.Errorf("%s (-kept +made); -update accepts the change:\n%s", exampleFile, diff)
	}
	curve, err := lightcurve.ReadCSV(bytes.NewReader(kept))
	if err != nil {
		t.Fatal(err)
	}
	config := supernova.DefaultConfig()
	config.Z = example.Z
	s := newFitter(t, config).SALT(curve)
	if !s.OK() || !s.Plausible {
		t.Fatalf("the fit says %q, doubts %v", s.Reason, s.Doubts)
	}
	for name, pull := range map[string]float64{
		"t0": (s.T0 - example.T0) / s.Errors.T0, "x0": (s.X0 - example.X0) / s.Errors.X0,
		"x1": (s.X1 - example.X1) / s.Errors.X1, "c": (s.C - example.C) / s.Errors.C,
	} {
		if pull < -3.5 || pull > 3.5 {
			t.Errorf("%s is %.1f of its errors off", name, pull)
		}
	}
}
