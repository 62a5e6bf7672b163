package event

import "strings"

// The attributes of a notification that somebody sends again on purpose.
const (
	// AttributeReplay is "true" where the alert is no news.
	AttributeReplay = "nightwire.replay"

	// AttributeNotify names the filters whose matches are to be notified all
	// the same: "*", or names with commas between.
	AttributeNotify = "nightwire.notify"
)

// Replay says whether a message was sent again on purpose.
func (m *Message) Replay() bool {
	return m.Attributes[AttributeReplay] == "true" || m.Attributes[AttributeNotify] != ""
}

// Notifies says whether the message asks that a filter's matches be notified:
// each filter's, unless it is a replay; of a replay, those that it names.
func (m *Message) Notifies(filter string) bool {
	if !m.Replay() {
		return true
	}
	for name := range strings.SplitSeq(m.Attributes[AttributeNotify], ",") {
		if name = strings.TrimSpace(name); name == filter || name == "*" {
			return true
		}
	}
	return false
}
