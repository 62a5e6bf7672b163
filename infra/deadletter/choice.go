package deadletter

import (
	"strings"
	"time"
)

// Choice says which letters are meant. The zero value means all.
type Choice struct {
	Reason   string // a part of it, in capitals or not
	Function string
	Since    time.Time
	IDs      []string
}

// Has says whether the letter is meant.
func (c Choice) Has(l *Letter) bool {
	return strings.Contains(strings.ToLower(l.Reason), strings.ToLower(c.Reason)) &&
		(c.Function == "" || c.Function == l.Function) &&
		!l.At.Before(c.Since) && c.hasID(l.ID)
}

func (c Choice) hasID(id string) bool {
	for _, one := range c.IDs {
		if one == id {
			return true
		}
	}
	return len(c.IDs) == 0
}
