//go:build !linux

package stack

import (
	"syscall"
	"time"
)

// rssUnit is the unit of Rusage.Maxrss.
const rssUnit = 1

// childAttributes keep the terminal's Ctrl-C from a child, since the parent
// stops it in order.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// readProcess is not to be had here: figures come when the process has ended.
func readProcess(int) (cpu time.Duration, rss int64) { return 0, 0 }
