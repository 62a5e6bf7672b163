// Package grid reads the tables of a SALT model and interpolates them.
//
// A table on phase and wavelength has three columns: rest-frame days, Angstrom
// and the value, one phase after the other. It is interpolated by cubic
// convolution (Keys 1981, with a = -1/2) over the 4 x 4 nodes around a point;
// in the cells at the border, where a neighbour is missing in either direction,
// it is interpolated linearly in both, and outside the table it is zero. The
// fitters of the SALT models have always done so, and their published
// parameters mean that interpolation. A table on wavelength alone has two
// columns and is linear between its nodes.
package grid

// Grid is a table on rest-frame phase (days) and wavelength (Angstrom).
type Grid struct {
	Phase, Wave Axis
	values      []float64 // row after row, a row being one phase
}

// Row is the i-th phase's values, one a wavelength node.
func (g *Grid) Row(i int) []float64 {
	n := g.Wave.Len()
	return g.values[i*n : (i+1)*n : (i+1)*n]
}

// Scale multiplies every value.
func (g *Grid) Scale(by float64) {
	for i := range g.values {
		g.values[i] *= by
	}
}

// At is the table's value at a phase and a wavelength, 0 outside the table.
func (g *Grid) At(phase, wave float64) float64 {
	if !g.Phase.Holds(phase) || !g.Wave.Holds(wave) {
		return 0
	}
	i, u, _ := g.Phase.Cell(phase)
	j, v, _ := g.Wave.Cell(wave)
	if !g.Phase.Interior(i) || !g.Wave.Interior(j) {
		a, b := g.Row(i)[j:j+2], g.Row(i + 1)[j:j+2]
		return (1-u)*((1-v)*a[0]+v*a[1]) + u*((1-v)*b[0]+v*b[1])
	}
	v0, v1, v2, v3 := Cubic(v)
	u0, u1, u2, u3 := Cubic(u)
	sum := 0.0
	for k, w := range [4]float64{u0, u1, u2, u3} {
		r := g.Row(i - 1 + k)[j-1 : j+3]
		sum += w * (v0*r[0] + v1*r[1] + v2*r[2] + v3*r[3])
	}
	return sum
}

// Curve is a function of wavelength (Angstrom), linear between its samples.
type Curve struct {
	Axis
	Values []float64
}

// At is the curve's value; beyond its ends the last two samples are continued.
func (c *Curve) At(x float64) float64 {
	i, u, _ := c.Cell(x)
	return (1-u)*c.Values[i] + u*c.Values[i+1]
}

// Middles calls each for the middle of every one of n equal bins of the curve,
// with its value there.
func (c *Curve) Middles(n int, each func(x, value float64)) {
	step := (c.Max() - c.Min()) / float64(n)
	i := 0
	for k := range n {
		x := c.Min() + (float64(k)+0.5)*step
		for i < len(c.nodes)-2 && c.nodes[i+1] <= x {
			i++
		}
		u := (x - c.nodes[i]) / (c.nodes[i+1] - c.nodes[i])
		each(x, (1-u)*c.Values[i]+u*c.Values[i+1])
	}
}
