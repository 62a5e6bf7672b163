package salt2

import "nightwire.dev/shared/salt2/grid"

const (
	floorVariance    = 1e-4 // instead of a negative one, as snfit has it
	lightlessScatter = 1e4  // relative variance where the model has no light
)

// varianceTables are the model's own uncertainty: the scatter of supernovae
// about it (Guy et al. 2010, section 4.3).
type varianceTables struct {
	v00, v01, v11 *grid.Grid
	scale         *grid.Grid  // of SALT2; SALT3 has none
	colour        *grid.Curve // scatter of a whole band, by wavelength
}

// restBand is a band in a supernova's rest frame, where the model's relative
// covariance is defined: from the model's flux there, without colour, dust or
// dimming.
type restBand struct {
	model      *Model
	band       *Band
	z          float64
	dispersion float64 // relative, and common to all points of the band
	flux       *exact
	bins       []bin
	effective  map[int]float64 // the band's effective wavelength by number of bins

	v00, v01, v11, scale *grid.Column
}

func newRestBand(m *Model, b *Band) *restBand {
	r := &restBand{
		model: m, band: b, z: -1, flux: newExact(m), effective: map[int]float64{},
		v00: grid.NewColumn(m.variance.v00), v01: grid.NewColumn(m.variance.v01), v11: grid.NewColumn(m.variance.v11),
	}
	r.flux.plain = true
	if m.variance.scale != nil {
		r.scale = grid.NewColumn(m.variance.scale)
	}
	return r
}

// shift puts the band to a redshift. Its bins are those of the band after it is
// shifted, so that their number depends on the redshift.
func (r *restBand) shift(z float64) {
	if z == r.z {
		return
	}
	r.z = z
	b, a := r.band, 1/(1+z)
	width := b.max()*a - b.min()*a
	fine := count(width, 1)
	effective, known := r.effective[fine]
	if !known {
		effective = b.effectiveIn(fine)
		r.effective[fine] = effective
	}
	effective *= a
	r.dispersion = r.model.variance.colour.At(effective)
	for _, v := range [...]*grid.Column{r.v00, r.v01, r.v11, r.scale} {
		if v != nil {
			v.Move(effective)
		}
	}
	r.bins = r.bins[:0]
	total := 0.0
	b.divide(count(width, finest), func(wave, transmission, _ float64) {
		total += wave * transmission
		r.bins = append(r.bins, bin{wave, wave * transmission})
	})
	for i := range r.bins {
		r.bins[i].weight *= (1 + z) / total // the exact flux is divided by 1+z
	}
	r.flux.aim(r.bins, z, 0, false)
}

// variance is the relative variance of a flux at a phase, without the part
// that the band's points have in common.
func (r *restBand) variance(phase, x1 float64) float64 {
	sum := r.v00.At(phase) + 2*x1*r.v01.At(phase) + x1*x1*r.v11.At(phase)
	if sum < 0 {
		sum = floorVariance
	}
	var s sample
	if r.flux.phase.Holds(phase) {
		s = r.flux.at(phase)
	}
	total := s.m0 + x1*s.m1
	if !(total > 0) {
		return lightlessScatter
	}
	if r.scale == nil {
		return sum / (total * total)
	}
	f := r.scale.At(phase) * s.m0 / total
	return sum * f * f
}

// RelativeCovariance is the model's relative covariance between two fluxes
// through the same band at two times (MJD); between bands there is none. That
// of the fluxes is this times both.
func (m *Model) RelativeCovariance(p Params, b *Band, mjd1, mjd2 float64) float64 {
	r := newRestBand(m, b)
	r.shift(p.Z)
	covariance := r.dispersion * r.dispersion
	if mjd1 == mjd2 {
		covariance += r.variance((mjd1-p.T0)/(1+p.Z), p.X1)
	}
	return covariance
}

// freeze makes the weights those of the fluxes' variances and the model's own
// covariance at a trial, which must be the one evaluated last.
func (w *work) freeze(t *trial) {
	a := 1 / (1 + t.Z)
	for b, s := range w.spans {
		if s.from == s.to {
			continue
		}
		rest := w.rest[b]
		rest.shift(t.Z)
		for i := s.from; i < s.to; i++ {
			p := &w.points[i]
			p.common = rest.dispersion * p.model
			p.weight = 1 / (p.variance + p.model*p.model*rest.variance((p.mjd-t.T0)*a, t.X1))
		}
	}
}

// thaw makes the weights those of the fluxes' variances alone again, of all
// points.
func (w *work) thaw() {
	for i := range w.points {
		p := &w.points[i]
		p.kept, p.common, p.weight = true, 0, 1/p.variance
	}
}
