package disk

import (
	"math"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Outlive makes a write beyond the limit an error, as on a full disk, and not
// the end of this process.
func Outlive() { signal.Ignore(syscall.SIGXFSZ) }

// Fill lets every write of the process to a file fail until free is called.
func Fill(t *testing.T, process *os.Process) (free func()) {
	t.Helper()
	limit := func(bytes uint64) {
		t.Helper()
		if err := unix.Prlimit(process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: math.MaxUint64}, nil); err != nil {
			t.Fatalf("limit the files of process %d: %v", process.Pid, err)
		}
	}
	limit(0)
	return func() { limit(math.MaxUint64) }
}
