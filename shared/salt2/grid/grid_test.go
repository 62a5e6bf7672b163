package grid

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// tabulate makes a grid of a function on given nodes.
func tabulate(t testing.TB, phases, waves []float64, f func(p, w float64) float64) *Grid {
	t.Helper()
	var b strings.Builder
	for _, p := range phases {
		for _, w := range waves {
			fmt.Fprintf(&b, "%v %v %v\n", p, w, f(p, w))
		}
	}
	g, err := ReadGrid(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var (
	even   = []float64{0, 1, 2, 3, 4, 5, 6, 7}
	uneven = []float64{0, 1, 1.5, 3, 4, 5.5, 6, 7}
)

func TestCellHoldsItsPoint(t *testing.T) {
	t.Parallel()
	for name, nodes := range map[string][]float64{"even": even, "uneven": uneven} {
		a := newAxis(nodes)
		rapid.Check(t, func(t *rapid.T) {
			x := rapid.OneOf(rapid.Float64Range(0, 7), rapid.SampledFrom(nodes)).Draw(t, name)
			i, u, inverse := a.Cell(x)
			if got := a.Node(i) + u/inverse; math.Abs(got-x) > 1e-12 || u < 0 || u > 1 {
				t.Fatalf("cell %d at %g of width %g is %g, want %g", i, u, 1/inverse, got, x)
			}
			if x < a.Max() && u == 1 {
				t.Fatalf("%g is at the end of cell %d, want the start of the next", x, i)
			}
		})
	}
}

func TestGridKeepsWhatItsInterpolationCan(t *testing.T) {
	t.Parallel()
	// Cubic convolution is exact for parabolas on even nodes, and bilinear
	// interpolation for a plane.
	parabola := tabulate(t, even, even, func(p, w float64) float64 { return (p - 3) * (p - 3) * (2 + w*w) })
	plane := tabulate(t, uneven, uneven, func(p, w float64) float64 { return 1 + 2*p + 3*w })
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(0, 7).Draw(t, "phase")
		w := rapid.Float64Range(0, 7).Draw(t, "wave")
		if 1 <= p && p < 6 && 1 <= w && w < 6 {
			if got, want := parabola.At(p, w), (p-3)*(p-3)*(2+w*w); math.Abs(got-want) > 1e-10 {
				t.Fatalf("parabola at %g %g: %g, want %g", p, w, got, want)
			}
		}
		if p < 1 || p >= 6 || w < 1 || w >= 6 {
			if got, want := plane.At(p, w), 1+2*p+3*w; math.Abs(got-want) > 1e-10 {
				t.Fatalf("plane at %g %g: %g, want %g", p, w, got, want)
			}
		}
	})
	for _, x := range [][2]float64{{-0.1, 3}, {7.1, 3}, {3, -0.1}, {3, 7.1}} {
		if got := plane.At(x[0], x[1]); got != 0 {
			t.Errorf("outside the grid at %v: %g, want 0", x, got)
		}
	}
}

func TestColumnIsTheGrid(t *testing.T) {
	t.Parallel()
	g := tabulate(t, uneven, even, func(p, w float64) float64 { return math.Sin(p) * math.Cos(w) })
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.Float64Range(-1, 8).Draw(t, "wave")
		p := rapid.Float64Range(-1, 8).Draw(t, "phase")
		c := NewColumn(g)
		c.Move(w)
		if got, want := c.At(p), g.At(p, w); math.Abs(got-want) > 1e-14 {
			t.Fatalf("%g, want %g", got, want)
		}
	})
}

func TestSlopesAreDerivatives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const h = 1e-6
		u := rapid.Float64Range(h, 1-h).Draw(t, "u")
		a0, a1, a2, a3 := Cubic(u - h)
		b0, b1, b2, b3 := Cubic(u + h)
		d0, d1, d2, d3 := CubicSlope(u)
		for i, e := range [4]float64{(b0-a0)/(2*h) - d0, (b1-a1)/(2*h) - d1, (b2-a2)/(2*h) - d2, (b3-a3)/(2*h) - d3} {
			if math.Abs(e) > 1e-8 {
				t.Fatalf("weight %d at %g: the slope is off by %g", i, u, e)
			}
		}
		w0, w1, w2, w3 := Cubic(u)
		if sum := w0 + w1 + w2 + w3; math.Abs(sum-1) > 1e-14 {
			t.Fatalf("the weights' sum is %g", sum)
		}
	})
}

func TestCurve(t *testing.T) {
	t.Parallel()
	c, err := ReadCurve(strings.NewReader("1 10 # start\n\n2 20\n4 0\n"))
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range map[float64]float64{0: 0, 1: 10, 1.5: 15, 2: 20, 3: 10, 4: 0, 5: -10} {
		if got := c.At(x); math.Abs(got-want) > 1e-12 {
			t.Errorf("at %g: %g, want %g", x, got, want)
		}
	}
	c.Middles(60, func(x, value float64) {
		if want := c.At(x); math.Abs(value-want) > 1e-12 {
			t.Errorf("middle %g: %g, want %g", x, value, want)
		}
	})
}

func FuzzReadGrid(f *testing.F) {
	f.Add("0 1 2\n0 2 3\n1 1 4\n1 2 5\n")
	f.Add("# only a comment")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ReadGrid(strings.NewReader(text))
		if err != nil {
			return
		}
		if g.Phase.Len()*g.Wave.Len() != len(g.values) {
			t.Fatalf("%d phases and %d wavelengths have %d values", g.Phase.Len(), g.Wave.Len(), len(g.values))
		}
	})
}
