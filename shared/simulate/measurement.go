package simulate

import "math"

const (
	threshold = 5   // signal to noise ratio of a detection
	marginal  = 5.3 // the least that an alert of tonight has
)

// measurement is point-spread-function photometry of an object in a
// difference image.
type measurement struct {
	frame
	rank    int16
	flux    float64 // DN, negative where the object has faded
	sigma   float64 // DN
	x, y    float64 // pixels
	ra, dec float64 // degrees
}

// measure says what the camera saw of an object in a visit. Everything that
// is published about them follows from here.
func (n *Night) measure(o *object, v visit) measurement {
	m := measurement{frame: n.expose(v, o.readout), rank: o.rank}
	truth := m.counts(o.curve(m.jd, m.fid))
	r := n.stream(forFlux, o.index, v.daysAgo, v.pass)
	m.sigma = o.noise(&m.frame, truth)
	m.flux = truth + m.sigma*normal(r, 0, 1)
	if v.daysAgo == 0 && math.Abs(m.flux) < marginal*m.sigma {
		m.flux = math.Copysign(marginal*m.sigma, truth)
	}
	m.x = decimals(min(max(o.x+m.dx, 1), columns-1), 4)
	m.y = decimals(min(max(o.y+m.dy, 1), rows-1), 4)
	scatter := 0.35 * m.seeing * m.sigma / math.Abs(m.flux) * pixelArcsec / 3600
	scatter = min(scatter, 0.3/3600)
	m.ra = decimals(wrap(o.ra+normal(r, 0, scatter)/math.Cos(radians(o.dec))), 7)
	m.dec = decimals(o.dec+normal(r, 0, scatter), 7)
	return m
}

// noise is the one-sigma error of a flux: the sky, the photons of the object
// and of its neighbour, and what an imperfect subtraction leaves of the latter.
func (o *object) noise(f *frame, flux float64) float64 {
	sky := f.skyNoise()
	host := 0.0
	if o.near.distance < 2 {
		host = f.counts(magFlux(o.near.mag))
	}
	return math.Sqrt(sky*sky + (math.Abs(flux)+host)/gain + 0.003*0.003*host*host)
}

func (m *measurement) candid() int64 { return candidateID(m.pid, m.rank) }

func (m *measurement) positive() bool { return m.flux > 0 }

func (m *measurement) detected() bool { return math.Abs(m.flux) >= threshold*m.sigma }

func (m *measurement) signalToNoise() float64 { return math.Abs(m.flux) / m.sigma }

func (m *measurement) mag() float64 { return m.zeroPoint - 2.5*math.Log10(math.Abs(m.flux)) }

// magSigma has a floor, the calibration of the frame.
func (m *measurement) magSigma() float64 {
	return math.Hypot(1.0857/m.signalToNoise(), 0.012)
}

// toEdge is the distance to the nearest edge of the image, in pixels.
func (m *measurement) toEdge() float64 {
	return min(m.x, m.y, columns-m.x, rows-m.y)
}

// past lists the visits before a measurement of tonight, the oldest first.
func (n *Night) past(o *object, tonight *measurement) []measurement {
	past := o.earlier
	if tonight.pass == 1 && o.alertsIn(0) {
		past = append(past, n.measure(o, visit{field: o.field}))
	}
	return past
}

// lastMonth measures the object in the visits of the nights before.
func (n *Night) lastMonth(o *object) []measurement {
	var all []measurement
	for daysAgo := historyDays; daysAgo > 0; daysAgo-- {
		if !n.observed(o.field, daysAgo) {
			continue
		}
		for pass := range 2 {
			all = append(all, n.measure(o, visit{field: o.field, daysAgo: daysAgo, pass: pass}))
		}
	}
	return all
}
