package lightcurve_test

import (
	"math"
	"testing"

	"nightwire.dev/shared/lightcurve"
)

// TestForcedTwice has one exposure measured again, closer to zero: the last given
// counts.
func TestForcedTwice(t *testing.T) {
	t.Parallel()
	bright, faint := forcedPoint(7, "g", 40, 7), forcedPoint(7, "g", -3, 7)
	curve := func(points ...lightcurve.Point) lightcurve.Curve { return lightcurve.Curve{Points: points} }
	compare(t, curve(faint), lightcurve.Merge(curve(bright), curve(faint)))
	compare(t, curve(bright), lightcurve.Merge(curve(faint), curve(bright)))
	detected := point(2, 7, "g", 18, 0.01, 1)
	compare(t, curve(faint), lightcurve.Merge(curve(bright), curve(faint), curve(detected)))

	alerts := read(t, seen(own, 0, 1, 18.5, 0.05, "t"), nil, []any{forced(7, 1, 40, 7, "0"), forced(7, 1, -3, 7, "0")})
	compare(t, curve(faint, point(own, 0, "g", 18.5, 0.05, 1)), lightcurve.ForFit(alerts))
}

// TestDates has measurements at dates when nothing can have been observed.
func TestDates(t *testing.T) {
	t.Parallel()
	for name, daysBefore := range map[string]float64{
		"before 1990": 60000 - 47890, "after 2100": 60000 - 88200, "no calendar's": -1e12, "zero": 60000, "no number": math.NaN(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := read(t, seen(own, 0, 1, 18.5, 0.05, "t"), []any{seen(2, daysBefore, 2, 19, 0.1, "t"), unseen(daysBefore, 1, 20)},
				[]any{forced(daysBefore, 1, 50, 7, "0")})
			want := lightcurve.Curve{Points: []lightcurve.Point{point(own, 0, "g", 18.5, 0.05, 1)}}
			compare(t, want, lightcurve.ForFit(a))
			if c := lightcurve.Of(a); len(c.Points) != 1 || len(c.Limits) != 0 {
				t.Errorf("the alert's curve has %d points and %d limits, want its own", len(c.Points), len(c.Limits))
			}
		})
	}
}
