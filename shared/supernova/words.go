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

// uncertain writes a value with its error, of which two digits count.
func uncertain(value, sigma float64) string {
	if !(sigma > 0) || math.IsInf(sigma, 0) {
		return minus(strconv.FormatFloat(value, 'g', 6, 64))
	}
	decimals := max(0, 1-int(math.Floor(math.Log10(sigma))))
	if decimals > 6 { // as x0 of a faint supernova
		power := int(math.Floor(math.Log10(math.Max(math.Abs(value), sigma))))
		scale := math.Pow10(power)
		return fmt.Sprintf("(%s)·10%s", uncertain(value/scale, sigma/scale), superscript(power))
	}
	return minus(fmt.Sprintf("%.*f ± %.*f", decimals, value, decimals, sigma))
}

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
