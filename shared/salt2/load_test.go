package salt2

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{salt2Prefix, salt3Prefix} {
		all := files(prefix)
		first, err := Load(all)
		if err != nil {
			t.Fatalf("%s: %v", prefix, err)
		}
		again, err := Load(all)
		if err != nil || first.Hash() != again.Hash() || len(first.Hash()) != 64 {
			t.Errorf("%s: hashes %q and %q, error %v", prefix, first.Hash(), again.Hash(), err)
		}
		other := maps.Clone(all)
		name := prefix + "color_dispersion.dat"
		other[name] = &fstest.MapFile{Data: append([]byte("# changed\n"), all[name].Data...)}
		if changed, err := Load(other); err != nil || changed.Hash() == first.Hash() {
			t.Errorf("%s: a changed file has the same hash, error %v", prefix, err)
		}
	}
}

func TestLoadNamesTheFileAndTheLine(t *testing.T) {
	t.Parallel()
	law := "0\nSalt2ExtinctionLaw.version 1\n"
	for name, c := range map[string]struct {
		file, data string // no data: the file is missing
		want       string
	}{
		"no template":         {"salt2_template_0.dat", "", "salt2_template_0.dat"},
		"no variance":         {"salt2_lc_relative_variance_1.dat", "", "salt2_lc_relative_variance_1.dat"},
		"no colour law":       {"salt2_color_correction.dat", "", "salt2_color_correction.dat"},
		"a word":              {"salt2_template_1.dat", "-20 2000 0\n-20 2010 zero\n", `salt2_template_1.dat: line 2: "zero" is not a finite number`},
		"not a number":        {"salt2_template_1.dat", "-20 2000 NaN\n", `salt2_template_1.dat: line 1: "NaN" is not a finite number`},
		"a column too few":    {"salt2_template_1.dat", "# phase, wavelength\n-20 2000\n", "salt2_template_1.dat: line 2: 2 columns, want 3"},
		"a ragged table":      {"salt2_template_1.dat", "0 1 0\n0 2 0\n1 1 0\n2 1 0\n", "salt2_template_1.dat: line 4: phase 1 has 1 wavelengths"},
		"other wavelengths":   {"salt2_template_1.dat", "0 1 0\n0 2 0\n1 1 0\n1 3 0\n", "salt2_template_1.dat: line 4: wavelength 3"},
		"phases backwards":    {"salt2_template_1.dat", "0 1 0\n0 2 0\n-1 1 0\n", "salt2_template_1.dat: line 3: phase -1 follows 0"},
		"wavelengths falling": {"salt2_template_1.dat", "0 2 0\n0 1 0\n", "salt2_template_1.dat: line 2: wavelength 1 follows 2"},
		"one phase":           {"salt2_template_1.dat", "0 1 0\n0 2 0\n", "salt2_template_1.dat: 1 phases"},
		"cut off":             {"salt2_template_1.dat", "0 1 0\n0 2 0\n1 1 0\n", "salt2_template_1.dat: the last phase has 1"},
		"another grid":        {"salt2_template_1.dat", "0 1 0\n0 2 0\n1 1 0\n1 2 0\n", "salt2_template_1.dat: its phases and wavelengths are not those of salt2_template_0.dat"},
		"dispersion":          {"salt2_color_dispersion.dat", "2000 0.1\n2000 0.1\n", "salt2_color_dispersion.dat: line 2"},
		"empty law":           {"salt2_color_correction.dat", "\n", "ends before the number of coefficients"},
		"too many terms":      {"salt2_color_correction.dat", "9\n", "line 1: 9 coefficients"},
		"a term missing":      {"salt2_color_correction.dat", "2\n0.5\n", "ends before a coefficient"},
		"a bad term":          {"salt2_color_correction.dat", "2\n0.5\nx\n", `line 3: "x" is not a coefficient`},
		"an unknown keyword":  {"salt2_color_correction.dat", law + "Colour 1\n", `line 3: unknown keyword "Colour"`},
		"law of version 0":    {"salt2_color_correction.dat", "0\nSalt2ExtinctionLaw.version 0\n", "only version 1 is supported"},
		"law without version": {"salt2_color_correction.dat", "0\n", "only version 1 is supported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := files(salt2Prefix)
			delete(all, c.file)
			if c.data != "" {
				all[c.file] = &fstest.MapFile{Data: []byte(c.data)}
			}
			_, err := Load(all)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestReadBand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ data, want string }{
		"empty":           {"", "read band x: 0 wavelengths"},
		"dark":            {"4000 0\n5000 0\n", "read band x: no transmission above 0"},
		"a bad line":      {"4000 0.5\n5000\n", "read band x: line 2: 1 columns, want 2"},
		"not in order":    {"4000 0.5\n3000 0.5\n", "read band x: line 2: wavelength 3000 follows 4000"},
		"in nanometres":   {"40 0.5\n50 0.5\n", "read band x: from 40 to 50: want Angstrom"},
		"longer than any": {strings.Repeat("1", 1<<17), "read band x: line 1: longer"},
	} {
		if _, err := ReadBand("x", strings.NewReader(c.data)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	b, err := ReadBand("x", strings.NewReader("1000 0\n2000 0.0001\n3000 0.0002\n4000 0.5\n5000 0.5\n6000 0\n7000 0\n"))
	if err != nil {
		t.Fatal(err)
	}
	if b.min() != 3000 || b.max() != 6000 {
		t.Errorf("trimmed to %g-%g, want one sample beside what is above a thousandth of the peak", b.min(), b.max())
	}
	// A trapezium of 3000, 4000, 5000, 6000 with the weights 0, 1, 1, 0.
	if e := b.Effective(); e < 4499 || e > 4501 {
		t.Errorf("effective wavelength %g, want 4500", e)
	}
}

func FuzzReadBand(f *testing.F) {
	f.Add("4000 0.1 # blue\n4100 0.5\n4200 0")
	f.Add("4000 1e-300\n4100 1e300\n")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := ReadBand("fuzzed", strings.NewReader(text))
		if err == nil && len(b.bins) == 0 {
			t.Fatalf("a band without bins: %+v", b)
		}
	})
}

func FuzzReadColourLaw(f *testing.F) {
	f.Add(string(files(salt2Prefix)["salt2_color_correction.dat"].Data))
	f.Add("6\n1 2 3 4 5 6 Salt2ExtinctionLaw.version 1")
	f.Add("1e300")
	f.Fuzz(func(t *testing.T, text string) {
		law, err := readColourLaw(strings.NewReader(text))
		if (law == nil) == (err == nil) {
			t.Fatalf("law %v, error %v", law, err)
		}
	})
}
