package salt2

import (
	"math"
	"slices"
)

const (
	maxMinima = 5
	credible  = 9 // chi2 above the best, without covariance: 3 standard deviations
)

// found keeps a minimum of the search if it is among the best and not one that
// is known.
func (w *work) found(t *trial) {
	const days, redshift = 1, 0.01
	for i := range w.minima {
		m := &w.minima[i]
		if math.Abs(m.T0-t.T0) >= days || math.Abs(m.Z-t.Z) >= redshift {
			continue
		}
		if m.chi2 <= t.chi2 {
			return
		}
		w.minima = slices.Delete(w.minima, i, i+1)
		break
	}
	w.minima = append(w.minima, *t)
	for i := len(w.minima) - 1; i > 0 && w.minima[i].chi2 < w.minima[i-1].chi2; i-- {
		w.minima[i], w.minima[i-1] = w.minima[i-1], w.minima[i]
	}
	w.minima = w.minima[:min(len(w.minima), maxMinima)]
}

// repeatMinima repeats the fit from the minimum that the search ended in. The
// model's covariance makes minima shallow and may change their order: with it,
// the fit is repeated from all that the fluxes' own errors make credible, and
// the best is kept. The others are not asked, for where the model's flux is
// large enough, its covariance lets it fit anything.
func (w *work) repeatMinima(best trial) (last, before trial, reason Reason) {
	if !w.options.ModelCovariance {
		return w.repeat(best)
	}
	w.found(&best)
	least := math.Inf(1) // chi2 less the number of points, which may differ
	for i := range w.minima {
		m := w.minima[i]
		if i > 0 && m.chi2 > w.minima[0].chi2+credible {
			break
		}
		w.thaw()
		t, b, why := w.repeat(m)
		n, _, _ := w.kept()
		if unlikely := t.chi2 - float64(n); i == 0 || why == "" && (reason != "" || unlikely < least) {
			last, before, reason, least = t, b, why, unlikely
		}
	}
	return last, before, reason
}
