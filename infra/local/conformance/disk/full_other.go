//go:build !linux

package disk

import (
	"os"
	"testing"
)

// Outlive does nothing here.
func Outlive() {}

// Fill skips the test: this system sets no limits of another process.
func Fill(t *testing.T, _ *os.Process) (free func()) {
	t.Skip("the files of another process can be limited on Linux only")
	return nil
}
