package storage

import (
	"sync/atomic"
	"time"
)

// clock numbers changes and generations: microseconds since 1970, as the real
// service's generations look, and always above every number given before.
type clock struct {
	last atomic.Int64
}

func (c *clock) next() int64 {
	for {
		last := c.last.Load()
		next := max(last+1, time.Now().UnixMicro())
		if c.last.CompareAndSwap(last, next) {
			return next
		}
	}
}

// atLeast keeps the clock above a number that an earlier process gave out.
func (c *clock) atLeast(number int64) {
	for {
		last := c.last.Load()
		if last >= number || c.last.CompareAndSwap(last, number) {
			return
		}
	}
}
