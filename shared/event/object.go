package event

import (
	"encoding/json"
	"strconv"
	"time"
)

// Object is an object that was written to a bucket.
type Object struct {
	Bucket      string
	Name        string
	Generation  int64
	Size        int64
	Metadata    map[string]string
	TimeCreated time.Time
}

// IsNotification says whether the message tells of an object in a bucket.
func (m *Message) IsNotification() bool {
	return m.kind == objectFinalized || m.Attributes["eventType"] != ""
}

// Object reads which object the message tells of. News of anything but a new
// object (its deletion, its new metadata) has ok false. The text is read once,
// though several ask.
func (m *Message) Object() (o Object, ok bool, err error) {
	if kind := m.Attributes["eventType"]; m.kind != objectFinalized && kind != "OBJECT_FINALIZE" {
		if kind == "" {
			return o, false, malformed("message %s is not a bucket's notification: it has no eventType", m.ID)
		}
		return o, false, nil
	}
	if m.object == nil {
		if o, err = m.readObject(); err != nil {
			return Object{}, false, err
		}
		m.object = &o
	}
	return *m.object, true, nil
}

func (m *Message) readObject() (o Object, err error) {
	var resource struct {
		Bucket      string            `json:"bucket"`
		Name        string            `json:"name"`
		Generation  string            `json:"generation"`
		Size        string            `json:"size"`
		Metadata    map[string]string `json:"metadata"`
		TimeCreated time.Time         `json:"timeCreated"`
	}
	if err := json.Unmarshal(m.Data, &resource); err != nil {
		return o, malformed("object of message %s: %v", m.ID, err)
	}
	o = Object{Bucket: resource.Bucket, Name: resource.Name, Metadata: resource.Metadata, TimeCreated: resource.TimeCreated}
	if o.Generation, err = strconv.ParseInt(resource.Generation, 10, 64); err != nil || o.Bucket == "" || o.Name == "" {
		return o, malformed("object of message %s: want a bucket, a name and a generation", m.ID)
	}
	if o.Size, err = strconv.ParseInt(resource.Size, 10, 64); err != nil {
		return o, malformed("object %s: size %q", o.Name, resource.Size)
	}
	return o, nil
}
