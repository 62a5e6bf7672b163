package storage

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
)

// objectRequest is what may be said of an object to be.
type objectRequest struct {
	Bucket       string `json:"bucket"`
	Name         string `json:"name"`
	StorageClass string `json:"storageClass"`
	CRC32C       string `json:"crc32c"`
	MD5Hash      string `json:"md5Hash"`
	attributes
}

// target is where an upload goes, and under which conditions.
type target struct {
	bucket     *bucket
	name       string
	attributes attributes
	checksums  checksums
	conditions conditions
}

// upload serves the three kinds of upload at their start; multipart and media
// are then done, a resumable one goes on in resumable.go.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Has("upload_id") {
		return s.continueUpload(w, r)
	}
	known := append(slices.Clone(conditionParameters), "uploadType", "name", "contentEncoding")
	if err := only(r, known...); err != nil {
		return err
	}
	switch kind := r.URL.Query().Get("uploadType"); kind {
	case "multipart":
		return s.uploadMultipart(w, r)
	case "media":
		return s.uploadMedia(w, r)
	case "resumable":
		return s.beginUpload(w, r)
	default:
		return invalidParameter("uploadType", "Invalid value for uploadType: %q", kind)
	}
}

// uploadMultipart takes the resource and the content in one body, as the Go
// client sends them with ChunkSize 0.
func (s *Server) uploadMultipart(w http.ResponseWriter, r *http.Request) error {
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || parameters["boundary"] == "" {
		return invalid("A multipart upload needs a Content-Type with a boundary.")
	}
	parts := multipart.NewReader(r.Body, parameters["boundary"])
	first, err := parts.NextRawPart()
	if err != nil {
		return invalid("Read the multipart upload's resource: %v", err)
	}
	var request objectRequest
	if err := decode(first, &request); err != nil {
		return err
	}
	media, err := parts.NextRawPart()
	if err != nil {
		return invalid("Read the multipart upload's content: %v", err)
	}
	t, err := s.target(r, request, media.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	return s.store(w, r, t, media)
}

// uploadMedia takes the content alone; the name is in the query.
func (s *Server) uploadMedia(w http.ResponseWriter, r *http.Request) error {
	t, err := s.target(r, objectRequest{}, r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	return s.store(w, r, t, r.Body)
}

// target settles where an upload goes, and refuses early what cannot succeed.
func (s *Server) target(r *http.Request, request objectRequest, mediaType string) (target, error) {
	b, err := s.bucket(r.PathValue("bucket"))
	if err != nil {
		return target{}, err
	}
	if name := r.URL.Query().Get("name"); name != "" {
		request.Name = name
	}
	if request.ContentType == "" {
		request.ContentType = mediaType
	}
	if encoding := r.URL.Query().Get("contentEncoding"); encoding != "" {
		request.ContentEncoding = encoding
	}
	if request.StorageClass != "" && request.StorageClass != standardClass {
		return target{}, unsupported("the storage class " + request.StorageClass)
	}
	if err := checkName(request.Name); err != nil {
		return target{}, err
	}
	if err := request.check(); err != nil {
		return target{}, err
	}
	c, err := queryConditions(r)
	if err != nil {
		return target{}, err
	}
	t := target{
		bucket: b, name: request.Name, attributes: request.attributes, conditions: c,
		checksums: checksums{crc32c: request.CRC32C, md5: request.MD5Hash}.header(r.Header.Values("X-Goog-Hash")),
	}
	return t, b.precheck(t.name, c)
}

// store takes a content in one piece.
func (s *Server) store(w http.ResponseWriter, r *http.Request, t target, body io.Reader) error {
	content, err := t.bucket.stage()
	if err != nil {
		return err
	}
	defer content.release()
	if err := content.receive(body); err != nil {
		return uploadError(err)
	}
	return s.finish(w, r, t, content)
}

// uploadError tells a body that was cut off, which is its sender's fault and
// not to be repeated, from a content that could not be kept, which is ours.
func uploadError(err error) error {
	var unread unreadError
	if errors.As(err, &unread) {
		return invalid("Read the content: %v", unread.error)
	}
	return err
}

// finish makes a whole content an object and answers its resource.
func (s *Server) finish(w http.ResponseWriter, r *http.Request, t target, content *content) error {
	if err := t.checksums.verify(content); err != nil {
		return err
	}
	made, err := t.bucket.create(t.name, t.attributes, content, t.conditions)
	if err != nil {
		return err
	}
	return reply(w, r, made.link(s.options.URL))
}
