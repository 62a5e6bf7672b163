package stack

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// rssUnit is the unit of Rusage.Maxrss.
const rssUnit = 1024

// childAttributes end a child with its parent, even if that is killed, and
// keep the terminal's Ctrl-C from it, since the parent stops it in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// readProcess reads a living process's CPU time and resident memory.
func readProcess(pid int) (cpu time.Duration, rss int64) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	// The name, in brackets, may contain anything; the fields follow it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const utime, stime, resident = 11, 12, 21
	if len(fields) <= resident {
		return 0, 0
	}
	number := func(i int) int64 { n, _ := strconv.ParseInt(string(fields[i]), 10, 64); return n }
	const ticksPerSecond = 100
	return time.Duration(number(utime)+number(stime)) * time.Second / ticksPerSecond,
		number(resident) * int64(os.Getpagesize())
}
