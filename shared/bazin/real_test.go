package bazin_test

import (
	"math"
	"testing"

	"nightwire.dev/shared/bazin"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/survey"
)

// TestReal fits SN 2021rhu from its 34 alerts. It is a supernova Ia whose SALT2
// fit has its maximum in B at MJD 59410.5; it was as bright in g as in r then.
// The two bands of a supernova Ia do not share one shape, so chi-square is large
// and the peak some days off.
func TestReal(t *testing.T) {
	t.Parallel()
	decoder := &packet.Decoder{}
	var curves []lightcurve.Curve
	for _, sample := range realdata.Alerts(t, func(truth map[string]any) bool { return truth["survey"] == "ztf" }) {
		p, err := decoder.Decode(t.Context(), sample.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		a, err := survey.Read(names.ZTF, p)
		if err != nil {
			t.Fatal(err)
		}
		c := lightcurve.ForFit(&a)
		check(t, bazin.Fit(c, bazin.Options{}))
		check(t, bazin.Fit(c, bazin.Options{ZeroOffsets: true}))
		if a.ObjectID == "ZTF21abiuvdk" {
			curves = append(curves, c)
		}
	}
	r := bazin.Fit(lightcurve.Merge(curves...), bazin.Options{})
	colour, sigma, known := r.ColourAtPeak("g", "r")
	t.Logf("peak %.2f +- %.2f, rise %.2f +- %.2f, fall %.2f +- %.2f, g-r %.3f +- %.3f, chi-square %.0f of %d; %q",
		r.Peak, r.PeakErr, r.Rise, r.RiseErr, r.Fall, r.FallErr, colour, sigma, r.ChiSquare, r.NDOF, r.Reason)
	if r.Reason != "" || r.Points != 34 || math.Abs(r.Peak-59410.5) > 3 {
		t.Errorf("reason %q, %d points, peak %v; want a fit of 34 points that peaks near 59410.5", r.Reason, r.Points, r.Peak)
	}
	if !known || math.Abs(colour) > 0.2 {
		t.Errorf("g-r is %v, known %v; want about zero", colour, known)
	}
}
