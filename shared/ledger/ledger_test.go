package ledger_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/ledger"
)

// TestOutcomes: what is written here is what the order of outcomes knows.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	want := []string{string(ledger.Stored), string(ledger.Conflict), string(ledger.Duplicate), string(ledger.Rejected)}
	if diff := cmp.Diff(want, schemas.Outcomes()); diff != "" {
		t.Errorf("outcomes, the best first (-want +got):\n%s", diff)
	}
}
