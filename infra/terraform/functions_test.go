package terraform_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"nightwire.dev/infra/terraform"
	"nightwire.dev/shared/names"
)

// TestFunctionsNameWhatIsThere checks the rights in the map without terraform:
// tables and topics that no stream has would stop a plan only in a deployment.
func TestFunctionsNameWhatIsThere(t *testing.T) {
	t.Parallel()
	functions, err := terraform.Functions()
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{"alerts-raw", "archived", "dawn", "watermarks", "tarball", "supernova", "filters"}
	for _, topic := range builtIn(t, names.ZTF) {
		kinds = append(kinds, topic)
	}
	for _, f := range functions {
		for _, kind := range append(slices.Clone(f.Publishes), f.Trigger) {
			if !slices.Contains(kinds, kind) {
				t.Errorf("%s: no topic is of the kind %s", f.Name, kind)
			}
		}
		for _, stream := range names.Streams() {
			for _, table := range slices.Concat(f.Appends, f.Asks) {
				if !slices.Contains(tables(stream), table) {
					t.Errorf("%s: %s has no table %s", f.Name, stream, table)
				}
			}
		}
		if len(f.Reads)+len(f.Writes)+len(f.Appends)+len(f.Publishes) == 0 {
			t.Errorf("%s may touch nothing: its line in functions.auto.tfvars.json says what it reads and writes", f.Name)
		}
	}
}

// TestReadmeTellsTheRights compares the table of the README with the map.
func TestReadmeTellsTheRights(t *testing.T) {
	t.Parallel()
	functions, err := terraform.Functions()
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range functions {
		lines = append(lines, fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s | %s |", f.Name, f.Trigger, list(f.Reads), list(f.Writes), list(f.Publishes), list(f.Appends), list(f.Asks)))
	}
	for _, line := range lines {
		if !strings.Contains(string(readme), line+"\n") {
			t.Errorf("README.md has not the rights of the functions, which are\n%s", strings.Join(lines, "\n"))
			return
		}
	}
}

func list(items []string) string { return strings.Join(items, ", ") }
