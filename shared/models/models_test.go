package models_test

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/salt2"
)

// modelFiles are a small model of the right layout: light that rises and falls
// linearly, the same at all wavelengths.
func modelFiles() map[string]string {
	const flat = "-50 2000 0.01\n-50 12000 0.01\n90 2000 0.01\n90 12000 0.01\n"
	return map[string]string{
		"salt2_template_0.dat":                "-20 2000 0\n-20 12000 0\n0 2000 1\n0 12000 1\n50 2000 0\n50 12000 0\n",
		"salt2_template_1.dat":                "-20 2000 0\n-20 12000 0\n0 2000 0.1\n0 12000 0.1\n50 2000 0\n50 12000 0\n",
		"salt2_color_correction.dat":          "1\n0.1\nSalt2ExtinctionLaw.version 1\n",
		"salt2_color_dispersion.dat":          "2000 0.03\n12000 0.03\n",
		"salt2_lc_dispersion_scaling.dat":     flat,
		"salt2_lc_relative_variance_0.dat":    flat,
		"salt2_lc_relative_variance_1.dat":    flat,
		"salt2_lc_relative_covariance_01.dat": flat,
	}
}

const bandpass = "4000 0\n4100 1\n5400 1\n5500 0\n"

// write makes files below a folder.
func write(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// bandNames are the bands of a set, by survey.
func bandNames(s *models.Set) map[string]string {
	all := map[string]string{}
	for survey, bands := range s.Bands {
		all[survey] = strings.Join(slices.Sorted(maps.Keys(bands)), "")
	}
	return all
}

func TestOpen(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		folder string // of the model, below the test's
		more   map[string]string
		want   map[string]string
	}{
		"in the folder": {
			"mine", map[string]string{"mine/bandpasses/ztfg.dat": bandpass, "mine/bandpasses/lssty.dat": bandpass},
			map[string]string{"ztf": "g", "lsst": "y"},
		},
		"beside the models": {
			"models/salt2-4",
			map[string]string{"bandpasses/P48_g.dat": bandpass, "bandpasses/P48_R.dat": bandpass, "bandpasses/P48_I.dat": bandpass},
			map[string]string{"ztf": "gir"},
		},
		"the folder's own are preferred": {
			"models/salt2-4",
			map[string]string{"bandpasses/ztfg.dat": bandpass, "models/salt2-4/bandpasses/lsst_u.dat": bandpass},
			map[string]string{"lsst": "u"},
		},
		"others are ignored": {
			"mine", map[string]string{"mine/bandpasses/ztfr.dat": bandpass, "mine/bandpasses/README.md": "about", "mine/bandpasses/atlas_o.dat": "?"},
			map[string]string{"ztf": "r"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, c.folder), modelFiles())
			write(t, dir, c.more)
			set, err := models.Open(filepath.Join(dir, c.folder))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, bandNames(set)); diff != "" {
				t.Errorf("bands (-want +got):\n%s", diff)
			}
			if set.Name != filepath.Base(c.folder) || set.Demonstration || len(set.Hash) != 64 {
				t.Errorf("name %q, demonstration %v, hash %q", set.Name, set.Demonstration, set.Hash)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(files map[string]string)
		want   string
	}{
		"no folder":        {func(f map[string]string) { clear(f) }, "no such file or directory"},
		"no bandpasses":    {func(f map[string]string) { delete(f, "bandpasses/ztfg.dat") }, "want files such as ztfg.dat"},
		"a missing file":   {func(f map[string]string) { delete(f, "salt2_color_dispersion.dat") }, "salt2_color_dispersion.dat"},
		"a malformed line": {func(f map[string]string) { f["salt2_template_0.dat"] = "-20 2000 0\n-20 x 0\n" }, "salt2_template_0.dat: line 2"},
		"a malformed band": {func(f map[string]string) { f["bandpasses/ztfg.dat"] = "4000 0\n3000 1\n" }, "band ztfg: line 2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := modelFiles()
			files["bandpasses/ztfg.dat"] = bandpass
			c.change(files)
			folder := filepath.Join(t.TempDir(), "deep", "mine")
			write(t, folder, files)
			_, err := models.Open(folder)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), folder) {
				t.Errorf("got %v, want an error that says %q and names the folder", err, c.want)
			}
		})
	}
}

// The hash is that of what counts in a fit: not of the folder's name, and not
// of files that nobody reads.
func TestHash(t *testing.T) {
	t.Parallel()
	open := func(folder string, change func(files map[string]string)) string {
		files := modelFiles()
		files["bandpasses/ztfg.dat"] = bandpass
		change(files)
		path := filepath.Join(t.TempDir(), folder)
		write(t, path, files)
		set, err := models.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		return set.Hash
	}
	base := open("a", func(map[string]string) {})
	if other := open("b", func(f map[string]string) { f["README"] = "about" }); other != base {
		t.Errorf("another folder with the same model: %s and %s", base, other)
	}
	for name, change := range map[string]func(f map[string]string){
		"model":            func(f map[string]string) { f["salt2_color_dispersion.dat"] = "2000 0.04\n12000 0.03\n" },
		"bandpass":         func(f map[string]string) { f["bandpasses/ztfg.dat"] += "5600 0\n" },
		"band":             func(f map[string]string) { f["bandpasses/ztfr.dat"] = bandpass; delete(f, "bandpasses/ztfg.dat") },
		"further bandpass": func(f map[string]string) { f["bandpasses/ztfr.dat"] = bandpass },
	} {
		if open("a", change) == base {
			t.Errorf("another %s has the same hash", name)
		}
	}
}

func TestOpenTheRealModel(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(realdata.Dir(t), "models", "salt2-4")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("real model: the folder models/salt2-4 is not part of the data")
	}
	set, err := models.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{schemas.ZTF: "gir"}, bandNames(set)); diff != "" {
		t.Errorf("bands (-want +got):\n%s", diff)
	}
	if set.Name != "salt2-4" || set.Demonstration || strings.Contains(set.String(), models.Notice) {
		t.Errorf("the set is %s", set)
	}
	// Both models are supernovae of type Ia: they have about the same shape.
	toy := demonstration(t)
	for _, band := range []string{"g", "r", "i"} {
		for _, phase := range []float64{-10, 0, 10, 20} {
			fraction := func(s *models.Set) float64 {
				b, p := s.Bands[schemas.ZTF][band], salt2.Params{Z: 0.05, X0: 1}
				return s.Model.BandFlux(p, b, phase*1.05, 25) / s.Model.BandFlux(p, b, 0, 25)
			}
			if off := 2.5 * math.Log10(fraction(toy)/fraction(set)); math.Abs(off) > 0.6 {
				t.Errorf("%s at %g d: the demonstration is %.2f mag brighter", band, phase, off)
			}
		}
	}
}

func TestDemonstrationSaysWhatItIs(t *testing.T) {
	t.Parallel()
	if set := demonstration(t); !set.Demonstration || set.String() != models.Notice {
		t.Errorf("the demonstration says %q", set)
	}
}
