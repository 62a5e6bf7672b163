package storage

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// bucketRequest is what may be said of a new bucket.
type bucketRequest struct {
	Name             string            `json:"name"`
	Location         string            `json:"location"`
	StorageClass     string            `json:"storageClass"`
	Labels           map[string]string `json:"labels"`
	IAMConfiguration iamConfiguration  `json:"iamConfiguration"`
	Lifecycle        struct {
		Rules []json.RawMessage `json:"rule"`
	} `json:"lifecycle"` // clients send it without rules
}

// bucketName is what both the real service and a folder allow.
var bucketName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{1,220})[a-z0-9]$`)

func (s *Server) insertBucket(w http.ResponseWriter, r *http.Request) error {
	if err := only(r, "project"); err != nil {
		return err
	}
	var request bucketRequest
	if err := decode(r.Body, &request); err != nil {
		return err
	}
	if !bucketName.MatchString(request.Name) {
		return invalid("Invalid bucket name: '%s'", request.Name)
	}
	if request.StorageClass != "" && request.StorageClass != standardClass {
		return unsupported("the storage class " + request.StorageClass)
	}
	if len(request.Lifecycle.Rules) > 0 {
		return unsupported("lifecycle rules")
	}
	if request.Location == "" {
		request.Location = "US"
	}
	now := time.UnixMicro(s.clock.next()).UTC()
	b, err := s.createBucket(request.Name, settings{Bucket: bucketResource{
		Name: request.Name, Location: strings.ToUpper(request.Location), LocationType: "region", StorageClass: standardClass,
		Metageneration: 1, ETag: etag(0, 1), TimeCreated: now, Updated: now,
		Labels: request.Labels, IAMConfiguration: request.IAMConfiguration,
	}})
	if err != nil {
		return err
	}
	return reply(w, r, b.resource())
}

func (s *Server) getBucket(w http.ResponseWriter, r *http.Request) error {
	b, c, err := s.conditionalBucket(r)
	if err != nil {
		return err
	}
	if err := c.checkRead(0, b.resource().Metageneration); err != nil {
		return err
	}
	return reply(w, r, b.resource())
}

func (s *Server) removeBucket(w http.ResponseWriter, r *http.Request) error {
	_, c, err := s.conditionalBucket(r)
	if err != nil {
		return err
	}
	if err := s.deleteBucket(r.PathValue("bucket"), c); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) conditionalBucket(r *http.Request) (*bucket, conditions, error) {
	if err := only(r, "ifMetagenerationMatch", "ifMetagenerationNotMatch"); err != nil {
		return nil, conditions{}, err
	}
	c, err := queryConditions(r)
	if err != nil {
		return nil, conditions{}, err
	}
	b, err := s.bucket(r.PathValue("bucket"))
	return b, c, err
}

type bucketList struct {
	Kind          string           `json:"kind"`
	NextPageToken string           `json:"nextPageToken,omitempty"`
	Items         []bucketResource `json:"items,omitempty"`
}

func (s *Server) listBuckets(w http.ResponseWriter, r *http.Request) error {
	if err := only(r, "project", "prefix", "pageToken", "maxResults"); err != nil {
		return err
	}
	l, err := readListing(r)
	if err != nil {
		return err
	}
	p := l.page(s.bucketNames())
	list := bucketList{Kind: "storage#buckets", NextPageToken: pageToken(p.next)}
	for _, name := range p.names {
		b, err := s.bucket(name)
		if err != nil {
			continue // removed since the names were read
		}
		list.Items = append(list.Items, b.resource())
	}
	return reply(w, r, list)
}

func (b *bucket) resource() bucketResource {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.settings.Bucket.link(b.url)
}
