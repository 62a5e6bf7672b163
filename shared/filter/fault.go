package filter

import (
	"fmt"
	"strings"
)

// Fault is what is wrong with a filter's file, and where.
type Fault struct {
	File   string
	Line   int // from 1; 0 where it is the file as a whole
	Column int // from 1
	Reason string
}

func (f Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Reason)
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Reason)
}

// Faults are all that is wrong with a file.
type Faults []Fault

func (f Faults) Error() string {
	var lines []string
	for _, fault := range f {
		lines = append(lines, fault.Error())
	}
	return strings.Join(lines, "\n")
}

// Permanent tells that reading the file again cannot help.
func (f Faults) Permanent() bool { return true }
