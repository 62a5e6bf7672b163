// Package terraform is the deployment. Its one piece of Go lets the local
// stack read the same map of functions as the deployment does, so that a
// function is added to both by one line.
package terraform

//go:generate go run ./tables tables

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

//go:embed functions.auto.tfvars.json
var functionsJSON []byte

// Function is one entry of the map of functions. What it leaves out has the
// default of variables.tf.
type Function struct {
	Name    string `json:"-"`
	Trigger string `json:"trigger"` // the kind of topic: alerts-raw, archived

	Memory      string `json:"memory"`      // of an instance, "512Mi"
	CPU         string `json:"cpu"`         // of an instance
	Concurrency int    `json:"concurrency"` // events in one instance at a time
	Instances   int    `json:"instances"`   // at most
	Timeout     int    `json:"timeout"`     // of one event [s]
	Retry       Retry  `json:"retry"`

	Reads     []string `json:"reads"`     // alerts, or products/FOLDER
	Writes    []string `json:"writes"`    // the same
	Publishes []string `json:"publishes"` // kinds of topic; filters means each filter's
	Appends   []string `json:"appends"`   // tables
	Asks      []string `json:"asks"`      // tables and views that it queries
	Registry  bool     `json:"registry"`  // it asks the survey's schema registry
}

// Retry is how an event is tried again that was not acknowledged.
type Retry struct {
	Minimum  string `json:"minimum"` // first pause, "10s"
	Maximum  string `json:"maximum"` // longest pause
	Attempts int    `json:"attempts"`
}

// Instance is what one instance of a function has.
type Instance struct {
	Processors  float64
	MemoryGiB   float64
	Concurrency int // events at a time
}

// Instance fills what the map leaves out with the defaults of variables.tf.
func (f Function) Instance() (Instance, error) {
	i := Instance{Processors: 1, MemoryGiB: 0.5, Concurrency: 32}
	var err error
	if f.CPU != "" {
		if i.Processors, err = strconv.ParseFloat(f.CPU, 64); err != nil {
			return Instance{}, fmt.Errorf("function %s: cpu %q: want a number of processors", f.Name, f.CPU)
		}
	}
	if f.Memory != "" {
		if i.MemoryGiB, err = gibibytes(f.Memory); err != nil {
			return Instance{}, fmt.Errorf("function %s: memory %q: want it like 512Mi or 2Gi", f.Name, f.Memory)
		}
	}
	if f.Concurrency != 0 {
		i.Concurrency = f.Concurrency
	}
	return i, nil
}

func gibibytes(text string) (float64, error) {
	if mebibytes, ok := strings.CutSuffix(text, "Mi"); ok {
		n, err := strconv.ParseFloat(mebibytes, 64)
		return n / 1024, err
	}
	return strconv.ParseFloat(strings.TrimSuffix(text, "Gi"), 64)
}

// Functions lists the functions in the order of their names.
func Functions() ([]Function, error) { return parse(functionsJSON) }

func parse(text []byte) ([]Function, error) {
	var file struct {
		Functions map[string]Function `json:"functions"`
	}
	// Terraform passes over a key that it does not know; a right that is misspelt
	// would be missed only in a deployment.
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("functions.auto.tfvars.json: %w", err)
	}
	var all []Function
	for _, name := range slices.Sorted(maps.Keys(file.Functions)) {
		f := file.Functions[name]
		f.Name = name
		if f.Trigger == "" {
			return nil, fmt.Errorf("functions.auto.tfvars.json: function %s has no trigger", name)
		}
		all = append(all, f)
	}
	return all, nil
}
