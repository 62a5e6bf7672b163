package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	salt "nightwire.dev/shared/models"
)

// tinyModel is the smallest that can be loaded.
func tinyModel() map[string]string {
	const flat = "-20 2000 1\n-20 9000 1\n50 2000 1\n50 9000 1\n"
	return map[string]string{
		"salt2_template_0.dat": flat, "salt2_template_1.dat": flat,
		"salt2_color_correction.dat": "1\n0.1\nSalt2ExtinctionLaw.version 1\n", "salt2_color_dispersion.dat": "2000 0.1\n9000 0.1\n",
		"salt2_lc_dispersion_scaling.dat": flat, "salt2_lc_relative_variance_0.dat": flat,
		"salt2_lc_relative_variance_1.dat": flat, "salt2_lc_relative_covariance_01.dat": flat,
		"bandpasses/ztfg.dat": "4000 0\n4100 1\n5400 1\n5500 0\n",
	}
}

// publish serves the files, and writes the list of them.
func publish(t *testing.T, files map[string]string) (list string) {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(site.Close)
	type file struct {
		Path    string `json:"path"`
		Address string `json:"address"`
		SHA256  string `json:"sha256"`
	}
	var all struct {
		Files []file `json:"files"`
	}
	for name, text := range files {
		all.Files = append(all.Files, file{"tiny/" + name, site.URL + "/" + name, fmt.Sprintf("%x", sha256.Sum256([]byte(text)))})
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	list = filepath.Join(t.TempDir(), "list.json")
	if err := os.WriteFile(list, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestModelsFetch(t *testing.T) {
	t.Parallel()
	files := tinyModel()
	list, into := publish(t, files), t.TempDir()
	out, err := line(t, "models", "fetch", "--into", into, "--list", list)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(into, "tiny")
	if strings.Count(out, "fetched") != len(files) || !strings.Contains(out, "make run MODELS="+folder) {
		t.Errorf("it says:\n%s", out)
	}
	if set, err := openModel(folder); err != nil || set.Name != "tiny" {
		t.Errorf("the folder holds %s, %v", set, err)
	}

	// What was fetched is kept; what is served anew with another content is refused.
	files["salt2_template_0.dat"] = "changed"
	if out, err = line(t, "models", "fetch", "--into", into, "--list", list); err != nil || strings.Count(out, "is there") != len(files) {
		t.Errorf("the second time: %v\n%s", err, out)
	}
	_, err = line(t, "models", "fetch", "--into", t.TempDir(), "--list", list)
	if err == nil || !strings.Contains(err.Error(), "tiny/salt2_template_0.dat") || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("a changed file gives %v", err)
	}
}

func TestModelsFetchSaysWhatIsNoModel(t *testing.T) {
	t.Parallel()
	files := tinyModel()
	delete(files, "bandpasses/ztfg.dat")
	out, err := line(t, "models", "fetch", "--into", filepath.Join(t.TempDir(), "a"), "--list", publish(t, files))
	if err != nil || !strings.Contains(out, "not yet a model that can be used") || !strings.Contains(out, "no bandpasses") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A stack is refused before it starts, and the demonstration says what it is.
func TestOpenModel(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "absent")
	if _, err := (local{Port: 8700, Models: folder}).start(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("an absent folder gives %v", err)
	}
	if set, err := openModel(""); err != nil || set.String() != salt.Notice {
		t.Errorf("without a folder it is %s, %v", set, err)
	}
}

// TestDescribeModel has the start of a run say what it cannot fit.
func TestDescribeModel(t *testing.T) {
	t.Parallel()
	set, err := salt.Demonstration()
	if err != nil {
		t.Fatal(err)
	}
	for survey, blind := range map[string]bool{"ztf": false, "lsst": false, "atlas": true} {
		got := describeModel(set, survey)
		if !strings.Contains(got, salt.Notice) || strings.Contains(got, "the fits will be without SALT") != blind {
			t.Errorf("of %s it says %q", survey, got)
		}
	}
}
