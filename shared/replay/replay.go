// Package replay sends archived alerts through the functions again.
//
// Files of the archive enter. For each leaves the notification that the bucket
// itself sent when the file was made, on the same topic, but for one mark: the
// attribute nightwire.replay. By it the function rows stores a row again that
// its readers see once, and the function filter notifies nobody, or only those
// whom nightwire.notify names. So a replay may be interrupted and repeated at
// will. The command line, the backfill of a filter and the function night call
// it.
//
// Source: Cloud Storage notifications, payload JSON_API_V1.
package replay

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/storage"
	"nightwire.dev/shared/names"
)

// resource is an object in the form in which a bucket tells of it.
type resource struct {
	Kind           string            `json:"kind"`
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Bucket         string            `json:"bucket"`
	Generation     string            `json:"generation"`
	Metageneration string            `json:"metageneration"`
	ContentType    string            `json:"contentType,omitempty"`
	TimeCreated    string            `json:"timeCreated"`
	Updated        string            `json:"updated"`
	StorageClass   string            `json:"storageClass,omitempty"`
	Size           string            `json:"size"`
	MD5Hash        string            `json:"md5Hash,omitempty"`
	CRC32C         string            `json:"crc32c"`
	ETag           string            `json:"etag,omitempty"`
	Metadata       map[string]string `json:"metadata,omitempty"`
}

// Message is the bucket's notification of the file, but for the attributes
// that say that it is a replay, and which filters' readers are to be notified:
// none if notify is empty, all if it is "*", else those that it names, with
// commas between. It names no notification configuration, since none sends it.
func Message(o *storage.ObjectAttrs, notify string) *pubsub.Message {
	generation := strconv.FormatInt(o.Generation, 10)
	data, _ := json.Marshal(resource{ // it holds nothing but strings, and cannot fail
		Kind: "storage#object", ID: o.Bucket + "/" + o.Name + "/" + generation, Name: o.Name, Bucket: o.Bucket,
		Generation: generation, Metageneration: strconv.FormatInt(o.Metageneration, 10), ContentType: o.ContentType,
		TimeCreated: timestamp(o.Created), Updated: timestamp(o.Updated),
		StorageClass: o.StorageClass, Size: strconv.FormatInt(o.Size, 10),
		MD5Hash: base64.StdEncoding.EncodeToString(o.MD5),
		CRC32C:  base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, o.CRC32C)),
		ETag:    o.Etag, Metadata: o.Metadata,
	})
	attributes := map[string]string{
		"eventType": storage.ObjectFinalizeEvent, "payloadFormat": storage.JSONPayload,
		"bucketId": o.Bucket, "objectId": o.Name, "objectGeneration": generation,
		"eventTime": timestamp(o.Created),
	}
	Mark(attributes, notify)
	return &pubsub.Message{Data: data, Attributes: attributes}
}

// Mark says in a message's attributes that it is a replay, and for whom, as
// Message does. A raw message that bears the mark hands it on to the file that
// is made of it.
func Mark(attributes map[string]string, notify string) {
	attributes[names.AttributeReplay] = "true"
	if notify != "" {
		attributes[names.AttributeNotify] = notify
	}
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
