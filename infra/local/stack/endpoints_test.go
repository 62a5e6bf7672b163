package stack

import (
	"slices"
	"strings"
	"testing"

	"nightwire.dev/shared/names"
)

// TestFunctionsEnvironment says to the functions what Cloud Run would.
func TestFunctionsEnvironment(t *testing.T) {
	t.Parallel()
	environment := Endpoints{Stream: names.ZTF, Functions: "127.0.0.1:8711"}.functionsEnvironment()
	for _, want := range []string{
		"PORT=8711", "K_SERVICE=nightwire-functions", "K_REVISION=nightwire-functions-local",
		"K_CONFIGURATION=nightwire-functions", "FUNCTION_SIGNATURE_TYPE=http",
	} {
		if !slices.Contains(environment, want) {
			t.Errorf("%s is not in %v", want, environment)
		}
	}
	if i := slices.IndexFunc(environment, func(v string) bool { return strings.HasPrefix(v, "FUNCTION_TARGET=") }); i >= 0 {
		t.Errorf("%s would leave one function of them all", environment[i])
	}
}
