// Package porttest keeps ports for tests whose servers listen later.
package porttest

import (
	"testing"

	"nightwire.dev/infra/local/port"
)

// Keep keeps a port of loopback while the test lasts: it is nobody else's, and
// nobody listens there but whom the test lets.
func Keep(t testing.TB) *port.Kept {
	t.Helper()
	kept, err := port.Keep()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.Release(); err != nil {
			t.Error(err)
		}
	})
	return kept
}
