package topics_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nightwire.dev/connector/topics"
)

// now is late in the evening of the 20th at Palomar, and the 21st in UTC.
var now = time.Date(2026, 11, 21, 5, 30, 0, 0, time.UTC)

func TestSelect(t *testing.T) {
	t.Parallel()
	listed := []string{
		"ztf_20261122_programid1", "ztf_20261121_programid1", "ztf_20261120_programid1", "ztf_20261101_programid1",
		"ztf_20261121_programid2", "ztf_20261199_programid1", "xztf_20261121_programid1", "ztf_20261121_programid12",
		"ztf_2026112_programid1", "lsst-alerts-v9.0", "__consumer_offsets",
	}
	tests := []struct {
		name     string
		patterns []topics.Pattern
		nights   string
		want     topics.Selection
	}{
		{"a week back, a day ahead", []topics.Pattern{"ztf_{date}_programid1"}, "-7..+1", topics.Selection{
			Present: []string{"ztf_20261120_programid1", "ztf_20261121_programid1", "ztf_20261122_programid1"},
		}},
		{"today in UTC", []topics.Pattern{"ztf_{date}_programid1"}, "0..0", topics.Selection{
			Present: []string{"ztf_20261121_programid1"},
		}},
		{"between dates", []topics.Pattern{"ztf_{date}_programid1"}, "20261101..20261120", topics.Selection{
			Present: []string{"ztf_20261101_programid1", "ztf_20261120_programid1"},
		}},
		{"up to today", []topics.Pattern{"ztf_{date}_programid1"}, "..0", topics.Selection{
			Present: []string{"ztf_20261101_programid1", "ztf_20261120_programid1", "ztf_20261121_programid1"},
		}},
		{"every night", []topics.Pattern{"ztf_{date}_programid1"}, "all", topics.Selection{
			Present: []string{"ztf_20261101_programid1", "ztf_20261120_programid1", "ztf_20261121_programid1", "ztf_20261122_programid1"},
		}},
		{"two patterns, one without a topic", []topics.Pattern{"ztf_{date}_programid2", "ztf_{date}_programid3"}, "all", topics.Selection{
			Present: []string{"ztf_20261121_programid2"}, Awaited: []topics.Pattern{"ztf_{date}_programid3"},
		}},
		{"a fixed name is outside all windows", []topics.Pattern{"lsst-alerts-v9.0"}, "20200101..20200101", topics.Selection{
			Present: []string{"lsst-alerts-v9.0"},
		}},
		{"a fixed name that is not there", []topics.Pattern{"lsst-alerts-v10.0"}, "all", topics.Selection{
			Awaited: []topics.Pattern{"lsst-alerts-v10.0"},
		}},
		{"the same name by two patterns", []topics.Pattern{"lsst-alerts-v9.0", "lsst-alerts-v9.0"}, "all", topics.Selection{
			Present: []string{"lsst-alerts-v9.0"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			window, err := topics.ParseWindow(test.nights)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, topics.Select(test.patterns, window, listed, now)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPatternValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		pattern topics.Pattern
		ok      bool
	}{
		{"nightly", "ztf_{date}_programid1", true},
		{"fixed", "lsst-alerts-v9.0", true},
		{"empty", "", false},
		{"date twice", "ztf_{date}_{date}", false},
		{"other braces", "ztf_{night}", false},
		{"regular expression", "^ztf_.*", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := test.pattern.Validate(); (err == nil) != test.ok {
				t.Errorf("Validate = %v", err)
			}
		})
	}
}

func TestParseWindowRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "7", "yesterday..today", "20261301..", "..99999999999", "0...1", "+1..-7", "20260131..20260101"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if w, err := topics.ParseWindow(text); err == nil {
				t.Errorf("ParseWindow(%q) = %v, want an error", text, w)
			}
		})
	}
}

func TestParseWindowTakesEndsWithoutALastingOrder(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"20991231..0", "+1..20200101", "-3..-3", "20260101..20260101", "+5..", "..-5"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if _, err := topics.ParseWindow(text); err != nil {
				t.Error(err)
			}
		})
	}
}

// Any name that a date makes of a pattern is selected when the window holds
// exactly that date, and not when it holds the day before only.
func TestPatternFindsTheNamesThatItMakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		date := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 20000).Draw(t, "day"))
		part := rapid.StringMatching(`[a-z0-9_.-]{0,10}`)
		before, after := part.Draw(t, "before"), part.Draw(t, "after")
		day := date.Format("20060102")
		name := before + day + after
		pattern := []topics.Pattern{topics.Pattern(before + "{date}" + after)}
		window, err := topics.ParseWindow(day + ".." + day)
		if err != nil {
			t.Fatal(err)
		}
		if got := topics.Select(pattern, window, []string{name}, now).Present; len(got) != 1 {
			t.Fatalf("%s is not found", name)
		}
		yesterday := date.AddDate(0, 0, -1).Format("20060102")
		if window, err = topics.ParseWindow(".." + yesterday); err != nil {
			t.Fatal(err)
		}
		if got := topics.Select(pattern, window, []string{name}, now).Present; len(got) != 0 {
			t.Fatalf("%s is found outside the window", name)
		}
	})
}

func FuzzParseWindow(f *testing.F) {
	for _, text := range []string{"all", "..", "-7..+1", "20260101..20260131", "0..", "x..y"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		window, err := topics.ParseWindow(text)
		if err != nil {
			return
		}
		again, err := topics.ParseWindow(window.String())
		if err != nil {
			t.Fatalf("%q was read, %q is not: %v", text, window, err)
		}
		night := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
		if window.Contains(night, now) != again.Contains(night, now) {
			t.Errorf("%q and %q differ", text, window)
		}
	})
}
