package storage

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"reflect"
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

// attributes are what a client may say about an object.
type attributes struct {
	ContentType     string            `json:"contentType,omitempty"`
	ContentEncoding string            `json:"contentEncoding,omitempty"`
	CacheControl    string            `json:"cacheControl,omitempty"`
	Metadata        map[string]string `json:"metadata,omitempty"`
}

// What attributes may hold, in bytes: of metadata as much as the real service
// takes. With the rest, which has room for any header, they bound a notification.
const (
	maxMetadataBytes = 8 << 10
	maxHeaderBytes   = 1 << 10
)

// check refuses attributes that are too long.
func (a attributes) check() error {
	size := 0
	for key, value := range a.Metadata {
		size += len(key) + len(value)
	}
	if size > maxMetadataBytes {
		return invalid("The keys and values of the metadata have %d bytes, of at most %d.", size, maxMetadataBytes)
	}
	if len(a.ContentType)+len(a.ContentEncoding)+len(a.CacheControl) > maxHeaderBytes {
		return unsupported(fmt.Sprintf("more than %d bytes of contentType, contentEncoding and cacheControl", maxHeaderBytes))
	}
	return nil
}

// link adds to a resource what depends on where the server is.
func (b *bucket) link(o object) object {
	path := fmt.Sprintf("/storage/v1/b/%s/o/%s", o.Bucket, url.PathEscape(o.Name))
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

// find finds an object. Only the live generation can be asked for; there is no
// other here. It is as the journal keeps it, and the caller has locked the bucket.
func (b *bucket) find(name, generation, match string) (object, error) {
	e, exists := b.entries[name]
	if !exists || e.check(generation) != nil {
		return object{}, notFound("No such object: %s/%s", b.resource.Name, name)
	}
	if err := e.check(match); err != nil {
		return object{}, err
	}
	c, err := b.journal.change(e.last)
	return c.Object, err
}

// patchObject changes what a client may say about an object. A patch may say the
// rest again, as gcloud does, if it says the same.
func (b *bucket) patchObject(_ http.ResponseWriter, r *http.Request) (any, error) {
	var patch map[string]any
	if err := decode(r.Body, &patch); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	o, err := b.find(r.PathValue("object"), r.Form.Get("generation"), r.Form.Get("ifGenerationMatch"))
	if err != nil {
		return nil, err
	}
	patched, err := b.link(o).merge(patch)
	if err != nil {
		return nil, err
	}
	o.attributes = patched.attributes
	if !reflect.DeepEqual(b.link(o), patched) {
		return nil, unsupported("a patch of other fields than contentType, contentEncoding, cacheControl and metadata")
	}
	if err := o.attributes.check(); err != nil {
		return nil, err
	}
	o.Metageneration++
	_, o.Updated = b.tick()
	o.ETag = fmt.Sprintf("%d/%d", o.Generation, o.Metageneration)
	return b.link(o), b.commit(record{Change: &change{Object: o, Replaced: o.Generation}})
}

// merge is the object as a patch would have it, which may write times in any zone.
func (o object) merge(patch map[string]any) (patched object, err error) {
	var now map[string]any
	text, err := json.Marshal(o)
	if err = errors.Join(err, json.Unmarshal(text, &now)); err != nil {
		return patched, err
	}
	mergePatch(now, patch)
	if text, err = json.Marshal(now); err != nil {
		return patched, err
	}
	err = decode(bytes.NewReader(text), &patched)
	patched.TimeCreated, patched.Updated = patched.TimeCreated.UTC(), patched.Updated.UTC()
	return patched, err
}

// mergePatch changes what a patch names: null takes away, and the members of an
// object are merged in their turn (RFC 7396).
func mergePatch(now, patch map[string]any) {
	for name, value := range patch {
		members, nested := value.(map[string]any)
		switch {
		case value == nil:
			delete(now, name)
		case nested:
			was, _ := now[name].(map[string]any)
			if was == nil {
				was = map[string]any{}
			}
			mergePatch(was, members)
			now[name] = was
		default:
			now[name] = value
		}
	}
}

func (b *bucket) deleteObject(_ http.ResponseWriter, r *http.Request) (any, error) {
	gone := object{Name: r.PathValue("object")}
	if _, err := b.find(gone.Name, r.Form.Get("generation"), r.Form.Get("ifGenerationMatch")); err != nil {
		return nil, err
	}
	_, gone.Updated = b.tick()
	return nil, b.commit(record{Change: &change{Object: gone, Deleted: true}})
}

// downloadXML serves a content at /bucket/object, where both the Go client and
// browsers look for it. Its precondition is a header.
func (b *bucket) downloadXML(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, unsupported("the XML API's " + r.Method)
	}
	r.Form.Set("alt", "media")
	r.Form.Set("ifGenerationMatch", r.Header.Get("X-Goog-If-Generation-Match"))
	return b.getObject(w, r)
}

// getObject answers the resource of an object, or its content, or the range of
// that which is asked for. A gzip content goes out as it is kept, also to a
// client that does not say that it takes gzip; the real service would unpack it.
func (b *bucket) getObject(w http.ResponseWriter, r *http.Request) (any, error) {
	o, content, err := b.open(r.PathValue("object"), r.Form.Get("generation"), r.Form.Get("ifGenerationMatch"))
	if err != nil {
		return nil, err
	}
	defer content.Close()
	if r.Form.Get("alt") != "media" {
		return b.link(o), nil
	}
	o.describe(w.Header())
	if r.Header.Get("Range") == "" {
		w.Header().Set("Content-Length", strconv.FormatInt(o.Size, 10))
	}
	http.ServeContent(w, r, "", o.Updated, content)
	return written{}, nil
}

// open opens the content of an object, which the caller closes. A later change
// of the object does not touch the opened file.
func (b *bucket) open(name, generation, match string) (object, *os.File, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, err := b.find(name, generation, match)
	if err != nil {
		return o, nil, err
	}
	file, err := os.Open(b.file(name))
	return o, file, err
}

// describe sets the headers that tell of an object.
func (o object) describe(h http.Header) {
	hash := "crc32c=" + o.CRC32C
	if o.MD5Hash != "" {
		hash += ",md5=" + o.MD5Hash
	}
	for name, value := range map[string]string{
		"X-Goog-Generation":              strconv.FormatInt(o.Generation, 10),
		"X-Goog-Metageneration":          strconv.FormatInt(o.Metageneration, 10),
		"X-Goog-Hash":                    hash,
		"X-Goog-Stored-Content-Length":   strconv.FormatInt(o.Size, 10),
		"X-Goog-Stored-Content-Encoding": cmp.Or(o.ContentEncoding, "identity"),
		"Etag":                           strconv.Quote(o.ETag),
		"Content-Type":                   cmp.Or(o.ContentType, "application/octet-stream"),
		"Content-Encoding":               o.ContentEncoding,
		"Cache-Control":                  o.CacheControl,
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
	for key, value := range o.Metadata {
		h.Set("X-Goog-Meta-"+key, value)
	}
}
