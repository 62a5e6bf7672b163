package figure

import (
	"math"
	"strconv"
	"strings"
)

// axis is a range of values and its ticks at round numbers.
type axis struct {
	low, high  float64
	step       float64 // from tick to tick
	minor      int     // small steps in each
	decimals   int
	multiplier int // the power of ten that the labels leave out
}

// newAxis is the axis from low to high with about so many ticks.
func newAxis(low, high float64, ticks int) axis {
	if !(high > low) {
		low, high = low-1, high+1
	}
	a := axis{low: low, high: high}
	raw := (high - low) / float64(ticks)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	switch unit := raw / power; {
	case unit <= 1.0001:
		a.step, a.minor = power, 5
	case unit <= 2.0001:
		a.step, a.minor = 2*power, 4
	case unit <= 5.0001:
		a.step, a.minor = 5*power, 5
	default:
		a.step, a.minor = 10*power, 5
	}
	a.decimals = max(0, -int(math.Floor(math.Log10(a.step)+1e-9)))
	return a
}

// scaled leaves a power of ten out of the labels of large numbers.
func (a axis) scaled() axis {
	const longest = 1e5
	if largest := math.Max(math.Abs(a.low), math.Abs(a.high)); largest >= longest {
		a.multiplier = 3 * int(math.Floor(math.Log10(largest)/3))
		a.decimals = max(0, a.multiplier-int(math.Floor(math.Log10(a.step)+1e-9)))
	}
	return a
}

// place is where a value stands between two ends.
func (a *axis) place(v, from, to float64) float64 {
	return from + (v-a.low)/(a.high-a.low)*(to-from)
}

// each calls tick for every tick, and label is empty for a minor one. Ticks are
// counted from zero, so that their values have no rounding.
func (a *axis) each(tick func(v float64, label string)) {
	small := a.step / float64(a.minor)
	for i := int(math.Ceil(a.low/small - 1e-6)); float64(i)*small <= a.high+1e-6*small; i++ {
		v, label := float64(i)*small, ""
		if i%a.minor == 0 {
			label = a.label(float64(i/a.minor) * a.step)
		}
		tick(v, label)
	}
}

func (a *axis) label(v float64) string {
	text := strconv.FormatFloat(v/math.Pow10(a.multiplier), 'f', a.decimals, 64)
	if strings.Trim(text, "-0.") == "" {
		text = strings.TrimPrefix(text, "-")
	}
	return strings.Replace(text, "-", "−", 1)
}

// spread collects a range of values.
type spread struct{ low, high float64 }

func nothing() spread { return spread{math.Inf(1), math.Inf(-1)} }

func (s *spread) take(values ...float64) {
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			s.low, s.high = math.Min(s.low, v), math.Max(s.high, v)
		}
	}
}

// wider is the range with a margin on both sides, a fraction of its width; of
// one that has none, it is 1.
func (s spread) wider(margin float64) spread {
	if s.low > s.high {
		return spread{0, 1}
	}
	d := (s.high - s.low) * margin
	if d == 0 {
		d = 1
	}
	return spread{s.low - d, s.high + d}
}
