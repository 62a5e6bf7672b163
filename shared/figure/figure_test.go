package figure_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/figure"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "renew the golden files")

// rising is a figure with a bit of everything.
func rising() *figure.Figure {
	f := &figure.Figure{
		Title: "ZTF26aaaaaaa", Subtitle: []string{"t₀ = 61280.00 ± 0.12", "χ²/ndof = 9.8/11"}, Zero: 61280, ZeroName: "t₀",
		Limits: []figure.Limit{{MJD: 61262, Flux: 20, Band: "g"}, {MJD: 61263, Flux: 15, Band: "r"}},
	}
	for i, band := range []string{"g", "r", "i"} {
		peak := 150 + 40*float64(i)
		c := figure.Curve{Band: band}
		shape := func(day float64) float64 { return peak * math.Exp(-day*day/200) }
		for day := -18.0; day <= 30; day += 2 {
			c.MJD, c.Flux, c.Err = append(c.MJD, 61280+day), append(c.Flux, shape(day)), append(c.Err, 5+0.03*shape(day))
		}
		for j, day := range []float64{-14, -8, -3, 2, 9, 17} {
			off := []float64{-1, 0.5, 1.3, -0.2, 7, 0}[j]
			p := figure.Point{MJD: 61280 + day, Flux: shape(day) + 6*off, Err: 6, Band: band, Left: j == 5}
			f.Points = append(f.Points, p)
			if !p.Left {
				c.Residuals = append(c.Residuals, figure.Residual{MJD: p.MJD, Sigmas: off})
			}
		}
		f.Curves = append(f.Curves, c)
	}
	return f
}

func TestGolden(t *testing.T) {
	t.Parallel()
	all := rising()
	for _, band := range []string{"u", "z", "y", "x"} {
		all.Points = append(all.Points, figure.Point{MJD: 61290, Flux: 2e6, Err: 4e5, Band: band})
	}
	without := rising()
	without.Zero, without.Curves, without.Limits, without.Subtitle = 0, nil, nil, nil
	for name, f := range map[string]*figure.Figure{"fit": rising(), "bands": all, "points": without, "empty": {Title: "nothing"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden := filepath.Join("testdata", name+".svg")
			got := f.SVG()
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s differs; -update renews it (-want +got):\n%s", golden, diff)
			}
			wellFormed(t, got)
			if !bytes.Equal(got, f.SVG()) {
				t.Error("the same figure gives other bytes")
			}
		})
	}
}

// tester is what rapid's and our own tests have in common.
type tester interface {
	Helper()
	Errorf(format string, values ...any)
	Fatalf(format string, values ...any)
}

// wellFormed reads the whole picture, and sees that it holds nothing that runs.
func wellFormed(t tester, svg []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, svg)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch element.Name.Local {
		case "svg", "g", "defs", "clipPath", "rect", "path", "text", "title":
		default:
			t.Errorf("element %s", element.Name.Local)
		}
		for _, a := range element.Attr {
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
				t.Errorf("attribute %s", a.Name.Local)
			}
		}
	}
	if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
		t.Errorf("a coordinate is no number:\n%s", svg)
	}
}

// TestAnything draws figures of any numbers and texts.
func TestAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		band := rapid.SampledFrom([]string{"u", "g", "r", "i", "z", "y", "", `"><script>`})
		number := rapid.Float64Range(-1e9, 1e9)
		f := &figure.Figure{
			Title: rapid.String().Draw(t, "title"), Subtitle: rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "subtitle"),
			Zero: rapid.Float64Range(0, 1e5).Draw(t, "zero"), ZeroName: rapid.String().Draw(t, "name"),
			Points: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) figure.Point {
				return figure.Point{
					MJD: rapid.Float64Range(0, 1e5).Draw(t, "mjd"), Flux: number.Draw(t, "flux"),
					Err: rapid.Float64Range(0, 1e9).Draw(t, "err"), Band: band.Draw(t, "band"), Left: rapid.Bool().Draw(t, "left"),
				}
			}), 0, 8).Draw(t, "points"),
			Limits: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) figure.Limit {
				return figure.Limit{MJD: rapid.Float64Range(0, 1e5).Draw(t, "mjd"), Flux: number.Draw(t, "flux"), Band: band.Draw(t, "band")}
			}), 0, 4).Draw(t, "limits"),
		}
		if rapid.Bool().Draw(t, "curve") {
			f.Curves = []figure.Curve{{
				Band: "g", MJD: []float64{1, 2, 3}, Flux: []float64{number.Draw(t, "a"), number.Draw(t, "b"), number.Draw(t, "c")},
				Err: []float64{1, 2, 3}, Residuals: []figure.Residual{{MJD: 2, Sigmas: number.Draw(t, "sigmas")}},
			}}
		}
		wellFormed(t, f.SVG())
	})
}

func TestTextIsEscaped(t *testing.T) {
	t.Parallel()
	f := rising()
	f.Title = `<script>alert("&")</script>`
	f.Points[0].Band = `"/><script>`
	svg := f.SVG()
	wellFormed(t, svg)
	if bytes.Contains(svg, []byte("<script")) {
		t.Error("the title became an element")
	}
}

func BenchmarkSVG(b *testing.B) {
	f := rising()
	for b.Loop() {
		f.SVG()
	}
}
