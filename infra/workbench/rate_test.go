package workbench

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/alert"
)

func TestRate(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		matches, sample, night int
		want                   string
	}{
		"many":          {100, 10_000, 300_000, "about 3000 +- 300"},
		"one":           {1, 1000, 300_000, "about 300 +- 300"},
		"none":          {0, 1000, 300_000, "fewer than 900"},
		"a whole night": {41, 1000, 1000, "about 41 +- 6"},
		"two digits":    {63, 1000, 300_000, "about 18900 +- 2400"},
		"no sample":     {0, 0, 300_000, "unknown: the sample is empty"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := rate(c.matches, c.sample, c.night); got != c.want {
				t.Errorf("rate is %q, want %q", got, c.want)
			}
		})
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		part, whole int
		want        string
	}{
		"half":  {1, 2, "50.0 %"},
		"all":   {2, 2, "100.0 %"},
		"none":  {0, 2, "0.0 %"},
		"small": {1, 6000, "0.017 %"},
		"of no": {0, 0, "-"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := percent(c.part, c.whole); got != c.want {
				t.Errorf("percentage is %q, want %q", got, c.want)
			}
		})
	}
}

func TestHistogram(t *testing.T) {
	t.Parallel()
	var h Histogram
	for range 48 {
		h.add(alert.Some(18.2), false)
	}
	h.add(alert.Some(16.99), true)
	h.add(alert.Some(17.0), true)
	h.add(alert.Some(17.5), true)
	h.add(alert.Some(-0.5), false)
	h.add(alert.Maybe[float64]{}, true)
	h.add(alert.Some(60.0), false)
	var b strings.Builder
	h.print(&b)
	var got []string
	for line := range strings.Lines(b.String()) {
		if fields := strings.Fields(line); fields[1] != "0" {
			got = append(got, strings.Join(fields, " "))
		}
	}
	want := []string{
		"mag all matches", "-1-0 1 # 0", "16-17 1 # 1 ############", "17-18 2 # 2 ########################",
		"18-19 48 ######################## 0", "none 2 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("histogram (-want +got):\n%s", diff)
	}
}
