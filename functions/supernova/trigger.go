package supernova

import (
	"fmt"
	"strconv"

	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
)

// isNotice says whether a message of the filter's topic is no match, such as the
// one that says that the filter is paused.
func isNotice(m *event.Message) bool { return m.Attributes[names.AttributeNotice] != "" }

// fault is a message that no other try can help.
type fault struct{ reason string }

func (f *fault) Error() string   { return f.reason }
func (f *fault) Permanent() bool { return true }

// object is the archived file that a match names. It has to be one of the
// stream's own: what readers of another stream may not see is not read here.
func (f *Function) object(m *event.Message) (event.Object, error) {
	o := event.Object{
		Bucket: m.Attributes[names.AttributeBucket], Name: m.Attributes[names.AttributeObject],
	}
	var err error
	if o.Generation, err = strconv.ParseInt(m.Attributes[names.AttributeGeneration], 10, 64); err != nil || o.Bucket == "" || o.Name == "" {
		return o, &fault{fmt.Sprintf("message %s is no filter's match: it does not name the alert's file", m.ID)}
	}
	if own := f.Resources.AlertsBucket(); o.Bucket != own {
		return o, &fault{fmt.Sprintf("message %s names a file in bucket %s: want %s", m.ID, o.Bucket, own)}
	}
	return o, nil
}
