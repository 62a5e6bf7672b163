package grid

// Column is a grid at one wavelength, for many phases.
type Column struct {
	grid     *Grid
	cubic    []float64 // at each phase, interpolated in wavelength
	linear   []float64
	inside   bool // the grid holds the wavelength
	bilinear bool // in a cell at the border
}

// NewColumn makes a column of a grid, not yet at a wavelength.
func NewColumn(g *Grid) *Column {
	n := g.Phase.Len()
	return &Column{grid: g, cubic: make([]float64, n), linear: make([]float64, n)}
}

// Move puts the column at a wavelength.
func (c *Column) Move(wave float64) {
	if c.inside = c.grid.Wave.Holds(wave); !c.inside {
		return
	}
	j, v, _ := c.grid.Wave.Cell(wave)
	c.bilinear = !c.grid.Wave.Interior(j)
	v0, v1, v2, v3 := Cubic(v)
	for i := range c.linear {
		row := c.grid.Row(i)
		c.linear[i] = (1-v)*row[j] + v*row[j+1]
		if !c.bilinear {
			c.cubic[i] = v0*row[j-1] + v1*row[j] + v2*row[j+1] + v3*row[j+2]
		}
	}
}

// At is the grid's value at a phase, 0 outside the grid.
func (c *Column) At(phase float64) float64 {
	if !c.inside || !c.grid.Phase.Holds(phase) {
		return 0
	}
	i, u, _ := c.grid.Phase.Cell(phase)
	if c.bilinear || !c.grid.Phase.Interior(i) {
		return (1-u)*c.linear[i] + u*c.linear[i+1]
	}
	u0, u1, u2, u3 := Cubic(u)
	q := c.cubic[i-1 : i+3 : i+3]
	return u0*q[0] + u1*q[1] + u2*q[2] + u3*q[3]
}
