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

// Object reads which object the message tells of. News of anything but a new
// object (its deletion, its new metadata) has ok false.
func (m *Message) Object() (o Object, ok bool, err error) {
	if kind := m.Attributes["eventType"]; m.kind != objectFinalized && kind != "OBJECT_FINALIZE" {
		if kind == "" {
			return o, false, malformed("message %s is not a bucket's notification: it has no eventType", m.ID)
		}
		return o, false, nil
	}
	var resource struct {
		Bucket      string            `json:"bucket"`
		Name        string            `json:"name"`
		Generation  string            `json:"generation"`
		Size        string            `json:"size"`
		Metadata    map[string]string `json:"metadata"`
		TimeCreated time.Time         `json:"timeCreated"`
	}
	if err := json.Unmarshal(m.Data, &resource); err != nil {
		return o, false, malformed("object of message %s: %v", m.ID, err)
	}
	o = Object{Bucket: resource.Bucket, Name: resource.Name, Metadata: resource.Metadata, TimeCreated: resource.TimeCreated}
	if o.Generation, err = strconv.ParseInt(resource.Generation, 10, 64); err != nil || o.Bucket == "" || o.Name == "" {
		return o, false, malformed("object of message %s: want a bucket, a name and a generation", m.ID)
	}
	if o.Size, err = strconv.ParseInt(resource.Size, 10, 64); err != nil {
		return o, false, malformed("object %s: size %q", o.Name, resource.Size)
	}
	return o, true, nil
}
