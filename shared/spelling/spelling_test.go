package spelling

import "testing"

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"candid", "candid", 0}, {"", "drb", 3}, {"drb", "", 3},
		{"magpfs", "magpsf", 2}, {"objectid", "objctid", 1}, {"fit", "fits", 1}, {"rising", "riding", 1},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("distance of %q and %q is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
