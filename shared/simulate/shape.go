package simulate

import "math"

// shape is what the pipeline says about the form of a detection.
type shape struct {
	fwhm, elong, classtar  float64
	magdiff, chi, sumRatio float64
	rb                     float64
	nbad, nneg             int32
}

// shapeOf draws the form of a detection. Real sources are round and sharp, the
// more surely the brighter they are; artefacts are long, narrow or broken.
func (n *Night) shapeOf(o *object, m *measurement) shape {
	r := n.stream(forShape, o.index, m.daysAgo, m.pass)
	blur := 1 / m.signalToNoise()
	if o.class == Artefact {
		s := shape{
			fwhm: uniform(r, 0.9, 8), elong: 1 + math.Abs(normal(r, 0.3, 0.5)), classtar: r.Float64(),
			magdiff: normal(r, 0.1, 0.5), chi: uniform(r, 1, 60), sumRatio: uniform(r, 0.2, 0.8),
			rb: math.Abs(normal(r, 0.22, 0.14)), nneg: int32(2 + r.IntN(11)),
		}
		if o.glitch != dipole {
			s.nbad = int32(r.IntN(7))
		}
		return s
	}
	return shape{
		fwhm:     m.seeing * (1 + math.Abs(normal(r, 0, 0.05+0.8*blur))),
		elong:    1 + math.Abs(normal(r, 0, 0.04+0.7*blur)),
		classtar: 1 - min(0.4, math.Abs(normal(r, 0, 0.01+0.8*blur))),
		magdiff:  normal(r, 0.01, 0.02+0.6*blur),
		chi:      1 + math.Abs(normal(r, 0, 0.3)) + m.signalToNoise()/80,
		sumRatio: 1 - min(0.4, math.Abs(normal(r, 0, blur))),
		rb:       1 - min(0.9, math.Abs(normal(r, 0.05, 0.06+1.1*blur))),
		nneg:     int32(r.IntN(2 + int(40*blur))),
	}
}
