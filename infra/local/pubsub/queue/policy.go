package queue

import "time"

// Policy is how failed messages are tried again.
type Policy struct {
	// The n-th failure is followed by a pause of MinBackoff doubled n-1 times,
	// and no more than MaxBackoff.
	MinBackoff, MaxBackoff time.Duration
	// After so many failures the message is handed out no more, and waits in
	// Exhausted. Zero means never.
	MaxAttempts int
}

// pause is the time to wait after the n-th failure.
func (p Policy) pause(failures int) time.Duration {
	pause := p.MinBackoff
	for ; failures > 1 && pause < p.MaxBackoff; failures-- {
		pause *= 2
	}
	if p.MaxBackoff > 0 {
		pause = min(pause, p.MaxBackoff)
	}
	return pause
}
