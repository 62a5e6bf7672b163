package cost

import (
	"fmt"
	"maps"

	"nightwire.dev/infra/terraform"
)

// What the plan keeps, and for how many days. A test compares them with it.
const (
	topicDays  = 7.0        // a message in its topic, to be had back
	claimDays  = 90.0       // a claim on a match
	plotDays   = 400.0      // a plot
	colderDays = 30.0       // a file in Standard that then moves
	tarballs   = "coldline" // where tarballs move
)

// months is a number of days in months, as prices count them.
func months(days float64) float64 { return days * 24 / monthHour }

// Instance is what one instance of a function has.
type Instance struct {
	Processors  float64 `json:"processors"`
	MemoryGiB   float64 `json:"memory_gib"`
	Concurrency float64 `json:"concurrency"` // events at once
}

// Instances are those of a deployment, by the name of the function.
type Instances map[string]Instance

// Planned are the instances that the deployment's plan sets up.
func Planned() (Instances, error) {
	functions, err := terraform.Functions()
	if err != nil {
		return nil, err
	}
	planned := Instances{}
	for _, f := range functions {
		i, err := f.Instance()
		if err != nil {
			return nil, err
		}
		planned[f.Name] = Instance{Processors: i.Processors, MemoryGiB: i.MemoryGiB, Concurrency: float64(i.Concurrency)}
	}
	return planned, nil
}

// With are the instances with a change of each; the receiver stays as it is.
func (all Instances) With(change func(*Instance)) Instances {
	changed := maps.Clone(all)
	for name, i := range changed {
		change(&i)
		changed[name] = i
	}
	return changed
}

// working are the functions that have an event for each alert or fit.
func working() []string { return []string{"archive", "rows", "filter", "supernova"} }

func (all Instances) validate() error {
	for _, name := range working() {
		switch i, ok := all[name]; {
		case !ok:
			return fmt.Errorf("function %s has no instances", name)
		case !(i.Concurrency >= 1 && i.Concurrency <= 1000):
			return fmt.Errorf("%v events at once: an instance takes 1 to 1,000", i.Concurrency)
		case !(i.Processors > 0 && i.MemoryGiB > 0):
			return fmt.Errorf("an instance of %s has %v processors and %v GiB: want some", name, i.Processors, i.MemoryGiB)
		}
	}
	return nil
}
