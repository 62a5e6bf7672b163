// Package models fetches published SALT models and bandpasses, which are not
// part of the repository, from the addresses in models.json.
//
// A list of files enters, each with its address and SHA-256; a folder leaves
// that shared/models can open. The command nightwire models fetch calls it. A
// file that is there and right is kept, a transfer that broke off is resumed,
// and what has another checksum never gets its name.
//
// The list has SALT2-4 as of the JLA analysis (Betoule et al. 2014) and ZTF's
// bandpasses. It has no SALT3 and no LSST bandpasses: for these nobody could
// vouch for an address and a checksum. Another list can name them; an archive
// (.tar.gz) is unpacked.
package models

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strings"
)

//go:embed models.json
var published []byte

// File is a file to fetch.
type File struct {
	// Path is where it belongs, below the folder that is fetched into. The
	// path of an archive is the folder that its files are unpacked to.
	Path    string `json:"path"`
	Address string `json:"address"`
	SHA256  string `json:"sha256"` // of what the address gives, hexadecimal
}

// archiveEnds are the ends of an archive's address.
var archiveEnds = []string{".tar.gz", ".tgz"}

// isArchive says whether the file is an archive to unpack.
func (f File) isArchive() bool {
	u, err := url.Parse(f.Address)
	if err != nil {
		return false
	}
	for _, end := range archiveEnds {
		if strings.HasSuffix(u.Path, end) {
			return true
		}
	}
	return false
}

// Folder is where the file's content is, below the folder that is fetched into.
func (f File) Folder() string {
	if f.isArchive() {
		return f.Path
	}
	return path.Dir(f.Path)
}

// Published lists what models.json of the repository has.
func Published() ([]File, error) { return parse("models.json", published) }

// ReadList reads another list of the same form.
func ReadList(path string) ([]File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read list of models: %w", err)
	}
	return parse(path, text)
}

func parse(name string, text []byte) ([]File, error) {
	var list struct {
		Files []File `json:"files"`
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("read list of models %s: %w", name, err)
	}
	taken := map[string]bool{}
	for i, f := range list.Files {
		if err := f.validate(); err != nil {
			return nil, fmt.Errorf("read list of models %s: file %d: %w", name, i+1, err)
		}
		if taken[f.Path] {
			return nil, fmt.Errorf("read list of models %s: file %d: path %q is there twice", name, i+1, f.Path)
		}
		taken[f.Path] = true
	}
	if len(list.Files) == 0 {
		return nil, fmt.Errorf("read list of models %s: no files", name)
	}
	return list.Files, nil
}

// validate says what is wrong with an entry. One without a checksum could be
// anything, and is refused.
func (f File) validate() error {
	if !fs.ValidPath(f.Path) || f.Path == "." || strings.Contains(f.Path, `\`) {
		return fmt.Errorf("path %q: want one below the folder, such as salt2-4/salt2_template_0.dat", f.Path)
	}
	u, err := url.Parse(f.Address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("address %q of %s: want https://ADDRESS", f.Address, f.Path)
	}
	if sum, err := hex.DecodeString(f.SHA256); err != nil || len(sum) != 32 {
		return fmt.Errorf("sha256 %q of %s: want 64 hexadecimal digits", f.SHA256, f.Path)
	}
	return nil
}
