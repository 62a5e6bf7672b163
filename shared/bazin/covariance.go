package bazin

import "math"

// result turns a place in the search, where chiSquare was called last, into the
// parameters of Bazin's equation.
func (f *Fitter) result(best solution) Result {
	l := f.linearise(best.at)
	factor, solved := l.cholesky(best.held, 0)
	if !solved || l.silent(0) || l.silent(1) || l.silent(2) {
		return Result{Reason: Unconstrained, Points: len(f.time)}
	}
	s := best.at.shape()
	t0, rise, fall, height := s.bazin()
	r := Result{
		T0: f.zero + t0, Rise: rise, Fall: fall, Peak: f.zero + s.peak,
		Bands: make([]Band, len(f.bands)),
		Held:  Held{Peak: best.held[0], Rise: best.held[1], Fall: best.held[2]},

		ChiSquare: best.chiSquare, NDOF: f.ndof(), Points: len(f.time),
	}
	for i, b := range f.bands {
		r.Bands[i] = Band{
			Name: b.name, Points: b.end - b.first,
			Amplitude: b.amplitude / height, Offset: b.offset, PeakFlux: b.amplitude,
		}
	}
	f.errors(&r, s, factor.inverse())
	if !r.finite() {
		return Result{Reason: Unconstrained, Points: len(f.time)}
	}
	return r
}

// matrix is that of the coordinates.
type matrix [shapeParameters][shapeParameters]float64

// parameter is how a parameter of the result answers to the data: through the
// coordinates, and directly through its band's amplitude (of the shape of
// height one) and offset.
type parameter struct {
	slope coordinates // derivative with respect to the coordinates
	band  *band       // nil for none
	loads [2]float64  // on amplitude and offset
}

// errors fills in the covariance and the errors. about is the covariance of the
// coordinates.
func (f *Fitter) errors(r *Result, s shape, about matrix) {
	slopes := s.slopes()
	_, _, _, height := s.bazin()
	f.parameters = append(f.parameters[:0], parameter{slope: slopes.t0}, parameter{slope: slopes.rise}, parameter{slope: slopes.fall})
	for i := range f.bands {
		b := &f.bands[i]
		amplitude, offset := f.responses(s, b)
		peak := parameter{slope: amplitude, band: b, loads: [2]float64{1, 0}}
		r.Bands[i].PeakFluxErr = math.Sqrt(f.covariance(&about, &peak, &peak))
		for p := range amplitude {
			amplitude[p] = (amplitude[p] - b.amplitude*slopes.logHeight[p]) / height
		}
		f.parameters = append(f.parameters,
			parameter{slope: amplitude, band: b, loads: [2]float64{1 / height, 0}},
			parameter{slope: offset, band: b, loads: [2]float64{0, 1}})
	}
	n := len(f.parameters)
	values := make([]float64, n*n)
	r.Covariance = make([][]float64, n)
	for i := range f.parameters {
		r.Covariance[i], values = values[:n:n], values[n:]
		for j := range i + 1 {
			r.Covariance[i][j] = f.covariance(&about, &f.parameters[i], &f.parameters[j])
			r.Covariance[j][i] = r.Covariance[i][j]
		}
	}
	sigma := func(i int) float64 { return math.Sqrt(r.Covariance[i][i]) }
	r.PeakErr = math.Sqrt(about[0][0])
	r.T0Err, r.RiseErr, r.FallErr = sigma(0), sigma(1), sigma(2)
	for i := range r.Bands {
		r.Bands[i].AmplitudeErr = sigma(shapeParameters + 2*i)
		r.Bands[i].OffsetErr = sigma(shapeParameters + 2*i + 1)
		r.Bands[i].NearPeakFlux, r.Bands[i].NearPeakFluxErr, r.Bands[i].NearPeakPoints = f.nearPeak(&f.bands[i], r.Bands[i].OffsetErr)
	}
}

// responses are the derivatives of a band's amplitude and offset with respect
// to the coordinates, along which they stay the best ones.
func (f *Fitter) responses(s shape, b *band) (amplitude, offset coordinates) {
	if b.amplitude == 0 {
		return amplitude, offset
	}
	means := f.derivatives(s, b)
	for k := b.first; k < b.end; k++ {
		for p, d := range f.derivative[k] {
			amplitude[p] -= b.amplitude * f.weight[k] * (d - means[p]) * (f.height[k] - b.meanHeight) / b.spread
		}
	}
	for p := range offset {
		if f.offsets {
			offset[p] = -b.amplitude*means[p] - amplitude[p]*b.meanHeight
		}
	}
	return amplitude, offset
}

// covariance is that of two parameters.
func (f *Fitter) covariance(about *matrix, a, b *parameter) float64 {
	sum := 0.0
	for p := range about {
		sum += a.slope[p] * dot(about[p], b.slope)
	}
	if a.band == nil || a.band != b.band {
		return sum
	}
	noise := a.band.noise(f.offsets)
	for p := range noise {
		sum += a.loads[p] * (noise[p][0]*b.loads[0] + noise[p][1]*b.loads[1])
	}
	return sum
}

// noise is the covariance of amplitude and offset for a known shape; an
// amplitude that is held at zero has none.
func (b *band) noise(offsets bool) (m [2][2]float64) {
	if b.amplitude > 0 {
		m[0][0] = 1 / b.spread
	}
	if offsets {
		m[0][1] = -b.meanHeight * m[0][0]
		m[1][0] = m[0][1]
		m[1][1] = 1/b.weight + b.meanHeight*b.meanHeight*m[0][0]
	}
	return m
}

// slopes are the derivatives of the parameters of Bazin's equation with respect
// to the coordinates; logHeight is the logarithm of its height for an amplitude
// of one.
type slopes struct{ t0, rise, fall, logHeight coordinates }

func (s shape) slopes() slopes {
	a, b := s.a, s.b
	sum := a + b
	delay := math.Log(a/b) / sum
	// The derivatives with respect to the logarithms of a and b.
	delayA, delayB := (1-a*delay)/sum, (-1-b*delay)/sum
	return slopes{
		t0:        coordinates{1, delayA, delayB},
		rise:      coordinates{0, a / (sum * sum), b / (sum * sum)},
		fall:      coordinates{0, 0, 1 / b},
		logHeight: coordinates{0, b*delayA - b/sum, b*delay + b*delayB + b/sum},
	}
}

// finite says whether every number of a result is one.
func (r *Result) finite() bool {
	sum := r.T0 + r.Rise + r.Fall + r.Peak + r.ChiSquare + r.T0Err + r.RiseErr + r.FallErr + r.PeakErr
	for _, b := range r.Bands {
		sum += b.Amplitude + b.AmplitudeErr + b.Offset + b.OffsetErr + b.PeakFlux + b.PeakFluxErr + b.NearPeakFlux + b.NearPeakFluxErr
	}
	for _, row := range r.Covariance {
		for _, value := range row {
			sum += value
		}
	}
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}
