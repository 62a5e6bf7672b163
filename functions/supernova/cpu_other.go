//go:build !linux

package supernova

import "time"

// processorTime is how long do takes: this system does not tell what a thread
// uses.
func processorTime(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}
