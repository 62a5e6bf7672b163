package models

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"sync"

	"nightwire.dev/schemas"
)

// demonstrationName stands where another model's folder does.
const demonstrationName = "demonstration"

// Demonstration is a smooth synthetic model in the layout of SALT2, and smooth
// bandpasses of ZTF and LSST: see Notice. It is made at the first call, within
// milliseconds, and is the same for all.
func Demonstration() (*Set, error) { return demonstration() }

var demonstration = sync.OnceValues(func() (*Set, error) {
	model, err := inMemory(demonstrationFiles())
	if err != nil {
		return nil, err
	}
	throughputs, err := inMemory(demonstrationBandpasses())
	if err != nil {
		return nil, err
	}
	set, err := load(demonstrationName, model, throughputs)
	if err != nil {
		return nil, fmt.Errorf("make the demonstration model: %w", err)
	}
	set.Demonstration = true
	return set, nil
})

// The nodes of the tables: rest-frame days and Angstrom, with the step. The
// wavelengths reach from LSST's u at z = 0.25 to its y at z = 0.
var (
	phases, waves           = nodes(-20, 80, 4), nodes(2300, 11500, 50)
	coarsePhases, farWaves  = nodes(-20, 80, 10), nodes(2300, 11500, 400)
	demonstrationLaw        = []float64{-0.25, 0.03}
	demonstrationLawReaches = [2]int{3000, 9000}
)

func nodes(from, to, step float64) []float64 {
	all := make([]float64, int(math.Round((to-from)/step))+1)
	for i := range all {
		all[i] = from + step*float64(i)
	}
	return all
}

// demonstrationFiles are the files of a SALT2 model.
func demonstrationFiles() map[string][]byte {
	one := func(_, _ float64) float64 { return 1 }
	return map[string][]byte{
		"salt2_template_0.dat":                surface(phases, waves, flux),
		"salt2_template_1.dat":                surface(phases, waves, stretched),
		"salt2_color_correction.dat":          colourLaw(),
		"salt2_color_dispersion.dat":          curve(farWaves, colourScatter),
		"salt2_lc_dispersion_scaling.dat":     surface(coarsePhases, farWaves, one),
		"salt2_lc_relative_variance_0.dat":    surface(coarsePhases, farWaves, variance0),
		"salt2_lc_relative_variance_1.dat":    surface(coarsePhases, farWaves, variance1),
		"salt2_lc_relative_covariance_01.dat": surface(coarsePhases, farWaves, covariance01),
	}
}

// colourLaw is like extinction by dust: strong in the blue, flat in the red.
func colourLaw() []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, len(demonstrationLaw))
	for _, coefficient := range demonstrationLaw {
		fmt.Fprintln(&b, coefficient)
	}
	fmt.Fprintf(&b, "Salt2ExtinctionLaw.version 1\nSalt2ExtinctionLaw.min_lambda %d\nSalt2ExtinctionLaw.max_lambda %d\n",
		demonstrationLawReaches[0], demonstrationLawReaches[1])
	return b.Bytes()
}

// demonstrationBandpasses are plateaus with soft edges.
func demonstrationBandpasses() map[string][]byte {
	files := map[string][]byte{}
	for name, edges := range map[string][2]float64{
		schemas.ZTF + "g": {4100, 5500}, schemas.ZTF + "r": {5650, 7300}, schemas.ZTF + "i": {7050, 8800},
		schemas.LSST + "u": {3300, 4000}, schemas.LSST + "g": {4000, 5500}, schemas.LSST + "r": {5500, 6900},
		schemas.LSST + "i": {6900, 8200}, schemas.LSST + "z": {8200, 9300}, schemas.LSST + "y": {9300, 10700},
	} {
		const softness, margin, step = 30, 210, 10 // Angstrom
		files[name+".dat"] = curve(nodes(edges[0]-margin, edges[1]+margin, step), func(wave float64) float64 {
			return logistic((wave-edges[0])/softness) * logistic((edges[1]-wave)/softness)
		})
	}
	return files
}

// surface is a table of phase, wavelength and value.
func surface(phases, waves []float64, value func(phase, wave float64) float64) []byte {
	var table []byte
	for _, phase := range phases {
		for _, wave := range waves {
			table = row(table, phase, wave, value(phase, wave))
		}
	}
	return table
}

// curve is a table of wavelength and value.
func curve(waves []float64, value func(wave float64) float64) []byte {
	var table []byte
	for _, wave := range waves {
		table = row(table, wave, value(wave))
	}
	return table
}

// row has few digits, which hide the last bits in which processors differ.
func row(table []byte, numbers ...float64) []byte {
	for i, x := range numbers {
		if i > 0 {
			table = append(table, ' ')
		}
		table = strconv.AppendFloat(table, x, 'g', 7, 64)
	}
	return append(table, '\n')
}
