package event

import (
	"errors"
	"fmt"
)

// IsPermanent says whether trying again cannot help. Only an error that says
// so of itself is permanent; everything else may pass, and is tried again.
func IsPermanent(err error) bool {
	var p interface{ Permanent() bool }
	return errors.As(err, &p) && p.Permanent()
}

// isWaiting says whether an event wants to be sent again though nothing went
// wrong: what it asks for takes longer than one try. Only an error that says so
// of itself is of this kind.
func isWaiting(err error) bool {
	var w interface{ Waiting() bool }
	return errors.As(err, &w) && w.Waiting()
}

// fault is a request that is no event.
type fault struct{ reason string }

func (f *fault) Error() string   { return f.reason }
func (f *fault) Permanent() bool { return true }

func malformed(format string, arguments ...any) error {
	return &fault{"event: " + fmt.Sprintf(format, arguments...)}
}
