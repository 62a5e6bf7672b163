package figure

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTicks(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		low, high float64
		ticks     int
		scaled    bool
		want      []string
	}{
		"ones":             {-2.4, 2.4, 3, false, []string{"−2", "0", "2"}},
		"days":             {59396, 59461, 7, false, []string{"59400", "59410", "59420", "59430", "59440", "59450", "59460"}},
		"tenths":           {-0.11, 0.32, 5, false, []string{"−0.1", "0.0", "0.1", "0.2", "0.3"}},
		"thousandths":      {0, 0.0041, 5, false, []string{"0.000", "0.001", "0.002", "0.003", "0.004"}},
		"large are scaled": {-1e5, 1.3e6, 4, true, []string{"0.0", "0.5", "1.0"}},
		"small are not":    {-10, 40000, 5, true, []string{"0", "10000", "20000", "30000", "40000"}},
		"no width":         {5, 5, 4, false, []string{"4.0", "4.5", "5.0", "5.5", "6.0"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAxis(c.low, c.high, c.ticks)
			if c.scaled {
				a = a.scaled()
			}
			var labels []string
			a.each(func(v float64, label string) {
				if v < a.low-1e-6*a.step || v > a.high+1e-6*a.step {
					t.Errorf("a tick at %v, beyond %v to %v", v, a.low, a.high)
				}
				if label != "" {
					labels = append(labels, label)
				}
			})
			if diff := cmp.Diff(c.want, labels); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}
