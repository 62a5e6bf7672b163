package bazin

import (
	"cmp"
	"math"
	"slices"
)

// solution is a place in the search.
type solution struct {
	at        coordinates
	chiSquare float64
	converged bool
	held      [shapeParameters]bool
}

// The grid of the search: e-folding times, in days, and how the best of its
// places are followed.
var (
	gridRise = [...]float64{1, 5, 25}
	gridFall = [...]float64{1, 6, 30, 150}
)

const (
	gridStep   = 1 // of the peak's time, in units of the faster e-folding time
	firstSteps = 5 // that the best place of each shape goes down
	followed   = 5 // of those, to the end
	lastSteps  = 1000
)

// search finds the lowest chi-square within the bounds.
func (f *Fitter) search() solution {
	f.spreadPeaks()
	f.starts = f.starts[:0]
	for _, rise := range gridRise {
		for _, fall := range gridFall {
			start := f.bestPeak(math.Log(rise), math.Log(fall), gridStep*min(rise, fall))
			f.starts = append(f.starts, f.descend(start, firstSteps))
		}
	}
	lower := func(a, b solution) int { return cmp.Compare(a.chiSquare, b.chiSquare) }
	slices.SortFunc(f.starts, lower)
	for i := range f.starts[:followed] {
		f.starts[i] = f.descend(f.starts[i], lastSteps)
	}
	return slices.MinFunc(f.starts[:followed], lower)
}

// spreadPeaks chooses where a peak may be: at the points, between them, and
// some way outside.
func (f *Fitter) spreadPeaks() {
	f.peaks = append(f.peaks[:0], f.time...)
	slices.Sort(f.peaks)
	n := len(f.peaks)
	first, last := f.peaks[0], f.peaks[n-1]
	for i := 1; i < n; i++ {
		f.peaks = append(f.peaks, (f.peaks[i-1]+f.peaks[i])/2)
	}
	for beyond := BeyondDays; beyond > 1; beyond /= 2 {
		f.peaks = append(f.peaks, first-beyond, last+beyond)
	}
	slices.Sort(f.peaks)
}

// bestPeak is the best time of the peak for a shape, of those that are at least
// step apart.
func (f *Fitter) bestPeak(logRise, logFall, step float64) solution {
	best := solution{chiSquare: math.Inf(1)}
	last := math.Inf(-1)
	for _, peak := range f.peaks {
		if peak-last < step {
			continue
		}
		last = peak
		at := coordinates{peak, logRise, logFall}
		if chiSquare := f.glance(at.shape()); chiSquare < best.chiSquare {
			best = solution{at: at, chiSquare: chiSquare}
		}
	}
	return best
}

// glance is the chi-square of a shape as a start needs it: points at which the
// shape is below exp(-30) of its height count as seeing nothing, so a fast shape
// costs what the few points near its peak do.
func (f *Fitter) glance(s shape) float64 {
	const negligible = 30
	from, to := s.peak-negligible/s.a, s.peak+negligible/s.b
	total := 0.0
	for i := range f.bands {
		b := &f.bands[i]
		sum, squares, along := 0.0, 0.0, 0.0
		for k := b.first; k < b.end; k++ {
			if t := f.time[k]; t > from && t < to {
				height, _ := s.at(t)
				weighted := f.weight[k] * height
				sum += weighted
				squares += weighted * height
				along += weighted * (f.flux[k] - b.meanFlux)
			}
		}
		spread := squares
		if f.offsets {
			spread -= sum * sum / b.weight
		}
		total += b.scatter
		if along > 0 && spread > 1e-9*squares {
			total -= along * along / spread
		}
	}
	return total
}

// bounds are the lowest and the highest coordinates.
func (f *Fitter) bounds() (low, high coordinates) {
	first, last := f.peaks[0], f.peaks[len(f.peaks)-1] // already beyond the points
	return coordinates{first, math.Log(MinDays), math.Log(MinDays)},
		coordinates{last, math.Log(MaxRiseDays), math.Log(MaxFallDays)}
}

// enough is the decrease of chi-square that is not worth another step.
const enough = 1e-4

// descend follows chi-square down from a place (Levenberg 1944, Marquardt
// 1963). A coordinate that would leave its bounds is held there as long as the
// slope points outwards.
func (f *Fitter) descend(s solution, steps int) solution {
	low, high := f.bounds()
	s.converged = false
	s.chiSquare = f.chiSquare(s.at)
	damping := 1e-3
	for range steps {
		l := f.linearise(s.at)
		s.held = l.hold(s.at, low, high)
		step, solved := l.solve(s.held, 0)
		if expected := dot(step, l.gradient); solved && expected < enough {
			s.converged = true
			return s
		}
		if !f.improve(&s, l, &damping, low, high) {
			// Nothing better nearby although the slope promises it: rounding.
			s.converged = true
			return s
		}
	}
	return s
}

// improve takes one step down, as short as it has to be, and sets the damping
// of the next by how much of the expected decrease came (Nielsen 1999). Without
// that, steps across a narrow valley would go on from side to side. It leaves
// the bands at the place where it ends.
func (f *Fitter) improve(s *solution, l linear, damping *float64, low, high coordinates) bool {
	const least, most = 1e-12, 1e12
	for ; *damping < most; *damping *= 8 {
		step, solved := l.solve(s.held, *damping)
		if !solved {
			continue
		}
		next := s.at
		for p := range next {
			next[p] = min(max(next[p]+step[p], low[p]), high[p])
			step[p] = next[p] - s.at[p]
		}
		if next == s.at {
			break
		}
		chiSquare := f.chiSquare(next)
		if gain := (s.chiSquare - chiSquare) / l.expected(step); gain > 0 {
			s.at, s.chiSquare = next, chiSquare
			short := 1 - 2*gain
			*damping = max(*damping*max(0.1, 1+short*short*short), least)
			return true
		}
	}
	f.chiSquare(s.at)
	return false
}

// expected is the decrease of chi-square along a step if it were a parabola.
func (l *linear) expected(step coordinates) float64 {
	decrease := 2 * dot(step, l.gradient)
	for p := range step {
		decrease -= step[p] * dot(l.matrix[p], step)
	}
	return math.Abs(decrease)
}

// hold says which coordinates are at a bound with the slope pointing outwards,
// or change nothing that the points could tell.
func (l *linear) hold(at, low, high coordinates) (held [shapeParameters]bool) {
	for p := range held {
		held[p] = at[p] <= low[p] && l.gradient[p] <= 0 || at[p] >= high[p] && l.gradient[p] >= 0 || l.silent(p)
	}
	return held
}
