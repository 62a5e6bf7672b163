package salt2

import "math"

// start is a time from which to descend, and how good it looks.
type start struct{ t0, chi2 float64 }

const (
	scanStep  = 3.0 // days between the times of the scan
	maxStarts = 3
)

// scan looks at t0 all over its bounds, at c = 0, and leaves the best minima in
// starts, best first. It is never narrowed to the detections: the maximum may
// be long before or after them.
func (w *work) scan(z float64) {
	c := w.options.C.clamp(0)
	for b, a := range w.approximate {
		if w.spans[b].from < w.spans[b].to {
			a.aim(z, c, 0, a.phase.Len())
		}
	}
	w.starts = w.starts[:0]
	n := 1 + int(math.Ceil((w.t0.High-w.t0.Low)/scanStep))
	step := (w.t0.High - w.t0.Low) / float64(max(n-1, 1))
	before, now := start{chi2: math.Inf(1)}, start{chi2: math.Inf(1)}
	for i := 0; i <= n; i++ {
		next := start{chi2: math.Inf(1)}
		if i < n {
			next.t0 = w.t0.Low + step*float64(i)
			next.chi2 = w.glance(z, next.t0)
		}
		if now.chi2 < before.chi2 && now.chi2 <= next.chi2 {
			w.keepStart(now)
		}
		before, now = now, next
	}
}

// keepStart keeps a start if it is among the best.
func (w *work) keepStart(s start) {
	w.starts = append(w.starts, s)
	for i := len(w.starts) - 1; i > 0 && w.starts[i].chi2 < w.starts[i-1].chi2; i-- {
		w.starts[i], w.starts[i-1] = w.starts[i-1], w.starts[i]
	}
	w.starts = w.starts[:min(len(w.starts), maxStarts)]
}

// glance is what chi2 falls by, from that of no light at all, at a time: of the
// rows as they are, and linear between them, which is good enough to choose
// where to start.
func (w *work) glance(z, t0 float64) float64 {
	var sums amplitudes
	a := 1 / (1 + z)
	for b, s := range w.spans {
		rows := w.rows[b]
		low, high := rows.phase.Min(), rows.phase.Max()
		points := w.points[s.from:s.to]
		for i := range points {
			p := &points[i]
			phase := (p.mjd - t0) * a
			if phase < low || phase > high || !p.kept {
				continue
			}
			k, u, _ := rows.phase.Cell(phase)
			q := rows.sums[k : k+2 : k+2]
			f0 := q[0].m0 + u*(q[1].m0-q[0].m0)
			f1 := q[0].m1 + u*(q[1].m1-q[0].m1)
			m0, m1 := p.weight*f0, p.weight*f1
			sums.a00 += m0 * f0
			sums.a01 += m0 * f1
			sums.a11 += m1 * f1
			sums.b0 += m0 * p.flux
			sums.b1 += m1 * p.flux
		}
	}
	x0, x1 := sums.best(w.options.X0, w.options.X1)
	return sums.chiSquare(x0, x1)
}
