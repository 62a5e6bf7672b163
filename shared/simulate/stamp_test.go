package simulate_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"nightwire.dev/shared/simulate"
)

const side = 63

// pixels reads a stamp with the standard library and checks it as FITS.
func pixels(tb testing.TB, data []byte) [side * side]float64 {
	tb.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		tb.Fatal(err)
	}
	if !r.ModTime.IsZero() || r.Name != "" {
		tb.Errorf("gzip header has time %v and name %q", r.ModTime, r.Name)
	}
	fits, err := io.ReadAll(r)
	if err != nil {
		tb.Fatal(err)
	}
	if len(fits) != 20160 {
		tb.Fatalf("%d bytes of FITS, want 7 blocks of 2880", len(fits))
	}
	header, body := fits[:2880], fits[2880:]
	want := []string{
		"SIMPLE  =                    T", "BITPIX  =                  -32", "NAXIS   =                    2",
		"NAXIS1  =                   63", "NAXIS2  =                   63", "BUNIT   = 'DN      '", "END",
	}
	for i, card := range want {
		if got := strings.TrimRight(string(header[80*i:80*i+80]), " "); got != card {
			tb.Errorf("card %d is %q, want %q", i, got, card)
		}
	}
	if rest := bytes.TrimRight(header[80*len(want):], " "); len(rest) > 0 {
		tb.Errorf("header goes on with %q after END", rest)
	}
	var p [side * side]float64
	for i := range p {
		p[i] = float64(math.Float32frombits(binary.BigEndian.Uint32(body[4*i:])))
	}
	if padding := body[4*side*side:]; len(bytes.Trim(padding, "\x00")) > 0 {
		tb.Error("the last block is not padded with zeros")
	}
	return p
}

// The difference is linear in the other two stamps, so it can be got back.
func TestDifferenceIsScienceMinusTemplate(t *testing.T) {
	t.Parallel()
	n, alerts := sample(t)
	for i, a := range alerts {
		science := pixels(t, stamp(t, a, "cutoutScience"))
		template := pixels(t, stamp(t, a, "cutoutTemplate"))
		difference := pixels(t, stamp(t, a, "cutoutDifference"))
		zeroPoint := math.Round(1e4*number(t, candidate(t, a), "magzpsci")) / 1e4 // rid of its float32 digits
		scale := math.Pow(10, 0.4*(zeroPoint-26.3))
		sign := 1.0
		if !n.Truth(i).Positive {
			sign = -1
		}
		constant := math.NaN()
		for k := range science {
			rest := sign*difference[k] - science[k] + scale*template[k]
			if math.IsNaN(rest) {
				continue
			}
			if math.IsNaN(constant) {
				constant = rest
			}
			if tolerance := 1e-3 + 1e-6*math.Abs(science[k]); math.Abs(rest-constant) > tolerance {
				t.Fatalf("alert %d, pixel %d: %g is left over, elsewhere %g", i, k, rest, constant)
			}
		}
	}
}

// Photometry of the difference stamp with a Gaussian profile gives magpsf.
func TestDifferenceHoldsTheFlux(t *testing.T) {
	t.Parallel()
	n, alerts := sample(t)
	for i, a := range alerts[:200] {
		c := candidate(t, a)
		if n.Truth(i).Class == simulate.Artefact || number(t, c, "mindtoedge") < 33 {
			continue
		}
		difference := pixels(t, stamp(t, a, "cutoutDifference"))
		width := number(t, c, "fwhm") / number(t, c, "seeratio") / 2.3548
		got := fitFlux(difference, number(t, c, "xpos"), number(t, c, "ypos"), width)
		want := math.Pow(10, 0.4*(number(t, c, "magzpsci")-number(t, c, "magpsf")))
		// The pixels have noise of their own, besides the noise in magpsf.
		if sigma := want / number(t, c, "scorr"); math.Abs(got-want) > 4.5*sigma+0.005*want {
			t.Errorf("alert %d: flux of the stamp %g, of magpsf %g, with an error of %g", i, got, want, sigma)
		}
	}
}

// fitFlux is the least-squares amplitude of a Gaussian at a place.
func fitFlux(p [side * side]float64, x, y, width float64) float64 {
	dx, dy := x-math.Round(x), y-math.Round(y)
	var top, bottom float64
	for k := range p {
		u, v := (float64(k%side-side/2)-dx)/width, (float64(k/side-side/2)-dy)/width
		profile := math.Exp(-(u*u+v*v)/2) / (2 * math.Pi * width * width)
		top += p[k] * profile
		bottom += profile * profile
	}
	return top / bottom
}

func TestStampsAtTheEdge(t *testing.T) {
	t.Parallel()
	_, alerts := sample(t)
	cut := 0
	for i, a := range alerts {
		blank := 0
		for _, v := range pixels(t, stamp(t, a, "cutoutScience")) {
			if math.IsNaN(v) {
				blank++
			}
		}
		edge := number(t, candidate(t, a), "mindtoedge")
		if edge < 30 && blank == 0 || edge > 33 && blank > 0 {
			t.Errorf("alert %d: %d pixels without data, %g pixels from the edge", i, blank, edge)
		}
		if blank > 0 {
			cut++
		}
	}
	if cut < 4 || cut > 60 {
		t.Errorf("%d of 400 stamps are cut by an edge", cut)
	}
}

func TestStampNamesAndSizes(t *testing.T) {
	t.Parallel()
	n, alerts := sample(t)
	for i, a := range alerts {
		truth, pid := n.Truth(i), get[int64](t, candidate(t, a), "pid")
		product := "scimref"
		if !truth.Positive {
			product = "refmsci"
		}
		for cutout, want := range map[string]string{
			"cutoutScience":    fmt.Sprintf("candid%d_pid%d_targ_sci.fits.gz", truth.Candid, pid),
			"cutoutTemplate":   fmt.Sprintf("candid%d_ref.fits.gz", truth.Candid),
			"cutoutDifference": fmt.Sprintf("candid%d_pid%d_targ_%s.fits.gz", truth.Candid, pid, product),
		} {
			if got := get[map[string]any](t, a, cutout)["fileName"]; got != want {
				t.Errorf("alert %d: %s is named %v, want %s", i, cutout, got, want)
			}
			if size := len(stamp(t, a, cutout)); size < 7_000 || size > 17_000 {
				t.Errorf("alert %d: %s has %d bytes", i, cutout, size)
			}
		}
	}
}
