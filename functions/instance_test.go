package functions

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightwire.dev/shared/names"
	"nightwire.dev/shared/supernova"
)

// modelFolder has the smallest model that can be loaded, and a bandpass of ZTF.
func modelFolder(t *testing.T) string {
	t.Helper()
	const flat = "-20 2000 1\n-20 9000 1\n50 2000 1\n50 9000 1\n"
	folder := t.TempDir()
	for name, content := range map[string]string{
		"salt2_template_0.dat": flat, "salt2_template_1.dat": flat,
		"salt2_color_correction.dat": "1\n0.1\nSalt2ExtinctionLaw.version 1\n", "salt2_color_dispersion.dat": "2000 0.1\n9000 0.1\n",
		"salt2_lc_dispersion_scaling.dat": flat, "salt2_lc_relative_variance_0.dat": flat,
		"salt2_lc_relative_variance_1.dat": flat, "salt2_lc_relative_covariance_01.dat": flat,
		"bandpasses/ztfg.dat": "4000 0\n4100 1\n5400 1\n5500 0\n",
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestFitter has a model that one survey is not seen through: its function
// starts all the same, and warns once.
func TestFitter(t *testing.T) {
	t.Parallel()
	folder := modelFolder(t)
	for stream, warnings := range map[names.Stream]int{names.ZTF: 0, names.ZTFPartnership: 0, names.LSST: 1} {
		t.Run(string(stream), func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			i := &instance{
				config:    &Config{Models: folder, Supernova: supernova.DefaultConfig()},
				resources: names.Resources{Project: "p", Stream: stream}, log: slog.New(slog.NewTextHandler(&log, nil)),
			}
			if _, err := i.fitter(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(log.String(), "no bandpasses"); n != warnings {
				t.Errorf("%d warnings, want %d:\n%s", n, warnings, &log)
			}
		})
	}
}
