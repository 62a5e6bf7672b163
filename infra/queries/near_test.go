package queries

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
)

func TestNear(t *testing.T) {
	t.Parallel()
	names := []string{"alerts-per-night", "brightening", "cone", "light-curve", "new-transients", "supernova-fits"}
	cases := map[string]struct {
		name string
		want []string
	}{
		"parted otherwise":    {"light_curve", []string{"light-curve"}},
		"in one, of many":     {"LightCurves", []string{"light-curve"}},
		"a part":              {"transient", []string{"new-transients"}},
		"more than it":        {"cone-search", []string{"cone"}},
		"a letter is missing": {"brightning", []string{"brightening"}},
		"letters are changed": {"supernova-fist", []string{"supernova-fits"}},
		"another word":        {"asteroids", nil},
		"hardly a word":       {"n", nil},
		"nothing":             {"", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, near(c.name, names)); diff != "" {
				t.Errorf("near %q (-want +got):\n%s", c.name, diff)
			}
		})
	}
}

// TestFindSuggests names what may have been meant, and all that there is.
func TestFindSuggests(t *testing.T) {
	t.Parallel()
	_, err := Find("lightcurve", schemas.LSST)
	if err == nil || !strings.Contains(err.Error(), "did you mean light-curve? it has alerts-per-night, brightening, ") {
		t.Errorf("error is %v", err)
	}
	if _, err = Find("xylophone", schemas.ZTF); err == nil || strings.Contains(err.Error(), "mean") {
		t.Errorf("error is %v", err)
	}
}
