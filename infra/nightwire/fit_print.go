package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/salt2"
	"nightwire.dev/shared/supernova"
)

// printFit tells the fit to a person.
func printFit(w io.Writer, name string, set *models.Set, bands map[string]*salt2.Band, fit *supernova.Fit) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	fmt.Fprintf(t, "object\t%s\n", name)
	fmt.Fprintf(t, "data\t%s\n", describeCurve(fit.Curve))
	fmt.Fprintf(t, "model\t%s\n\n", set)
	printSALT(t, &fit.SALT, len(fit.Curve.Points))
	for _, band := range fit.Curve.Bands() {
		if len(bands) > 0 && bands[band] == nil {
			fmt.Fprintf(t, "left out\tthe points in %s: the model has no bandpass of that name\n", band)
		}
	}
	fmt.Fprintf(t, "\nwithout a model (Bazin)\n")
	printTransient(t, &fit.Transient)
}

func describeCurve(c lightcurve.Curve) string {
	switch len(c.Points) {
	case 0:
		return "no points"
	case 1:
		return fmt.Sprintf("1 point in %s, MJD %.2f", c.Points[0].Band, c.Points[0].MJD)
	}
	return fmt.Sprintf("%d points in %s, MJD %.2f to %.2f", len(c.Points), strings.Join(c.Bands(), ", "),
		c.Points[0].MJD, c.Points[len(c.Points)-1].MJD)
}

func printSALT(w io.Writer, s *supernova.SALT, points int) {
	if !s.OK() {
		fmt.Fprintf(w, "no fit\t%s (%d significant)\n", s.Reason, s.Significant)
		return
	}
	if s.ZFixed {
		fmt.Fprintf(w, "z\t%s\tgiven\n", strconv.FormatFloat(s.Z, 'g', -1, 64))
	} else {
		printValue(w, "z", s.Z, s.Errors.Z, "")
	}
	printValue(w, "t0", s.T0, s.Errors.T0, "MJD")
	printValue(w, "x0", s.X0, s.Errors.X0, "")
	printValue(w, "x1", s.X1, s.Errors.X1, "")
	printValue(w, "c", s.C, s.Errors.C, "")
	if m := s.PeakMag; m.Known {
		printValue(w, "peak B", m.Value.Mag, m.Value.Err, "AB mag in rest-frame Bessell B")
	}
	if m := s.PeakAbsMag; m.Known {
		printValue(w, "peak M(B)", m.Value.Mag, m.Value.Err, fmt.Sprintf("AB mag; H0 %g, Omega_m %g, no peculiar velocity", supernova.H0, supernova.OmegaM))
	}
	fmt.Fprintf(w, "chi2/ndof\t%.2f/%d\n", s.ChiSquare, s.NDOF)
	fmt.Fprintf(w, "p-value\t%.3g\n", s.PValue)
	fmt.Fprintf(w, "points\t%d of %d used, %d of these above 5 sigma\n", s.Points, points, s.Significant)
	if s.Plausible {
		fmt.Fprintf(w, "verdict\ta plausible supernova of type Ia\n")
	} else {
		fmt.Fprintf(w, "verdict\tnot a plausible type Ia: %s\n", strings.Join(s.Doubts, "; "))
	}
}

func printTransient(w io.Writer, f *supernova.Transient) {
	if f.Reason != "" {
		fmt.Fprintf(w, "no fit\t%s\n", f.Reason)
		return
	}
	printValue(w, "peak", f.Peak, f.PeakErr, "MJD")
	printValue(w, "rise", f.Rise, f.RiseErr, "days, e-folding")
	printValue(w, "fall", f.Fall, f.FallErr, "days, e-folding")
	if len(f.Bands) > 1 {
		blue, red := f.Bands[0].Name, f.Bands[1].Name
		if colour, sigma, known := f.ColourAtPeak(blue, red); known {
			printValue(w, blue+"-"+red, colour, sigma, "mag at the peak")
		}
	}
	fmt.Fprintf(w, "chi2/ndof\t%.2f/%d\n", f.ChiSquare, f.NDOF)
	if f.PValue < poorFit {
		fmt.Fprintf(w, "\tthe shape does not fit: the errors are too small\n")
	}
}

// poorFit is the p-value under which the errors of a shape mean little.
const poorFit = 0.001

// mostDecimals are those of a value; more digits are written with a power of ten.
const mostDecimals = 12

// printValue writes a value to the second digit of its error.
func printValue(w io.Writer, name string, value, sigma float64, unit string) {
	if !(sigma > 0) {
		fmt.Fprintf(w, "%s\t%s\theld\t%s\n", name, strconv.FormatFloat(value, 'g', 8, 64), unit)
		return
	}
	decimals := max(0, 1-int(math.Floor(math.Log10(sigma))))
	if decimals > mostDecimals {
		fmt.Fprintf(w, "%s\t%.12g\t+- %.2g\t%s\n", name, value, sigma, unit)
		return
	}
	fmt.Fprintf(w, "%s\t%.*f\t+- %.*f\t%s\n", name, decimals, value, decimals, sigma, unit)
}
