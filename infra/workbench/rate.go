package workbench

import (
	"fmt"
	"math"
)

// rate says how many of a night's alerts would match, of which so many of a
// sample do. The error is that of counting, sqrt(n); where none matched, the
// most that is likely is three (95 %, Poisson).
func rate(matches, sample, night int) string {
	if sample == 0 {
		return "unknown: the sample is empty"
	}
	scale := float64(night) / float64(sample)
	if matches == 0 {
		return fmt.Sprintf("fewer than %.0f", math.Ceil(3*scale))
	}
	matching, sigma := float64(matches)*scale, math.Sqrt(float64(matches))*scale
	step := math.Pow(10, max(math.Floor(math.Log10(sigma))-1, 0)) // two digits of the error
	return fmt.Sprintf("about %.0f +- %.0f", math.Round(matching/step)*step, math.Round(sigma/step)*step)
}

// percent keeps two digits of small shares.
func percent(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	share := 100 * float64(part) / float64(whole)
	if share != 0 && share < 1 {
		return fmt.Sprintf("%.2g %%", share)
	}
	return fmt.Sprintf("%.1f %%", share)
}
