package supernova

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"nightwire.dev/shared/models"
)

// gap stands between the parts of a line.
const gap = "\u2003"

// describe says what was fitted, and what came out.
func (f *Fitter) describe(s *SALT) []string {
	z := "z = " + uncertain(s.Z, s.Errors.Z)
	if s.ZFixed {
		z = "z = " + strconv.FormatFloat(s.Z, 'g', -1, 64) + " (given)"
	}
	amplitude := []string{z, "x₀ = " + uncertain(s.X0, s.Errors.X0)}
	if s.PeakMag.Known {
		amplitude = append(amplitude, "B = "+uncertain(s.PeakMag.Value.Mag, s.PeakMag.Value.Err))
	}
	if s.PeakAbsMag.Known {
		amplitude = append(amplitude, "M(B) = "+minus(fmt.Sprintf("%.2f", s.PeakAbsMag.Value.Mag)))
	}
	verdict := "not a plausible Ia"
	if s.Plausible {
		verdict = "plausible Ia"
	}
	return []string{
		strings.Join([]string{
			"t₀ = " + uncertain(s.T0, s.Errors.T0), "x₁ = " + uncertain(s.X1, s.Errors.X1), "c = " + uncertain(s.C, s.Errors.C),
		}, gap),
		strings.Join(amplitude, gap),
		strings.Join([]string{
			fmt.Sprintf("χ²/ndof = %.1f/%d", s.ChiSquare, s.NDOF), minus(fmt.Sprintf("p = %.2g", s.PValue)), verdict, f.modelName(),
		}, gap),
	}
}

func (f *Fitter) modelName() string {
	if f.set.Demonstration {
		return models.Notice
	}
	return f.set.Name
}

func describeTransient(fit *Fit) []string {
	t := &fit.Transient
	return []string{
		strings.Join([]string{
			"peak = " + uncertain(t.Peak, t.PeakErr), "rise = " + uncertain(t.Rise, t.RiseErr) + " d", "fall = " + uncertain(t.Fall, t.FallErr) + " d",
		}, gap),
		strings.Join([]string{
			fmt.Sprintf("χ²/ndof = %.1f/%d", t.ChiSquare, t.NDOF), "Bazin; no SALT fit: " + string(fit.SALT.Reason),
		}, gap),
	}
}

// The most decimals of a value, and the powers of ten beyond which it is written
// with one. Smaller powers than the last are no double's.
const (
	mostDecimals  = 6
	largePower    = 9
	smallestPower = -300
)

// uncertain writes a value with its error, of which two digits count.
func uncertain(value, sigma float64) string {
	if !(sigma > 0) || math.IsInf(sigma, 0) || !finite(value) {
		return minus(strconv.FormatFloat(value, 'g', 6, 64))
	}
	power := max(magnitude(math.Max(math.Abs(value), sigma)), smallestPower)
	faint := power < 0 && 1-magnitude(sigma) > mostDecimals // as x0 of a faint supernova
	if !faint && power < largePower {
		return withError(value, sigma)
	}
	scale := math.Pow10(power)
	return fmt.Sprintf("(%s)·10%s", withError(value/scale, sigma/scale), superscript(power))
}

// withError writes an error that is too small for the decimals by its power.
func withError(value, sigma float64) string {
	decimals := max(0, 1-magnitude(sigma))
	if decimals > mostDecimals {
		return minus(fmt.Sprintf("%.*f ± %.2g", mostDecimals, value, sigma))
	}
	return minus(fmt.Sprintf("%.*f ± %.*f", decimals, value, decimals, sigma))
}

// magnitude is the power of ten of a positive number's first digit.
func magnitude(x float64) int { return int(math.Floor(math.Log10(x))) }

// minus has the typographer's minus for the typewriter's.
func minus(text string) string {
	return strings.ReplaceAll(text, "-", "−")
}

func superscript(n int) string {
	digits := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	text := ""
	for _, r := range strconv.Itoa(n) {
		if r == '-' {
			text += "⁻"
		} else {
			text += string(digits[r-'0'])
		}
	}
	return text
}
