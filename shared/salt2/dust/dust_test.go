package dust

import (
	"math"
	"testing"
)

// TestLawsAgreeWithTheReference compares with values of the Python package
// extinction 0.4.6 for A_V = 3.1. Both evaluate the same formulae: nothing but
// rounding may differ.
func TestLawsAgreeWithTheReference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ wave, ccm, f99 float64 }{
		{1500, 8.258025565612519, 8.06777461256774},
		{2175, 9.873813953474656, 9.535236822303846},
		{2700, 6.313173946765544, 6.264837709952636},
		{3000, 5.636285762080326, 5.569914235944607},
		{3700, 4.791001204198689, 4.690365614226495},
		{4400, 4.106015886458109, 4.058700209797633},
		{5494.5, 3.100003570935133, 3.0354343179671615},
		{6500, 2.565159948730525, 2.392093957881141},
		{8000, 1.8522159363147415, 1.715343793390049},
		{10000, 1.2523999999999997, 1.1683051091360441},
		{21900, 0.354509627612071, 0.34039318230017823},
	} {
		for law, want := range map[Law]float64{CCM89: c.ccm, F99: c.f99} {
			if got := law.Magnitudes(c.wave); math.Abs(got-want) > 1e-12*want {
				t.Errorf("%v at %g: %v, want %v", law, c.wave, got, want)
			}
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, law := range []Law{F99, CCM89} {
		if got, err := Parse(law.String()); err != nil || got != law {
			t.Errorf("%v: got %v, %v", law, got, err)
		}
	}
	if _, err := Parse("SMC"); err == nil {
		t.Error("an unknown law was parsed")
	}
	if got := Law(7).String(); got != "Law(7)" {
		t.Errorf("got %q", got)
	}
}
