package event

import (
	"maps"
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
		if name = strings.TrimSpace(name); name == filter || name == names.NotifyAll {
			return true
		}
	}
	return false
}

// Marked is the notification with its file's mark, which the function archive
// writes where the raw message was itself sent again: such a file is no news,
// though the bucket tells of it for the first time. A mark of the notification's
// own counts alone.
func (m *Message) Marked(o Object) *Message {
	if m.Replay() || o.Metadata[names.AttributeReplay] == "" {
		return m
	}
	marked := *m
	marked.Attributes = ReplayMark(o.Metadata)
	maps.Copy(marked.Attributes, m.Attributes)
	return &marked
}

// ReplayMark is the part of a message's attributes, or of a file's metadata,
// that says that it was sent again, and for whom.
func ReplayMark(attributes map[string]string) map[string]string {
	mark := map[string]string{}
	for _, key := range []string{names.AttributeReplay, names.AttributeNotify} {
		if value := attributes[key]; value != "" {
			mark[key] = value
		}
	}
	return mark
}
