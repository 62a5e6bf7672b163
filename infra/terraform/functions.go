// Package terraform is the deployment. Its one piece of Go lets the local
// stack read the same map of functions as the deployment does, so that a
// function is added to both by one line.
package terraform

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

//go:embed functions.auto.tfvars.json
var functionsJSON []byte

// Function is one entry of the map of functions.
type Function struct {
	Name    string `json:"-"`
	Trigger string `json:"trigger"` // the kind of topic: alerts-raw, archived
}

// Functions lists the functions in the order of their names.
func Functions() ([]Function, error) {
	var file struct {
		Functions map[string]Function `json:"functions"`
	}
	if err := json.Unmarshal(functionsJSON, &file); err != nil {
		return nil, fmt.Errorf("functions.auto.tfvars.json: %w", err)
	}
	var all []Function
	for _, name := range slices.Sorted(maps.Keys(file.Functions)) {
		f := file.Functions[name]
		f.Name = name
		all = append(all, f)
	}
	return all, nil
}
