package workbench

import (
	"time"

	"nightwire.dev/infra/source"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/simulate"
)

// Synthetic is a simulated night of ZTF, of which the simulator knows what each
// alert really shows.
func Synthetic(seed uint64, night time.Time, alerts int) (Sample, error) {
	from, err := source.Synthetic(seed, night, alerts)
	if err != nil {
		return Sample{}, err
	}
	sky, err := simulate.New(simulate.Options{Seed: seed, Night: night, Alerts: alerts})
	if err != nil {
		return Sample{}, err
	}
	return Sample{
		Stream: names.ZTF, Source: from,
		Class: func(i int) string { return string(sky.Truth(i).Class) },
	}, nil
}
