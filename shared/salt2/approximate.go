package salt2

import "math"

// approximate makes a band's rows from slices, for the search.
type approximate struct {
	rows
	tablet *tablet
	loom   *loom
	band   int            // its place in the table
	dim    [nodes]float64 // what the dust lets through at the nodes
	own    slice          // scratch for a redshift between the table's
	from   slice          // the slice of the redshift that is settled on
}

func newApproximate(t *tablet, band int) *approximate {
	a := &approximate{tablet: t, loom: newLoom(t.model), band: band, own: t.model.newSlice()}
	a.init(&t.model.m0.Phase)
	return a
}

// veil puts dust in front of the band, and its bins behind it into dimmed.
func (a *approximate) veil(ebv float64, dimmed []bin) {
	for k, m := range a.tablet.dustNodes {
		a.dim[k] = math.Exp(-magnitude * ebv * m)
	}
	for i, b := range a.tablet.band.bins {
		b.weight *= math.Exp(-magnitude * ebv * a.tablet.dustBins[i])
		dimmed[i] = b
	}
}

// settle fixes the redshift for the calls of aim that follow.
func (a *approximate) settle(t *table, z float64) {
	if !t.holds(z) {
		a.tablet.fill(a.own, a.loom, z)
		a.from = a.own
		return
	}
	s := t.stencil(z)
	q0, q1, q2, q3 := t.slices[s.at][a.band], t.slices[s.at+1][a.band], t.slices[s.at+2][a.band], t.slices[s.at+3][a.band]
	for i := range a.own {
		p := &a.own[i]
		p.m0.mix(&s.w, &q0[i].m0, &q1[i].m0, &q2[i].m0, &q3[i].m0)
		p.m1.mix(&s.w, &q0[i].m1, &q1[i].m1, &q2[i].m1, &q3[i].m1)
	}
	a.from = a.own
}

func (s *split) mix(w *[4]float64, a, b, c, d *split) {
	for k := range s {
		s[k] = w[0]*a[k] + w[1]*b[k] + w[2]*c[k] + w[3]*d[k]
	}
}

func (s *split) dot(t *split) float64 {
	return s[0]*t[0] + s[1]*t[1] + s[2]*t[2] + (s[3]*t[3] + s[4]*t[4] + s[5]*t[5])
}

// weigh is how much of the light at each node arrives, and its derivatives by
// colour and redshift.
func (a *approximate) weigh(z, c float64) (value, byC, byZ split) {
	x := 1 / (1 + z)
	for k, w := range a.tablet.nodes {
		law := a.tablet.model.law.at(w * x)
		v := x * a.dim[k] * math.Exp(-magnitude*c*law)
		value[k] = v
		byC[k] = -magnitude * law * v
		byZ[k] = v * x * (magnitude*c*w*x*a.tablet.model.law.slopeAt(w*x) - 1)
	}
	return value, byC, byZ
}

// aim makes the sums [low, high) and the linear ones at the settled redshift.
func (a *approximate) aim(z, c float64, low, high int) {
	value, byC, _ := a.weigh(z, c)
	n := a.phase.Len()
	for _, part := range [2][2]int{{low, high}, {n, n + 4}} {
		for i := part[0]; i < part[1]; i++ {
			p, s := &a.from[i], &a.sums[i]
			s.m0, s.c0 = value.dot(&p.m0), byC.dot(&p.m0)
			s.m1, s.c1 = value.dot(&p.m1), byC.dot(&p.m1)
			s.z0, s.z1 = 0, 0
		}
	}
}

// aimFree makes the same at any redshift of the table, with the derivative.
func (a *approximate) aimFree(t *table, z, c float64, low, high int) {
	value, byC, byZ := a.weigh(z, c)
	s := t.stencil(z)
	q0, q1, q2, q3 := t.slices[s.at][a.band], t.slices[s.at+1][a.band], t.slices[s.at+2][a.band], t.slices[s.at+3][a.band]
	n := a.phase.Len()
	for _, part := range [2][2]int{{low, high}, {n, n + 4}} {
		for i := part[0]; i < part[1]; i++ {
			r := &a.sums[i]
			var mixed, sloped split
			mixed.mix(&s.w, &q0[i].m0, &q1[i].m0, &q2[i].m0, &q3[i].m0)
			sloped.mix(&s.dw, &q0[i].m0, &q1[i].m0, &q2[i].m0, &q3[i].m0)
			r.m0, r.c0, r.z0 = value.dot(&mixed), byC.dot(&mixed), byZ.dot(&mixed)+value.dot(&sloped)
			mixed.mix(&s.w, &q0[i].m1, &q1[i].m1, &q2[i].m1, &q3[i].m1)
			sloped.mix(&s.dw, &q0[i].m1, &q1[i].m1, &q2[i].m1, &q3[i].m1)
			r.m1, r.c1, r.z1 = value.dot(&mixed), byC.dot(&mixed), byZ.dot(&mixed)+value.dot(&sloped)
		}
	}
}
