package salt2

// source is where the rows of the next trial come from.
type source int

const (
	fromSlices source = iota // at the redshift that is settled on
	fromTable                // at any redshift of the table
	fromModel                // the exact scheme
)

func (w *work) use(s source) {
	w.source = s
	for b := range w.bands {
		if s == fromModel {
			w.rows[b] = &w.exact[b].rows
		} else {
			w.rows[b] = &w.approximate[b].rows
		}
	}
}

// settle makes the slices of one redshift the source.
func (w *work) settle(z float64) {
	for b, a := range w.approximate {
		if w.spans[b].from < w.spans[b].to {
			a.settle(w.table, z)
		}
	}
	w.use(fromSlices)
}

// settleNear settles on the table's redshift that is nearest to z, which costs
// nothing, or on z itself where that is out of bounds. It returns which.
func (w *work) settleNear(z float64, bounds Bounds) float64 {
	i := w.table.nearest(z)
	at := w.table.first + float64(i)*w.table.step
	if at < bounds.Low || at > bounds.High {
		w.settle(z)
		return z
	}
	for _, a := range w.approximate {
		a.from = w.table.slices[i][a.band]
	}
	w.use(fromSlices)
	return at
}

// try evaluates a trial by the source in use.
func (w *work) try(z, t0, c float64) trial {
	byZ := w.byZ()
	for b, s := range w.spans {
		if s.from == s.to {
			continue
		}
		if w.source == fromModel {
			w.aimExact(b, z, t0, c, byZ)
			continue
		}
		phases := &w.model.m0.Phase
		low, _, _ := phases.Cell((w.points[s.from].mjd - t0) / (1 + z))
		high, _, _ := phases.Cell((w.points[s.to-1].mjd - t0) / (1 + z))
		low, high = max(low-1, 0), min(high+3, phases.Len())
		if w.source == fromTable {
			w.approximate[b].aimFree(w.table, z, c, low, high)
		} else {
			w.approximate[b].aim(z, c, low, high)
		}
	}
	return w.evaluate(z, t0, c, byZ)
}

// aimExact makes the exact sums that a band's points need.
func (w *work) aimExact(b int, z, t0, c float64, byZ bool) {
	e := w.exact[b]
	e.aim(w.dimmed[b], z, c, byZ)
	for _, p := range w.points[w.spans[b].from:w.spans[b].to] {
		if phase := (p.mjd - t0) / (1 + z); p.kept && e.phase.Holds(phase) {
			e.need(phase)
		}
	}
}

// byZ says whether derivatives by redshift are wanted.
func (w *work) byZ() bool { return w.free[IndexZ] && w.source != fromSlices }
