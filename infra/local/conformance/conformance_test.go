package conformance_test

import (
	"regexp"
	"testing"

	"nightwire.dev/infra/local/conformance"
)

func TestRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remote string
		want   int // cases that are asked
	}{
		"on the local server": {"", 2},
		"on the service":      {"my-project", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan string, 2)
			check := func(t *testing.T, remote string) {
				t.Helper()
				if remote != c.remote {
					t.Errorf("asked of %q, want %q", remote, c.remote)
				}
				asked <- t.Name()
			}
			t.Run("suite", func(t *testing.T) {
				conformance.Run(t, c.remote, func(_ *testing.T, remote string) string { return remote }, []conformance.Case[string]{
					{Name: "both", Says: "it answers", Check: check},
					{Name: "local", Says: "it can be asked without a network", Local: "it needs the loopback", Check: check},
				})
			})
			if len(asked) != c.want {
				t.Errorf("%d cases were asked, want %d", len(asked), c.want)
			}
		})
	}
}

func TestSuffix(t *testing.T) {
	t.Parallel()
	one, other := conformance.Suffix(), conformance.Suffix()
	if one == other || !regexp.MustCompile(`^[a-z0-9]{12}$`).MatchString(one) {
		t.Errorf("suffixes %q and %q", one, other)
	}
}
