package bazin

import "math"

// Colour is the difference of the magnitudes of two bands in the fit, blue
// minus red, offsets left out, and its error. Since the bands share their shape
// it is the same at any time: a mean over the light curve. It is not known where
// one of the bands was not fitted or did not brighten.
func (r *Result) Colour(blue, red string) (mag, sigma float64, known bool) {
	i, j := r.index(blue), r.index(red)
	if i < 0 || j < 0 || r.Bands[i].Amplitude <= 0 || r.Bands[j].Amplitude <= 0 {
		return 0, 0, false
	}
	a, b := r.Bands[i].Amplitude, r.Bands[j].Amplitude
	ia, ib := shapeParameters+2*i, shapeParameters+2*j
	variance := r.Covariance[ia][ia]/(a*a) + r.Covariance[ib][ib]/(b*b) - 2*r.Covariance[ia][ib]/(a*b)
	return -2.5 * math.Log10(a/b), 2.5 / math.Ln10 * math.Sqrt(max(variance, 0)), true
}

// ColourAtPeak is the same from the points near the peak alone, as transients
// redden while they fade. It is not known where one of the bands has no point
// there, or none that is brighter than the offset.
func (r *Result) ColourAtPeak(blue, red string) (mag, sigma float64, known bool) {
	i, j := r.index(blue), r.index(red)
	if i < 0 || j < 0 || !(r.Bands[i].NearPeakFlux > 0) || !(r.Bands[j].NearPeakFlux > 0) {
		return 0, 0, false
	}
	a, b := &r.Bands[i], &r.Bands[j]
	relative := math.Hypot(a.NearPeakFluxErr/a.NearPeakFlux, b.NearPeakFluxErr/b.NearPeakFlux)
	return -2.5 * math.Log10(a.NearPeakFlux/b.NearPeakFlux), 2.5 / math.Ln10 * relative, true
}

// nearPeak is the height above which a point is near the peak.
const nearPeak = 0.8

// nearPeak measures a band's flux at the peak from the points near it, with the
// shape and the offset of the fit. The offset's error counts; that of the shape,
// which is flat there, does not.
func (f *Fitter) nearPeak(b *band, offsetErr float64) (flux, sigma float64, points int) {
	sum, squares, along := 0.0, 0.0, 0.0
	for k := b.first; k < b.end; k++ {
		if height := f.height[k]; height > nearPeak {
			weighted := f.weight[k] * height
			sum += weighted
			squares += weighted * height
			along += weighted * (f.flux[k] - b.offset)
			points++
		}
	}
	if points == 0 {
		return 0, 0, 0
	}
	return along / squares, math.Hypot(1/math.Sqrt(squares), sum/squares*offsetErr), points
}

// index is that of a band among those that were fitted, or -1.
func (r *Result) index(band string) int {
	for i := range r.Bands {
		if r.Bands[i].Name == band {
			return i
		}
	}
	return -1
}
