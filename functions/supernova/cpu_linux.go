package supernova

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is what do uses of a processor, other work beside it left out.
func processorTime(do func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := ofThread()
	do()
	return ofThread() - before
}

// ofThread is what the thread has used; nothing if the system does not tell. A
// fit is shorter than the ticks in which rusage counts.
func ofThread() time.Duration {
	var used unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &used); err != nil {
		return 0
	}
	return time.Duration(used.Nano())
}
