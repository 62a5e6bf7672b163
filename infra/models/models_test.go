package models

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightwire.dev/shared/names"
	"nightwire.dev/shared/realdata"
)

func sumOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func TestParse(t *testing.T) {
	t.Parallel()
	good := sumOf("anything")
	entry := func(path, address, sum string) string {
		return fmt.Sprintf(`{"files": [{"path": %q, "address": %q, "sha256": %q}]}`, path, address, sum)
	}
	cases := map[string]struct{ text, want string }{
		"good":               {entry("a/b.dat", "https://example.org/b", good), ""},
		"no checksum":        {entry("b.dat", "https://example.org/b", ""), `sha256 "" of b.dat: want 64 hexadecimal digits`},
		"half a checksum":    {entry("b.dat", "https://example.org/b", good[:32]), "want 64 hexadecimal digits"},
		"outside the folder": {entry("../b.dat", "https://example.org/b", good), `path "../b.dat"`},
		"absolute path":      {entry("/etc/b.dat", "https://example.org/b", good), `path "/etc/b.dat"`},
		"no path":            {entry("", "https://example.org/b", good), `path ""`},
		"a file's address":   {entry("b.dat", "file:///etc/passwd", good), "want https://"},
		"no address":         {entry("b.dat", "", good), "want https://"},
		"unknown key":        {`{"files": [{"sha1": "x"}]}`, `unknown field "sha1"`},
		"no files":           {`{"files": []}`, "no files"},
		"no list":            {`[]`, "cannot unmarshal"},
		"twice": {fmt.Sprintf(`{"files": [{"path": "a", "address": "https://e/1", "sha256": %q},
			{"path": "a", "address": "https://e/2", "sha256": %q}]}`, good, good), `path "a" is there twice`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, err := parse("list.json", []byte(c.text))
			if c.want == "" {
				if err != nil || len(files) != 1 {
					t.Errorf("got %v, %v", files, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "list.json") {
				t.Errorf("got %v, want an error that names the list and says %q", err, c.want)
			}
		})
	}
}

// TestPublished holds the list that is shipped: addresses that name a commit,
// so that what they give cannot change, and all files that a model needs.
func TestPublished(t *testing.T) {
	t.Parallel()
	files, err := Published()
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	for _, f := range files {
		paths[f.Path] = true
		parts := strings.Split(f.Address, "/")
		if len(parts) < 7 || len(parts[5]) != 40 || !strings.HasPrefix(f.Address, "https://raw.githubusercontent.com/") {
			t.Errorf("%s: the address %s names no commit", f.Path, f.Address)
		}
		if filepath.Base(f.Path) != filepath.Base(f.Address) {
			t.Errorf("%s comes from %s", f.Path, f.Address)
		}
	}
	for _, want := range []string{
		"salt2_template_0.dat", "salt2_template_1.dat", "salt2_color_correction.dat", "salt2_color_dispersion.dat",
		"salt2_lc_dispersion_scaling.dat", "salt2_lc_relative_variance_0.dat", "salt2_lc_relative_variance_1.dat",
		"salt2_lc_relative_covariance_01.dat", "bandpasses/P48_g.dat", "bandpasses/P48_R.dat", "bandpasses/P48_I.dat",
	} {
		if !paths["salt2-4/"+want] {
			t.Errorf("the list has no %s", want)
		}
	}
}

// The checksums are those of the files that the reference was made with.
func TestPublishedSumsAreThoseOfTheData(t *testing.T) {
	t.Parallel()
	data := realdata.Dir(t)
	files, err := Published()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		folder := filepath.Join("models", "salt2-4")
		if strings.Contains(f.Path, "bandpasses/") {
			folder = "bandpasses"
		}
		path := filepath.Join(data, folder, filepath.Base(f.Path))
		if _, err := os.Stat(path); err != nil {
			t.Skipf("real model: the data have no %s", path)
		}
		if err := check(f, path); err != nil {
			t.Error(err)
		}
	}
}

// TestGuideUploads: the guide puts the model where the function looks for it, in
// the layout in which it is fetched.
func TestGuideUploads(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	bucket := names.Resources{Project: "my-project", Stream: names.ZTF}.ProductsBucket()
	want := "gcloud storage rsync --recursive models/salt2-4 gs://" + bucket + "/models/salt2-4\n"
	if !strings.Contains(string(guide), want) {
		t.Errorf("the guide does not say %s", want)
	}
	files, err := Published()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if folder := f.Folder(); folder != "salt2-4" && folder != "salt2-4/bandpasses" {
			t.Errorf("%s is fetched into %s, of which the guide uploads nothing", f.Path, folder)
		}
	}
}
