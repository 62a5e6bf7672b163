package storage

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// bucketResource is the JSON API's resource. A client may say the name of a new
// bucket, its location, and labels, which are given back.
type bucketResource struct {
	Kind         string            `json:"kind,omitempty"`
	ID           string            `json:"id,omitempty"`
	Name         string            `json:"name"`
	Location     string            `json:"location"`
	StorageClass string            `json:"storageClass"`
	TimeCreated  time.Time         `json:"timeCreated"`
	Labels       map[string]string `json:"labels,omitempty"`
	Lifecycle    json.RawMessage   `json:"lifecycle,omitempty"` // the Go client sends it without rules
}

const standardClass = "STANDARD"

// bucketName is what both the real service and a folder allow.
var bucketName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{1,220})[a-z0-9]$`)

func (s *Server) insertBucket(_ *bucket, _ http.ResponseWriter, r *http.Request) (any, error) {
	resource := bucketResource{Location: "US", StorageClass: standardClass}
	if err := decode(r.Body, &resource); err != nil {
		return nil, err
	}
	switch {
	case !bucketName.MatchString(resource.Name):
		return nil, invalid("Invalid bucket name: '%s'", resource.Name)
	case resource.StorageClass != standardClass:
		return nil, unsupported("the storage class " + resource.StorageClass)
	case resource.Lifecycle != nil && string(resource.Lifecycle) != `{"rule":[]}`:
		return nil, unsupported("lifecycle rules")
	}
	resource.Kind, resource.ID, resource.Lifecycle = "storage#bucket", resource.Name, nil
	resource.Location = strings.ToUpper(resource.Location)
	resource.TimeCreated = time.Now().UTC().Truncate(time.Millisecond)

	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.buckets[resource.Name]; exists || slices.Contains(reservedBuckets, resource.Name) {
		return nil, conflict("The requested bucket name is not available. Please select a different name and try again.")
	}
	b, err := s.openBucket(resource.Name)
	if err != nil {
		return nil, err
	}
	if err := b.commit(record{Bucket: &resource}); err != nil {
		return nil, errors.Join(err, b.journal.file.Close())
	}
	s.buckets[resource.Name] = b
	return b.resource, nil
}

func (b *bucket) get(http.ResponseWriter, *http.Request) (any, error) {
	return b.resource, nil
}

// layout says where a bucket is, and nothing of a hierarchy of folders: gcloud
// asks before it moves.
func (b *bucket) layout(http.ResponseWriter, *http.Request) (any, error) {
	return map[string]string{"kind": "storage#storageLayout", "bucket": b.resource.Name, "location": b.resource.Location}, nil
}

func (s *Server) listBuckets(_ *bucket, _ http.ResponseWriter, r *http.Request) (any, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p, err := page(r.Form, slices.Sorted(maps.Keys(s.buckets)))
	if err != nil {
		return nil, err
	}
	items := make([]bucketResource, len(p.Items))
	for i, name := range p.Items {
		items[i] = s.buckets[name].resource
	}
	return list[bucketResource]{Kind: "storage#buckets", NextPageToken: p.NextPageToken, Items: items}, nil
}

// deleteBucket removes a bucket that holds no objects. Without its journal it is
// none, whatever stays of the folder, and requests that found it before can
// change nothing any more.
func (s *Server) deleteBucket(b *bucket, _ http.ResponseWriter, _ *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.buckets[b.resource.Name] != b {
		return nil, noSuchBucket()
	}
	if len(b.entries) > 0 {
		return nil, conflict("The bucket you tried to delete is not empty.")
	}
	if err := os.Remove(b.path(journalFile)); err != nil {
		return nil, err
	}
	delete(s.buckets, b.resource.Name)
	for _, sender := range b.senders {
		sender.stop()
	}
	_ = os.RemoveAll(b.dir)
	return nil, b.journal.file.Close()
}
