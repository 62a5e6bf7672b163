package stack

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"nightwire.dev/infra/local/storage"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/names"
)

// tinyModel makes a folder with the smallest model that can be loaded.
func tinyModel(t *testing.T) string {
	t.Helper()
	const flat = "-20 2000 1\n-20 9000 1\n50 2000 1\n50 9000 1\n"
	folder := filepath.Join(t.TempDir(), "tiny")
	for name, text := range map[string]string{
		"salt2_template_0.dat": flat, "salt2_template_1.dat": flat,
		"salt2_color_correction.dat": "1\n0.1\nSalt2ExtinctionLaw.version 1\n", "salt2_color_dispersion.dat": "2000 0.1\n9000 0.1\n",
		"salt2_lc_dispersion_scaling.dat": flat, "salt2_lc_relative_variance_0.dat": flat,
		"salt2_lc_relative_variance_1.dat": flat, "salt2_lc_relative_covariance_01.dat": flat,
		"bandpasses/ztfg.dat": "4000 0\n4100 1\n5400 1\n5500 0\n",
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestProvisionModel has the functions' bucket hold what the stack was given
// last, be it nothing.
func TestProvisionModel(t *testing.T) {
	t.Parallel()
	server, err := storage.Open(storage.Options{Dir: filepath.Join(t.TempDir(), "storage"), Publisher: nobody{}})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server.Handler())
	e := Endpoints{Stream: names.ZTF, Storage: strings.TrimPrefix(front.URL, "http://")}
	client, err := gcs.NewClient(t.Context(), e.storageOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		front.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	products := client.Bucket(e.Resources().ProductsBucket())
	if err := products.Create(t.Context(), Project, nil); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ folder, want string }{
		{"", "demonstration"}, {tinyModel(t), "tiny"}, {"", "demonstration"},
	} {
		if err := provisionModel(t.Context(), e, step.folder); err != nil {
			t.Fatal(err)
		}
		set, err := models.FromBucket(t.Context(), products)
		if err != nil {
			t.Fatal(err)
		}
		if set.Name != step.want {
			t.Errorf("with the folder %q the functions get %s, want %s", step.folder, set.Name, step.want)
		}
	}
}
