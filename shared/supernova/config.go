package supernova

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"

	"nightwire.dev/shared/salt2"
)

// Config says how light curves are fitted. Its environment is that of the
// function; DefaultConfig has the same defaults.
type Config struct {
	MinSignificant  int     `env:"NIGHTWIRE_SUPERNOVA_MIN_SIGNIFICANT, default=5"`     // fewest points of 5 sigma in the fit's range
	Z               float64 `env:"NIGHTWIRE_SUPERNOVA_Z"`                              // the redshift of all; 0 leaves it free
	ZLow            float64 `env:"NIGHTWIRE_SUPERNOVA_Z_LOW, default=0.001"`           // of a free redshift
	ZHigh           float64 `env:"NIGHTWIRE_SUPERNOVA_Z_HIGH, default=0.2"`            //
	ModelCovariance bool    `env:"NIGHTWIRE_SUPERNOVA_MODEL_COVARIANCE, default=true"` // count the model's own errors
	PhaseLow        float64 `env:"NIGHTWIRE_SUPERNOVA_PHASE_LOW"`                      // rest-frame days; both 0: the model's, less its last 5 days
	PhaseHigh       float64 `env:"NIGHTWIRE_SUPERNOVA_PHASE_HIGH"`                     //
	WaveLow         float64 `env:"NIGHTWIRE_SUPERNOVA_WAVE_LOW"`                       // rest-frame Angstrom of the band; both 0: all
	WaveHigh        float64 `env:"NIGHTWIRE_SUPERNOVA_WAVE_HIGH"`                      //
}

// DefaultConfig fits a free redshift with the model's covariance.
func DefaultConfig() Config {
	return Config{MinSignificant: 5, ZLow: 0.001, ZHigh: 0.2, ModelCovariance: true}
}

// highestZ is a redshift that no optical band of a SALT model reaches.
const highestZ = 2

// Validate says which setting is wrong.
func (c Config) Validate() error {
	switch {
	case c.MinSignificant < 1:
		return fmt.Errorf("NIGHTWIRE_SUPERNOVA_MIN_SIGNIFICANT: %d: want 1 or more", c.MinSignificant)
	case !(c.Z >= 0 && c.Z <= highestZ):
		return fmt.Errorf("NIGHTWIRE_SUPERNOVA_Z: %v: want a redshift up to %d, or 0 for a free one", c.Z, highestZ)
	case c.Z == 0 && !(c.ZLow > 0 && c.ZLow < c.ZHigh && c.ZHigh <= highestZ):
		return fmt.Errorf("NIGHTWIRE_SUPERNOVA_Z_LOW, _HIGH: %v to %v: want 0 < low < high <= %d", c.ZLow, c.ZHigh, highestZ)
	case !ordered(c.PhaseLow, c.PhaseHigh):
		return fmt.Errorf("NIGHTWIRE_SUPERNOVA_PHASE_LOW, _HIGH: %v to %v: want low < high, or both 0", c.PhaseLow, c.PhaseHigh)
	case !ordered(c.WaveLow, c.WaveHigh):
		return fmt.Errorf("NIGHTWIRE_SUPERNOVA_WAVE_LOW, _HIGH: %v to %v: want low < high, or both 0", c.WaveLow, c.WaveHigh)
	}
	return nil
}

// Digest names the settings: other settings have another, for all that one can
// expect.
func (c Config) Digest() string {
	const bytes = 4
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", c))
	return hex.EncodeToString(sum[:bytes])
}

// ordered says whether two limits are an interval, or both zero.
func ordered(low, high float64) bool {
	return low < high || low == 0 && high == 0
}

// lastDays are left out of the model's phases. After its last phase the model
// has no light; near it the fit could escape a late point by moving the maximum
// until the point is just inside, or just outside.
const lastDays = 5

// options are the settings as the fit takes them. Where the model has no light
// it says nothing: those points are left out.
func (c Config) options(m *salt2.Model) salt2.Options {
	z := salt2.FreeZ(c.ZLow, c.ZHigh)
	if c.Z > 0 {
		z = salt2.FixedZ(c.Z)
	}
	phases := salt2.Bounds{Low: c.PhaseLow, High: c.PhaseHigh}
	if phases == (salt2.Bounds{}) {
		phases = m.Phases()
		phases.High -= lastDays
	}
	return salt2.Options{
		Z: z, ModelCovariance: c.ModelCovariance, Phase: phases,
		Wave: salt2.Bounds{Low: c.WaveLow, High: c.WaveHigh},
	}
}

// inOrder are the bands in the order of their names, so that fits are the same
// at each start.
func inOrder(bands map[string]*salt2.Band) []*salt2.Band {
	all := make([]*salt2.Band, 0, len(bands))
	for _, name := range slices.Sorted(maps.Keys(bands)) {
		all = append(all, bands[name])
	}
	return all
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
