package salt2

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"nightwire.dev/shared/salt2/grid"
)

const (
	fluxUnit     = 1e-12 // of the templates
	salt2Prefix  = "salt2_"
	salt3Prefix  = "salt3_"
	templateFile = "template_0.dat"
)

// Load reads the folder of a SALT2 or a SALT3 model in the layout in which
// both are published. An error names the file and, in it, the line.
func Load(folder fs.FS) (*Model, error) {
	prefix := salt2Prefix
	if _, err := fs.Stat(folder, prefix+templateFile); errors.Is(err, fs.ErrNotExist) {
		if _, err := fs.Stat(folder, salt3Prefix+templateFile); err == nil {
			prefix = salt3Prefix
		}
	}
	m := &Model{}
	v := &m.variance
	l := loader{folder: folder, prefix: prefix, sum: sha256.New()}
	m.m0 = read(&l, templateFile, grid.ReadGrid)
	m.m1 = read(&l, "template_1.dat", grid.ReadGrid)
	m.law = read(&l, "color_correction.dat", readColourLaw)
	v.colour = read(&l, "color_dispersion.dat", grid.ReadCurve)
	if prefix == salt2Prefix {
		v.scale = read(&l, "lc_dispersion_scaling.dat", grid.ReadGrid)
		v.v00 = read(&l, "lc_relative_variance_0.dat", grid.ReadGrid)
		v.v11 = read(&l, "lc_relative_variance_1.dat", grid.ReadGrid)
		v.v01 = read(&l, "lc_relative_covariance_01.dat", grid.ReadGrid)
	} else {
		v.v00 = read(&l, "lc_variance_0.dat", grid.ReadGrid)
		v.v11 = read(&l, "lc_variance_1.dat", grid.ReadGrid)
		v.v01 = read(&l, "lc_covariance_01.dat", grid.ReadGrid)
	}
	if l.err != nil {
		return nil, fmt.Errorf("load model: %w", l.err)
	}
	if !m.m0.Phase.Equal(&m.m1.Phase) || !m.m0.Wave.Equal(&m.m1.Wave) {
		return nil, fmt.Errorf("load model: %stemplate_1.dat: its phases and wavelengths are not those of %s%s",
			prefix, prefix, templateFile)
	}
	m.m0.Scale(fluxUnit)
	m.m1.Scale(fluxUnit)
	if prefix == salt3Prefix {
		for _, g := range []*grid.Grid{v.v00, v.v11, v.v01} {
			g.Scale(fluxUnit * fluxUnit)
		}
	}
	m.hash = hex.EncodeToString(l.sum.Sum(nil))
	return m, nil
}

// loader reads one file after the other and keeps the first error.
type loader struct {
	folder fs.FS
	prefix string
	sum    hash.Hash // of all names and contents
	err    error
}

func read[T any](l *loader, name string, parse func(io.Reader) (*T, error)) *T {
	if l.err != nil {
		return nil
	}
	name = l.prefix + name
	raw, err := fs.ReadFile(l.folder, name)
	if err != nil {
		l.err = err // names the file
		return nil
	}
	fmt.Fprintf(l.sum, "%s %d\n%s", name, len(raw), raw)
	parsed, err := parse(bytes.NewReader(raw))
	if err != nil {
		l.err = fmt.Errorf("%s: %w", name, err)
	}
	return parsed
}
