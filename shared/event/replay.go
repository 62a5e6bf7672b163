package event

import (
	"strings"

	"nightwire.dev/shared/names"
)

// Replay says whether a message was sent again on purpose.
func (m *Message) Replay() bool {
	return m.Attributes[names.AttributeReplay] == "true" || m.Attributes[names.AttributeNotify] != ""
}

// Notifies says whether the message asks that a filter's matches be notified:
// each filter's, unless it is a replay; of a replay, those that it names.
func (m *Message) Notifies(filter string) bool {
	if !m.Replay() {
		return true
	}
	for name := range strings.SplitSeq(m.Attributes[names.AttributeNotify], ",") {
		if name = strings.TrimSpace(name); name == filter || name == "*" {
			return true
		}
	}
	return false
}
