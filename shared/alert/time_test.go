package alert_test

import (
	"math"
	"testing"
	"time"

	"nightwire.dev/shared/alert"
	"pgregory.net/rapid"
)

func TestTime(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		mjd  float64
		want time.Time
	}{
		"the epoch of MJD":       {0, time.Date(1858, 11, 17, 0, 0, 0, 0, time.UTC)},
		"the epoch of Unix":      {40587, time.Unix(0, 0).UTC()},
		"J2000, noon":            {51544.5, time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)},
		"a leap day":             {60369.25, time.Date(2024, 2, 29, 6, 0, 0, 0, time.UTC)},
		"not a number":           {math.NaN(), time.Time{}},
		"infinite":               {math.Inf(1), time.Time{}},
		"beyond any calendar":    {1480360995, time.Time{}},
		"far before any":         {-1e300, time.Time{}},
		"Julian date as an MJD":  {2459000.5, time.Time{}},
		"a microsecond is there": {40587 + 1/86400e6, time.UnixMicro(1).UTC()},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := alert.Time(c.mjd); !got.Equal(c.want) || got.Location() != time.UTC {
				t.Errorf("Time(%v) is %v, want %v", c.mjd, got, c.want)
			}
		})
	}
}

// TestTimeAndMJDAreInverse goes through the years in which observations are
// believed. A double has 0.6 microseconds near MJD 60000 and 1.3 from the year
// 2038 on, so the round trip may end one microsecond away.
func TestTimeAndMJDAreInverse(t *testing.T) {
	t.Parallel()
	first, last := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(first.UnixMicro(), last.UnixMicro()).Draw(t, "microseconds")).UTC()
		if off := alert.Time(alert.MJD(at)).Sub(at).Abs(); off > time.Microsecond {
			t.Errorf("%v comes back %v away", at, off)
		}
	})
}

func TestMJDFromJD(t *testing.T) {
	t.Parallel()
	// A real ZTF alert's jd, and the same instant by the calendar. A Julian
	// date in a double has 40 microseconds.
	got := alert.Time(alert.MJDFromJD(2459383.6487963))
	want := time.Date(2021, 6, 18, 3, 34, 16, 0, time.UTC)
	if off := got.Sub(want).Abs(); off > 5*time.Millisecond {
		t.Errorf("the date is %v, want %v", got, want)
	}
}

func TestMJDFromTAI(t *testing.T) {
	t.Parallel()
	// TAI has been 37 s ahead of UTC since 2017.
	tai := time.Date(2025, 8, 15, 0, 0, 37, 0, time.UTC)
	want := time.Date(2025, 8, 15, 0, 0, 0, 0, time.UTC)
	if off := alert.Time(alert.MJDFromTAI(alert.MJD(tai))).Sub(want).Abs(); off > time.Microsecond {
		t.Errorf("the date is %v away from %v", off, want)
	}
}
