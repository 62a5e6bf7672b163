// Package models is where SALT models and bandpasses come from: a folder, the
// products bucket of a stream, or this code, which makes a demonstration model
// for those who have no other.
//
// Files in the published layout enter (shared/salt2 reads them); a Set leaves,
// all that a fit needs beside a light curve. The function supernova reads the
// bucket's once an instance, the command line a folder's; the local stack puts
// a folder into the bucket, and the simulator draws its supernovae from the
// demonstration model.
//
// A folder holds a model's files, and the bandpasses in its subfolder
// bandpasses; a bandpass is a table of wavelength (Angstrom) and transmission,
// in a file that is named after the survey and the band, such as ztfg.dat or
// lsst_g.dat.
package models

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/salt2"
)

// Set is a model and the bandpasses through which it is seen. It does not
// change and may be used by many goroutines.
type Set struct {
	Name          string                            // of the model's folder
	Demonstration bool                              // made by Demonstration: not for science
	Model         *salt2.Model                      //
	Bands         map[string]map[string]*salt2.Band // by survey, as in the package schemas, and band
	Hash          string                            // SHA-256 over the model's files and the bandpasses, hexadecimal
}

// Notice is what everybody must be told who sees a fit with the demonstration
// model.
const Notice = "demonstration model, not for science"

// Sees says whether there are bandpasses of a survey. Without them none of its
// light curves can be fitted with the model.
func (s *Set) Sees(survey string) bool { return len(s.Bands[survey]) > 0 }

// String names the model for people.
func (s *Set) String() string {
	if s.Demonstration {
		return Notice
	}
	return fmt.Sprintf("%s, hash %.12s", s.Name, s.Hash)
}

// bandpassFolder holds the bandpasses, in a model's folder or beside models.
const bandpassFolder = "bandpasses"

// bandpasses are the bands that are known, and the names that a file may have.
var bandpasses = []struct {
	survey, band string
	files        []string
}{
	{schemas.ZTF, "g", []string{"ztfg.dat", "P48_g.dat"}},
	{schemas.ZTF, "r", []string{"ztfr.dat", "P48_R.dat"}},
	{schemas.ZTF, "i", []string{"ztfi.dat", "P48_I.dat"}},
	{schemas.LSST, "u", []string{"lsst_u.dat", "lsstu.dat"}},
	{schemas.LSST, "g", []string{"lsst_g.dat", "lsstg.dat"}},
	{schemas.LSST, "r", []string{"lsst_r.dat", "lsstr.dat"}},
	{schemas.LSST, "i", []string{"lsst_i.dat", "lssti.dat"}},
	{schemas.LSST, "z", []string{"lsst_z.dat", "lsstz.dat"}},
	{schemas.LSST, "y", []string{"lsst_y.dat", "lssty.dat"}},
}

// isBandpass says whether a file has a name of a bandpass.
func isBandpass(name string) bool {
	for _, b := range bandpasses {
		if slices.Contains(b.files, name) {
			return true
		}
	}
	return false
}

// Open reads the model in a folder. Its bandpasses are in the subfolder
// bandpasses or, if that has none, in the folder bandpasses beside the models'
// common one (../../bandpasses). A survey without bandpasses is absent from
// the set.
func Open(folder string) (*Set, error) {
	name, throughputs, err := locate(folder)
	if err != nil {
		return nil, err
	}
	set, err := load(name, os.DirFS(folder), os.DirFS(throughputs))
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", folder, err)
	}
	return set, nil
}

// locate is the name of a folder's model, and where its bandpasses are.
func locate(folder string) (name, throughputs string, err error) {
	path, err := filepath.Abs(folder)
	if err != nil {
		return "", "", fmt.Errorf("open model %s: %w", folder, err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", "", fmt.Errorf("open model: %w", err)
	}
	if len(entries) == 0 {
		return "", "", fmt.Errorf("open model %s: the folder is empty", folder)
	}
	own, common := filepath.Join(path, bandpassFolder), filepath.Join(path, "..", "..", bandpassFolder)
	for _, throughputs := range []string{own, common} {
		entries, err := os.ReadDir(throughputs)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", "", fmt.Errorf("open model %s: %w", folder, err)
		}
		if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return isBandpass(e.Name()) }) {
			return filepath.Base(path), throughputs, nil
		}
	}
	return "", "", fmt.Errorf("open model %s: no bandpasses in %s nor in %s: want files such as ztfg.dat or lsst_g.dat",
		folder, own, common)
}

// load reads a model and the bandpasses that are there.
func load(name string, model, throughputs fs.FS) (*Set, error) {
	m, err := salt2.Load(model)
	if err != nil {
		return nil, err
	}
	set := &Set{Name: name, Model: m, Bands: map[string]map[string]*salt2.Band{}}
	sum := sha256.New()
	fmt.Fprintf(sum, "model %s\n", m.Hash())
	for _, b := range bandpasses {
		raw, err := readFirst(throughputs, b.files)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("load bandpass: %w", err)
		}
		band, err := salt2.ReadBand(b.survey+b.band, bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(sum, "%s%s %d\n%s", b.survey, b.band, len(raw), raw)
		if set.Bands[b.survey] == nil {
			set.Bands[b.survey] = map[string]*salt2.Band{}
		}
		set.Bands[b.survey][b.band] = band
	}
	set.Hash = hex.EncodeToString(sum.Sum(nil))
	return set, nil
}

// readFirst reads the first of the files that is there.
func readFirst(folder fs.FS, names []string) (raw []byte, err error) {
	for _, name := range names {
		if raw, err = fs.ReadFile(folder, name); !errors.Is(err, fs.ErrNotExist) {
			return raw, err
		}
	}
	return nil, err
}
