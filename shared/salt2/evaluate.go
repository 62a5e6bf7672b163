package salt2

import "math"

// trial is one point of the search: a redshift, a time and a colour, the
// amplitudes that suit them best, and chi2 with its normal equations there.
type trial struct {
	Params
	chi2     float64
	hessian  matrix // J^T C^-1 J
	gradient vector // J^T C^-1 r
}

// evaluate computes a trial from the rows that the bands were aimed to. J has
// all five columns, whether or not the fit is free in them.
func (w *work) evaluate(z, t0, c float64, byZ bool) trial {
	t := trial{Params: Params{Z: z, T0: t0, C: c}}
	var sums amplitudes
	a := 1 / (1 + z)
	for b := range w.spans {
		rows, s := w.rows[b], w.spans[b]
		var shared0, shared1, sharedFlux float64 // products with the common part
		tilt := 1.0
		for i := s.from; i < s.to; i++ {
			p := &w.points[i]
			if !p.kept {
				continue
			}
			phase := (p.mjd - t0) * a
			if rows.phase.Holds(phase) {
				rows.sample(&p.sample, phase)
			} else {
				p.sample = sample{}
			}
			m0, m1 := p.weight*p.m0, p.weight*p.m1
			sums.a00 += m0 * p.m0
			sums.a01 += m0 * p.m1
			sums.a11 += m1 * p.m1
			sums.b0 += m0 * p.flux
			sums.b1 += m1 * p.flux
			sums.rr += p.weight * p.flux * p.flux
			if p.common != 0 {
				tilt += p.weight * p.common * p.common
				shared0 += m0 * p.common
				shared1 += m1 * p.common
				sharedFlux += p.weight * p.flux * p.common
			}
		}
		if tilt != 1 {
			sums.a00 -= shared0 * shared0 / tilt
			sums.a01 -= shared0 * shared1 / tilt
			sums.a11 -= shared1 * shared1 / tilt
			sums.b0 -= shared0 * sharedFlux / tilt
			sums.b1 -= shared1 * sharedFlux / tilt
			sums.rr -= sharedFlux * sharedFlux / tilt
		}
	}
	t.X0, t.X1 = sums.best(w.options.X0, w.options.X1)
	w.normal(&t, byZ)
	return t
}

// normal makes chi2 and the normal equations of a trial from the samples of
// its evaluation. The covariance of a band is a diagonal and one dyad, whose
// inverse is Sherman and Morrison's.
func (w *work) normal(t *trial, byZ bool) {
	a := 1 / (1 + t.Z)
	x0, x1 := t.X0, t.X1
	t.chi2, t.hessian, t.gradient = 0, matrix{}, vector{}
	h, g := &t.hessian, &t.gradient
	for b := range w.spans {
		var shared vector
		residual, tilt := 0.0, 1.0
		for i := w.spans[b].from; i < w.spans[b].to; i++ {
			p := &w.points[i]
			if !p.kept {
				continue
			}
			phase := (p.mjd - t.T0) * a
			byPhase := x0 * (p.p0 + x1*p.p1)
			j := &p.slope
			j[IndexT0] = -a * byPhase
			j[IndexX0] = p.m0 + x1*p.m1
			j[IndexX1] = x0 * p.m1
			j[IndexC] = x0 * (p.c0 + x1*p.c1)
			p.model = x0 * j[IndexX0]
			r := p.flux - p.model
			v := p.weight
			t.chi2 += v * r * r
			vt, v0, v1, vc := v*j[IndexT0], v*j[IndexX0], v*j[IndexX1], v*j[IndexC]
			h[1][1] += vt * j[1]
			h[2][1] += v0 * j[1]
			h[2][2] += v0 * j[2]
			h[3][1] += v1 * j[1]
			h[3][2] += v1 * j[2]
			h[3][3] += v1 * j[3]
			h[4][1] += vc * j[1]
			h[4][2] += vc * j[2]
			h[4][3] += vc * j[3]
			h[4][4] += vc * j[4]
			g[1] += vt * r
			g[2] += v0 * r
			g[3] += v1 * r
			g[4] += vc * r
			if byZ {
				j[IndexZ] = x0*(p.z0+x1*p.z1) - byPhase*phase*a
				vz := v * j[IndexZ]
				h[0][0] += vz * j[0]
				h[1][0] += vz * j[1]
				h[2][0] += vz * j[2]
				h[3][0] += vz * j[3]
				h[4][0] += vz * j[4]
				g[0] += vz * r
			}
			if p.common != 0 {
				u := v * p.common
				tilt += u * p.common
				residual += u * r
				for k := range shared {
					shared[k] += u * j[k]
				}
			}
		}
		if tilt == 1 {
			continue
		}
		t.chi2 -= residual * residual / tilt
		for i := range shared {
			for j := 0; j <= i; j++ {
				h[i][j] -= shared[i] * shared[j] / tilt
			}
			g[i] -= shared[i] * residual / tilt
		}
	}
	if z := w.redshift; z.sigma > 0 {
		d := (z.mean - t.Z) / z.sigma
		t.chi2 += d * d
		h[0][0] += 1 / (z.sigma * z.sigma)
		g[0] += d / z.sigma
	}
	if math.IsNaN(t.chi2) {
		t.chi2 = math.Inf(1)
	}
}
