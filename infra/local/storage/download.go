package storage

import (
	"fmt"
	"net/http"
	"strconv"
)

// downloadXML serves a content at /bucket/object, where both the Go client and
// browsers look for it.
func (s *Server) downloadXML(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return &apiError{code: http.StatusMethodNotAllowed, reason: "methodNotAllowed",
			message: "The local storage server does not support the XML API's " + r.Method + "."}
	}
	if err := only(r, "generation"); err != nil {
		return err
	}
	c, err := headerConditions(r)
	if err != nil {
		return err
	}
	g, err := generation(r)
	if err != nil {
		return err
	}
	b, err := s.bucket(r.PathValue("bucket"))
	if err != nil {
		return err
	}
	return selected{bucket: b, name: r.PathValue("object"), generation: g, conditions: c}.download(w, r)
}

// download answers the content of an object, or the range that is asked for. A
// gzip content goes out as it is kept, also to a client that does not say that
// it takes gzip; the real service would unpack it.
func (o selected) download(w http.ResponseWriter, r *http.Request) error {
	resource, file, err := o.bucket.open(o.name, o.generation, o.conditions)
	if err != nil {
		return err
	}
	defer file.Close()
	resource.describe(w.Header())
	if r.Header.Get("Range") == "" {
		w.Header().Set("Content-Length", strconv.FormatInt(resource.Size, 10))
	}
	http.ServeContent(w, r, "", resource.Updated, file)
	return nil
}

// describe sets the headers that tell of an object.
func (o object) describe(h http.Header) {
	h.Set("X-Goog-Generation", strconv.FormatInt(o.Generation, 10))
	h.Set("X-Goog-Metageneration", strconv.FormatInt(o.Metageneration, 10))
	h.Set("X-Goog-Hash", "crc32c="+o.CRC32C)
	if o.MD5Hash != "" {
		h.Set("X-Goog-Hash", fmt.Sprintf("crc32c=%s,md5=%s", o.CRC32C, o.MD5Hash))
	}
	if o.ComponentCount > 0 {
		h.Set("X-Goog-Component-Count", strconv.Itoa(o.ComponentCount))
	}
	h.Set("X-Goog-Storage-Class", o.StorageClass)
	h.Set("X-Goog-Stored-Content-Length", strconv.FormatInt(o.Size, 10))
	h.Set("X-Goog-Stored-Content-Encoding", "identity")
	h.Set("Etag", `"`+o.ETag+`"`)
	h.Set("Content-Type", "application/octet-stream")
	for name, value := range map[string]string{
		"X-Goog-Stored-Content-Encoding": o.ContentEncoding,
		"Content-Type":                   o.ContentType,
		"Content-Encoding":               o.ContentEncoding,
		"Cache-Control":                  o.CacheControl,
		"Content-Disposition":            o.ContentDisposition,
		"Content-Language":               o.ContentLanguage,
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
	for key, value := range o.Metadata {
		h.Set("X-Goog-Meta-"+key, value)
	}
}
