package storage

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"time"
)

// attributes are what a client may say about an object, and change later.
type attributes struct {
	ContentType        string            `json:"contentType,omitempty"`
	CacheControl       string            `json:"cacheControl,omitempty"`
	ContentDisposition string            `json:"contentDisposition,omitempty"`
	ContentEncoding    string            `json:"contentEncoding,omitempty"`
	ContentLanguage    string            `json:"contentLanguage,omitempty"`
	CustomTime         string            `json:"customTime,omitempty"`
	Metadata           map[string]string `json:"metadata,omitempty"`
}

// maxMetadataBytes is the real service's limit on custom keys and values.
const maxMetadataBytes = 8 << 10

func (a attributes) check() error {
	total := 0
	for key, value := range a.Metadata {
		total += len(key) + len(value)
	}
	if total > maxMetadataBytes {
		return invalid("The metadata of an object may have at most %d bytes, this has %d.", maxMetadataBytes, total)
	}
	if a.CustomTime == "" {
		return nil
	}
	if _, err := time.Parse(time.RFC3339Nano, a.CustomTime); err != nil {
		return invalid("Invalid customTime %q: it must be in RFC 3339.", a.CustomTime)
	}
	return nil
}

// object is the JSON API's resource. The journal keeps it without the fields
// that link sets, which follow from the others.
type object struct {
	Kind           string    `json:"kind,omitempty"`
	ID             string    `json:"id,omitempty"`
	SelfLink       string    `json:"selfLink,omitempty"`
	MediaLink      string    `json:"mediaLink,omitempty"`
	Bucket         string    `json:"bucket"`
	Name           string    `json:"name"`
	Generation     int64     `json:"generation,string"`
	Metageneration int64     `json:"metageneration,string"`
	StorageClass   string    `json:"storageClass"`
	Size           int64     `json:"size,string"`
	MD5Hash        string    `json:"md5Hash,omitempty"`
	CRC32C         string    `json:"crc32c"`
	ComponentCount int       `json:"componentCount,omitempty"`
	ETag           string    `json:"etag"`
	TimeCreated    time.Time `json:"timeCreated"`
	Updated        time.Time `json:"updated"`
	attributes
}

// link sets the fields that depend on where the server is.
func (o object) link(serverURL string) object {
	path := fmt.Sprintf("/storage/v1/b/%s/o/%s", o.Bucket, url.PathEscape(o.Name))
	o.Kind = "storage#object"
	o.ID = fmt.Sprintf("%s/%s/%d", o.Bucket, o.Name, o.Generation)
	o.SelfLink = serverURL + path
	o.MediaLink = fmt.Sprintf("%s/download%s?generation=%d&alt=media", serverURL, path, o.Generation)
	return o
}

// etag changes with every change of content or metadata.
func etag(generation, metageneration int64) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%d/%d", generation, metageneration))
}

const standardClass = "STANDARD"

// settings is what a bucket's folder says of the bucket itself.
type settings struct {
	Bucket           bucketResource `json:"bucket"`
	Notifications    []notification `json:"notifications"`
	LastNotification int            `json:"lastNotification"` // ids are not used twice
}

type bucketResource struct {
	Kind             string            `json:"kind,omitempty"`
	ID               string            `json:"id,omitempty"`
	SelfLink         string            `json:"selfLink,omitempty"`
	Name             string            `json:"name"`
	Location         string            `json:"location"`
	LocationType     string            `json:"locationType"`
	StorageClass     string            `json:"storageClass"`
	Metageneration   int64             `json:"metageneration,string"`
	ETag             string            `json:"etag"`
	TimeCreated      time.Time         `json:"timeCreated"`
	Updated          time.Time         `json:"updated"`
	Labels           map[string]string `json:"labels,omitempty"`
	IAMConfiguration iamConfiguration  `json:"iamConfiguration"`
}

type iamConfiguration struct {
	UniformBucketLevelAccess uniformAccess `json:"uniformBucketLevelAccess"`
	PublicAccessPrevention   string        `json:"publicAccessPrevention,omitempty"`
}

type uniformAccess struct {
	Enabled bool `json:"enabled"`
}

func (b bucketResource) link(serverURL string) bucketResource {
	b.Kind = "storage#bucket"
	b.ID = b.Name
	b.SelfLink = serverURL + "/storage/v1/b/" + b.Name
	return b
}
