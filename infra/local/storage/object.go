package storage

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

// object is the JSON API's resource, as the journal keeps it: without the links,
// which depend on where the server is. In a request only the attributes count,
// the name, and the checksums.
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
	ComponentCount int       `json:"componentCount,omitempty"` // 0 for an upload
	ETag           string    `json:"etag"`
	TimeCreated    time.Time `json:"timeCreated"`
	Updated        time.Time `json:"updated"`
	attributes
}

// attributes are what a client may say about an object, and change later. They
// are decoded onto what is there, so that a patch, too, is read in one step:
// what it leaves out stays, and null takes away.
type attributes struct {
	ContentType        *string            `json:"contentType,omitempty"`
	CacheControl       *string            `json:"cacheControl,omitempty"`
	ContentDisposition *string            `json:"contentDisposition,omitempty"`
	ContentEncoding    *string            `json:"contentEncoding,omitempty"`
	ContentLanguage    *string            `json:"contentLanguage,omitempty"`
	Metadata           map[string]*string `json:"metadata,omitempty"`
}

// maxMetadataBytes is the real service's limit on custom keys and values.
const maxMetadataBytes = 8 << 10

// check refuses what cannot be kept of an object.
func (o *object) check() error {
	if o.StorageClass != "" && o.StorageClass != standardClass {
		return unsupported("the storage class " + o.StorageClass)
	}
	total := 0
	for key, value := range o.Metadata {
		if value == nil {
			delete(o.Metadata, key)
		} else {
			total += len(key) + len(*value)
		}
	}
	if total > maxMetadataBytes {
		return invalid("The metadata of an object may have at most %d bytes, this has %d.", maxMetadataBytes, total)
	}
	return nil
}

// etag changes with every change of content or metadata.
func etag(generation, metageneration int64) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%d/%d", generation, metageneration))
}

// link adds to a resource what depends on where the server is.
func (b *bucket) link(o object) object {
	path := fmt.Sprintf("/storage/v1/b/%s/o/%s", o.Bucket, url.PathEscape(o.Name))
	o.Kind = "storage#object"
	o.ID = fmt.Sprintf("%s/%s/%d", o.Bucket, o.Name, o.Generation)
	o.SelfLink = b.server.options.URL + path
	o.MediaLink = fmt.Sprintf("%s/download%s?generation=%d&alt=media", b.server.options.URL, path, o.Generation)
	return o
}

// check compares the generation with the one that a caller takes for granted:
// "0" if there must be no object, "" if it does not matter.
func (e entry) check(generation string) error {
	if generation != "" && generation != strconv.FormatInt(e.generation, 10) {
		return &apiError{http.StatusPreconditionFailed, "conditionNotMet",
			"At least one of the pre-conditions you specified did not hold."}
	}
	return nil
}

// find is the last change of an object. Only the live generation can be asked
// for; there is no other here. The caller has locked the bucket.
func (b *bucket) find(name, generation, match string) (*change, error) {
	e, exists := b.entries[name]
	if !exists || e.check(generation) != nil {
		return nil, notFound("No such object: %s/%s", b.resource.Name, name)
	}
	if err := e.check(match); err != nil {
		return nil, err
	}
	return b.journal.change(e.last)
}

// asked is the last change of the object that a request is about.
func (b *bucket) asked(r *http.Request) (*change, error) {
	return b.find(r.PathValue("object"), r.Form.Get("generation"), r.Form.Get("ifGenerationMatch"))
}

// getObject answers the resource of an object, or its content.
func (b *bucket) getObject(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Form.Get("alt") == "media" {
		return b.download(w, r)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	c, err := b.asked(r)
	if err != nil {
		return nil, err
	}
	return b.link(c.Object), nil
}

func (b *bucket) deleteObject(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := b.asked(r)
	if err != nil {
		return nil, err
	}
	return nil, b.commit(record{Change: b.next(c, deletion)})
}

// patchObject changes the attributes of an object. A patch may say again, to no
// effect, what only the service decides, as clients do.
func (b *bucket) patchObject(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := b.asked(r)
	if err != nil {
		return nil, err
	}
	patched := c.Object
	if err := errors.Join(decode(r.Body, &patched), patched.check()); err != nil {
		return nil, err
	}
	c = b.next(c, update)
	o := &c.Object
	o.attributes = patched.attributes
	o.Metageneration++
	o.Updated, o.ETag = c.Time, etag(o.Generation, o.Metageneration)
	return b.link(*o), b.commit(record{Change: c})
}

// next is a change of an object that is there.
func (b *bucket) next(c *change, event string) *change {
	_, at := b.tick()
	return &change{Event: event, Time: at, Object: c.Object, File: c.File}
}

// downloadXML serves a content at /bucket/object, where both the Go client and
// browsers look for it. Its precondition is a header.
func (b *bucket) downloadXML(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, unsupported("the XML API's " + r.Method)
	}
	r.Form.Set("ifGenerationMatch", r.Header.Get("X-Goog-If-Generation-Match"))
	return b.download(w, r)
}

// download answers the content of an object, or the range that is asked for. A
// gzip content goes out as it is kept, also to a client that does not say that
// it takes gzip; the real service would unpack it.
func (b *bucket) download(w http.ResponseWriter, r *http.Request) (any, error) {
	o, file, err := b.open(r.PathValue("object"), r.Form.Get("generation"), r.Form.Get("ifGenerationMatch"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	o.describe(w.Header())
	if r.Header.Get("Range") == "" {
		w.Header().Set("Content-Length", strconv.FormatInt(o.Size, 10))
	}
	http.ServeContent(w, r, "", o.Updated, file)
	return written{}, nil
}

// open opens the content of an object, which the caller closes. A later change
// of the object does not touch the opened file.
func (b *bucket) open(name, generation, match string) (object, *os.File, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, err := b.find(name, generation, match)
	if err != nil {
		return object{}, nil, err
	}
	file, err := os.Open(b.path(c.File))
	return c.Object, file, err
}

// describe sets the headers that tell of an object.
func (o object) describe(h http.Header) {
	h.Set("X-Goog-Generation", strconv.FormatInt(o.Generation, 10))
	h.Set("X-Goog-Metageneration", strconv.FormatInt(o.Metageneration, 10))
	if o.ComponentCount > 0 {
		h.Set("X-Goog-Component-Count", strconv.Itoa(o.ComponentCount))
		h.Set("X-Goog-Hash", "crc32c="+o.CRC32C)
	} else {
		h.Set("X-Goog-Hash", "crc32c="+o.CRC32C+",md5="+o.MD5Hash)
	}
	h.Set("X-Goog-Stored-Content-Length", strconv.FormatInt(o.Size, 10))
	h.Set("X-Goog-Stored-Content-Encoding", "identity")
	h.Set("Etag", `"`+o.ETag+`"`)
	h.Set("Content-Type", "application/octet-stream")
	for name, value := range map[string]*string{
		"X-Goog-Stored-Content-Encoding": o.ContentEncoding,
		"Content-Type":                   o.ContentType,
		"Content-Encoding":               o.ContentEncoding,
		"Cache-Control":                  o.CacheControl,
		"Content-Disposition":            o.ContentDisposition,
		"Content-Language":               o.ContentLanguage,
	} {
		if value != nil && *value != "" {
			h.Set(name, *value)
		}
	}
	for key, value := range o.Metadata {
		h.Set("X-Goog-Meta-"+key, *value)
	}
}
