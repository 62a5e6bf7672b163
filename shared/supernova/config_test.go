package supernova_test

import (
	"math"
	"strings"
	"testing"

	"nightwire.dev/shared/supernova"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(c *supernova.Config)
		want   string // empty if it is right
	}{
		"the default":     {func(*supernova.Config) {}, ""},
		"a fixed z":       {func(c *supernova.Config) { c.Z = 0.0035 }, ""},
		"ranges":          {func(c *supernova.Config) { c.PhaseLow, c.PhaseHigh, c.WaveLow, c.WaveHigh = -10, 30, 3000, 7000 }, ""},
		"no points":       {func(c *supernova.Config) { c.MinSignificant = 0 }, "MIN_SIGNIFICANT"},
		"z below zero":    {func(c *supernova.Config) { c.Z = -0.1 }, "SUPERNOVA_Z:"},
		"z is no number":  {func(c *supernova.Config) { c.Z = math.NaN() }, "SUPERNOVA_Z:"},
		"z from 0":        {func(c *supernova.Config) { c.ZLow = 0 }, "SUPERNOVA_Z_LOW"},
		"z upside down":   {func(c *supernova.Config) { c.ZLow, c.ZHigh = 0.2, 0.1 }, "SUPERNOVA_Z_LOW"},
		"half a phase":    {func(c *supernova.Config) { c.PhaseLow = 10 }, "PHASE_LOW"},
		"waves all alike": {func(c *supernova.Config) { c.WaveLow, c.WaveHigh = 4000, 4000 }, "WAVE_LOW"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := supernova.DefaultConfig()
			c.change(&config)
			_, err := supernova.New(demonstration(t), "ztf", config)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one about %q", err, c.want)
			}
		})
	}
}

// TestDigest has each setting be part of the digest.
func TestDigest(t *testing.T) {
	t.Parallel()
	seen := map[string]int{supernova.DefaultConfig().Digest(): -1}
	for i, change := range []func(c *supernova.Config){
		func(c *supernova.Config) { c.MinSignificant = 6 }, func(c *supernova.Config) { c.Z = 0.05 },
		func(c *supernova.Config) { c.ZLow = 0.002 }, func(c *supernova.Config) { c.ZHigh = 0.3 },
		func(c *supernova.Config) { c.ModelCovariance = false },
		func(c *supernova.Config) { c.PhaseLow = -10 }, func(c *supernova.Config) { c.PhaseHigh = 30 },
		func(c *supernova.Config) { c.WaveLow = 3000 }, func(c *supernova.Config) { c.WaveHigh = 7000 },
	} {
		c := supernova.DefaultConfig()
		change(&c)
		if other, again := seen[c.Digest()]; again {
			t.Errorf("change %d has digest %s, as has %d", i, c.Digest(), other)
		}
		seen[c.Digest()] = i
	}
}
