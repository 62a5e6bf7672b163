package salt2

import (
	"math"

	"nightwire.dev/shared/salt2/grid"
)

// exact makes a band's rows from the band's bins and the model's tables, with
// nothing left out. The bins' weights are first gathered on the model's own
// wavelengths, once; a row is then one product with the table's row, made when
// it is asked for.
type exact struct {
	rows
	model  *Model
	known  []bool   // which sums are made
	cubic  gathered // for the inner cells in phase and wavelength
	border gathered // the bins in the first and last cell in wavelength
	linear gathered // all bins, for the first and last cell in phase

	shares []share
	byZ    bool
	plain  bool // without colour and derivatives
	ended  bool // linear is gathered
}

// gathered are the weights that the bins give to the model's wavelengths, and
// the weights' derivatives; outside [low, high) they are 0.
type gathered struct {
	value, c, z []float64
	low, high   int
}

func newExact(m *Model) *exact {
	e := &exact{model: m, known: make([]bool, 2*m.m0.Phase.Len()+4)}
	e.init(&m.m0.Phase)
	n := m.m0.Wave.Len()
	for _, g := range []*gathered{&e.cubic, &e.border, &e.linear} {
		g.value, g.c, g.z = make([]float64, n), make([]float64, n), make([]float64, n)
	}
	return e
}

// aim gathers the bins at a redshift and a colour. The derivative by redshift
// is made if wanted.
func (e *exact) aim(bins []bin, z, c float64, byZ bool) {
	clear(e.known)
	e.byZ, e.ended = byZ, false
	e.place(bins, 1/(1+z), c)
	wave := &e.model.m0.Wave
	first, last := e.shares[0].cell, e.shares[len(e.shares)-1].cell
	e.edge = !wave.Interior(first) || !wave.Interior(last)
	e.reset(&e.cubic)
	if e.edge {
		e.reset(&e.border)
	}
	for i := range e.shares {
		s := &e.shares[i]
		switch {
		case e.edge && !wave.Interior(s.cell):
			e.border.addLine(s)
		case byZ:
			e.cubic.addSloped(s)
		default:
			e.cubic.add(s)
		}
	}
}

// share is what one bin gives: where it lies on the model's wavelengths, its
// weight behind colour and dust, and the derivatives of weight and place.
type share struct {
	cell        int
	at, inverse float64 // in the cell; and one over the cell's width
	law         float64 // the colour law
	value, c, z float64
	shift       float64 // of the place by redshift, times the value
}

// place makes the shares. Each of the loops is one short chain of operations,
// of which the processor has several under way at a time.
func (e *exact) place(bins []bin, shrink, c float64) {
	if cap(e.shares) < len(bins) {
		e.shares = make([]share, len(bins))
	}
	e.shares = e.shares[:len(bins)]
	model := e.model
	for i := range e.shares {
		s, w := &e.shares[i], bins[i].wave*shrink
		s.cell, s.at, s.inverse = model.m0.Wave.Cell(w)
		s.value = bins[i].weight * shrink
		if !e.plain {
			s.law = model.law.at(w)
		}
	}
	if e.plain {
		return
	}
	for i := range e.shares {
		s := &e.shares[i]
		s.value *= math.Exp(-magnitude * c * s.law)
		s.c = -magnitude * s.law * s.value
	}
	if !e.byZ {
		return
	}
	for i := range e.shares {
		s, w := &e.shares[i], bins[i].wave*shrink
		s.z = s.value * shrink * (magnitude*c*w*model.law.slopeAt(w) - 1)
		s.shift = -s.value * s.inverse * w * shrink
	}
}

// end gathers all bins for linear interpolation.
func (e *exact) end() {
	e.ended = true
	e.reset(&e.linear)
	for i := range e.shares {
		e.linear.addLine(&e.shares[i])
	}
}

// reset clears the weights that the bins can reach.
func (e *exact) reset(g *gathered) {
	first, last := e.shares[0].cell, e.shares[len(e.shares)-1].cell
	g.low, g.high = max(first-1, 0), min(last+3, len(g.value))
	clear(g.value[g.low:g.high])
	clear(g.c[g.low:g.high])
	clear(g.z[g.low:g.high])
}

func (g *gathered) add(s *share) (w0, w1, w2, w3 float64) {
	w0, w1, w2, w3 = grid.Cubic(s.at)
	v := g.value[s.cell-1 : s.cell+3 : s.cell+3]
	v[0] += w0 * s.value
	v[1] += w1 * s.value
	v[2] += w2 * s.value
	v[3] += w3 * s.value
	v = g.c[s.cell-1 : s.cell+3 : s.cell+3]
	v[0] += w0 * s.c
	v[1] += w1 * s.c
	v[2] += w2 * s.c
	v[3] += w3 * s.c
	return w0, w1, w2, w3
}

func (g *gathered) addSloped(s *share) {
	w0, w1, w2, w3 := g.add(s)
	d0, d1, d2, d3 := grid.CubicSlope(s.at)
	v := g.z[s.cell-1 : s.cell+3 : s.cell+3]
	v[0] += w0*s.z + d0*s.shift
	v[1] += w1*s.z + d1*s.shift
	v[2] += w2*s.z + d2*s.shift
	v[3] += w3*s.z + d3*s.shift
}

func (g *gathered) addLine(s *share) {
	i, j, u, v := s.cell, s.cell+1, s.at, 1-s.at
	g.value[i] += v * s.value
	g.value[j] += u * s.value
	g.c[i] += v * s.c
	g.c[j] += u * s.c
	g.z[i] += v*s.z - s.shift
	g.z[j] += u*s.z + s.shift
}

// need makes the sums that a phase needs, which the model must have.
func (e *exact) need(phase float64) {
	n := e.phase.Len()
	i, _, _ := e.phase.Cell(phase)
	if !e.phase.Interior(i) {
		if !e.ended {
			e.end()
		}
		at := e.rows.border(i)
		e.make(at, i, &e.linear)
		e.make(at+1, i+1, &e.linear)
		return
	}
	for k := i - 1; k < i+3; k++ {
		e.make(k, k, &e.cubic)
	}
	if e.edge {
		e.make(n+4+i, i, &e.border)
		e.make(n+5+i, i+1, &e.border)
	}
}

// make makes one sum, of the model's row i, unless it is made.
func (e *exact) make(at, i int, g *gathered) {
	if e.known[at] {
		return
	}
	e.known[at] = true
	v := g.value[g.low:g.high]
	r0, r1 := e.model.m0.Row(i)[g.low:g.high], e.model.m1.Row(i)[g.low:g.high]
	s := &e.sums[at]
	if e.plain {
		s.m0, s.m1 = products(v, r0, r1)
		return
	}
	s.m0, s.m1, s.c0, s.c1 = products2(v, g.c[g.low:g.high], r0, r1)
	if e.byZ {
		s.z0, s.z1 = products(g.z[g.low:g.high], r0, r1)
	}
}

// products are the sums of v r0 and v r1. Two sums of each, side by side, keep
// the processor from waiting for one addition before the next.
func products(v, r0, r1 []float64) (s0, s1 float64) {
	r0, r1 = r0[:len(v)], r1[:len(v)]
	var t0, t1 float64
	i := 0
	for ; i+1 < len(v); i += 2 {
		s0 += v[i] * r0[i]
		s1 += v[i] * r1[i]
		t0 += v[i+1] * r0[i+1]
		t1 += v[i+1] * r1[i+1]
	}
	if i < len(v) {
		s0 += v[i] * r0[i]
		s1 += v[i] * r1[i]
	}
	return s0 + t0, s1 + t1
}

// products2 are the sums of v r0, v r1, c r0 and c r1.
func products2(v, c, r0, r1 []float64) (v0, v1, c0, c1 float64) {
	c, r0, r1 = c[:len(v)], r0[:len(v)], r1[:len(v)]
	var v2, v3, c2, c3 float64
	i := 0
	for ; i+1 < len(v); i += 2 {
		a, b, x, y := v[i], c[i], r0[i], r1[i]
		v0 += a * x
		v1 += a * y
		c0 += b * x
		c1 += b * y
		a, b, x, y = v[i+1], c[i+1], r0[i+1], r1[i+1]
		v2 += a * x
		v3 += a * y
		c2 += b * x
		c3 += b * y
	}
	if i < len(v) {
		v0 += v[i] * r0[i]
		v1 += v[i] * r1[i]
		c0 += c[i] * r0[i]
		c1 += c[i] * r1[i]
	}
	return v0 + v2, v1 + v3, c0 + c2, c1 + c3
}

// at is the flux at a phase that the model has.
func (e *exact) at(phase float64) (s sample) {
	e.need(phase)
	e.sample(&s, phase)
	return s
}
