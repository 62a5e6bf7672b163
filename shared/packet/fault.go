package packet

import (
	"fmt"
	"strings"
)

// Fault is an error of the bytes themselves: the same bytes will fail again.
type Fault struct {
	Path   string // the field, as in candidate.magpsf or prv_candidates[3].jd; empty for the packet as a whole
	Offset int    // where in the packet (or in the decompressed record, where Path is set) reading stopped
	Reason string
}

func (f *Fault) Error() string {
	if f.Path == "" {
		return fmt.Sprintf("packet, byte %d: %s", f.Offset, f.Reason)
	}
	return fmt.Sprintf("field %s, byte %d of the record: %s", f.Path, f.Offset, f.Reason)
}

// Permanent tells that trying again cannot help.
func (f *Fault) Permanent() bool { return true }

func faultf(offset int, format string, arguments ...any) *Fault {
	return &Fault{Offset: offset, Reason: fmt.Sprintf(format, arguments...)}
}

// within puts the name of the enclosing field before the path.
func (f *Fault) within(name string) *Fault {
	switch {
	case f.Path == "":
		f.Path = name
	case strings.HasPrefix(f.Path, "["):
		f.Path = name + f.Path
	default:
		f.Path = name + "." + f.Path
	}
	return f
}

// inField and atItem place a fault of a part within its whole.
func inField(err error, field string) error {
	if f, ok := err.(*Fault); ok { //nolint:errorlint // scan returns faults unwrapped
		return f.within(field)
	}
	return err
}

func atItem(err error, item int) error { return inField(err, fmt.Sprintf("[%d]", item)) }
