package salt2

import "nightwire.dev/shared/salt2/grid"

// At one redshift and colour the flux through a band depends on the phase
// alone, and the phase is interpolated between the model's own: so a band's
// light curve is a row of sums over wavelength, one for each of them.

// rowSum is such a sum for both components of the model, and its derivatives
// by colour and by redshift (at constant phase).
type rowSum struct{ m0, m1, c0, c1, z0, z1 float64 }

// sample is the flux of both components at one phase, with its derivatives by
// phase, colour and redshift.
type sample struct{ m0, m1, p0, p1, c0, c1, z0, z1 float64 }

// rows are the sums of one band. The first n are for cubic interpolation in
// phase; then follow the first two phases and the last two, summed for linear
// interpolation, which the first and the last cell of the model have; then, if
// the band reaches into the model's first or last cell in wavelength, n sums
// over its bins there, which are linear in phase as well.
type rows struct {
	phase *grid.Axis
	sums  []rowSum
	edge  bool // whether the last n count
}

func (r *rows) init(phase *grid.Axis) {
	r.phase, r.sums = phase, make([]rowSum, 2*phase.Len()+4)
}

// border is the index of the linear sums of the i-th cell, the first or the last.
func (r *rows) border(i int) int {
	if i == 0 {
		return r.phase.Len()
	}
	return r.phase.Len() + 2
}

// sample interpolates at a phase that the model has.
func (r *rows) sample(s *sample, phase float64) {
	i, u, inverse := r.phase.Cell(phase)
	if r.phase.Interior(i) {
		w0, w1, w2, w3 := grid.Cubic(u)
		d0, d1, d2, d3 := grid.CubicSlope(u)
		q := r.sums[i-1 : i+3 : i+3]
		a, b, c, d := &q[0], &q[1], &q[2], &q[3]
		s.m0 = w0*a.m0 + w1*b.m0 + w2*c.m0 + w3*d.m0
		s.m1 = w0*a.m1 + w1*b.m1 + w2*c.m1 + w3*d.m1
		s.p0 = (d0*a.m0 + d1*b.m0 + d2*c.m0 + d3*d.m0) * inverse
		s.p1 = (d0*a.m1 + d1*b.m1 + d2*c.m1 + d3*d.m1) * inverse
		s.c0 = w0*a.c0 + w1*b.c0 + w2*c.c0 + w3*d.c0
		s.c1 = w0*a.c1 + w1*b.c1 + w2*c.c1 + w3*d.c1
		s.z0 = w0*a.z0 + w1*b.z0 + w2*c.z0 + w3*d.z0
		s.z1 = w0*a.z1 + w1*b.z1 + w2*c.z1 + w3*d.z1
		if r.edge {
			r.line(s, r.phase.Len()+4+i, u, inverse)
		}
		return
	}
	*s = sample{}
	r.line(s, r.border(i), u, inverse)
}

// line adds the linear interpolation between two sums.
func (r *rows) line(s *sample, at int, u, inverse float64) {
	a, b := &r.sums[at], &r.sums[at+1]
	v := 1 - u
	s.m0 += v*a.m0 + u*b.m0
	s.m1 += v*a.m1 + u*b.m1
	s.p0 += (b.m0 - a.m0) * inverse
	s.p1 += (b.m1 - a.m1) * inverse
	s.c0 += v*a.c0 + u*b.c0
	s.c1 += v*a.c1 + u*b.c1
	s.z0 += v*a.z0 + u*b.z0
	s.z1 += v*a.z1 + u*b.z1
}
