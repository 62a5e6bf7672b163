package storage

import (
	"bufio"
	"cmp"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// upload is an object that arrives: what is said of it, and its content so far,
// in a file of the staging folder.
type upload struct {
	bucket *bucket
	object object // with the checksums that the content must have, if any
	match  string // the generation that it takes the place of, if that is said
	id     string // and the file's name
	file   *os.File
	size   int64
	// Of a resumable upload, whose requests come one by one:
	mu     sync.Mutex
	made   any         // the object, for a client that did not hear of it
	expiry *time.Timer // forgets it
}

// upload serves the three kinds of upload at their start; multipart and media
// are then done, a resumable one goes on in resumable.go.
func (b *bucket) upload(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Form.Has("upload_id") {
		return b.resume(w, r)
	}
	switch kind := r.Form.Get("uploadType"); kind {
	case "multipart":
		return b.uploadMultipart(r)
	case "media":
		return b.store(r, object{attributes: attributes{ContentType: r.Header.Get("Content-Type")}}, r.Body, 0)
	case "resumable":
		return b.beginResumable(w, r)
	default:
		return nil, invalid("Invalid value for uploadType: %q", kind)
	}
}

// pieceBytes is how much is read and written at once: an alert.
const pieceBytes = 64 << 10

// uploadMultipart takes the resource and the content in one body, as the Go
// client sends them with ChunkSize 0. The standard library's reader of parts
// asks for little at a time, so a larger one stands before the connection.
func (b *bucket) uploadMultipart(r *http.Request) (any, error) {
	// The client of gcloud puts the boundary between single quotes.
	_, parameters, err := mime.ParseMediaType(strings.ReplaceAll(r.Header.Get("Content-Type"), "'", `"`))
	if err != nil || parameters["boundary"] == "" {
		return nil, invalid("A multipart upload needs a Content-Type with a boundary.")
	}
	parts := multipart.NewReader(bufio.NewReaderSize(r.Body, pieceBytes), parameters["boundary"])
	first, err := parts.NextRawPart()
	if err != nil {
		return nil, invalid("Read the multipart upload's resource: %v", err)
	}
	var o object
	if err := decode(first, &o); err != nil {
		return nil, err
	}
	media, err := parts.NextRawPart()
	if err != nil {
		return nil, invalid("Read the multipart upload's content: %v", err)
	}
	o.ContentType = cmp.Or(o.ContentType, media.Header.Get("Content-Type"))
	return b.store(r, o, media, 0)
}

// store makes an object of a content in one piece, which is composed of so many
// others, or of none.
func (b *bucket) store(r *http.Request, o object, content io.Reader, components int) (any, error) {
	u, err := b.newUpload(r, o)
	if err != nil {
		return nil, err
	}
	defer u.close()
	u.object.ComponentCount = components
	if _, err := u.receive(content, 0); err != nil {
		return nil, err
	}
	return u.finish()
}

// newUpload begins an upload. The query may say the name, and a header the
// checksums.
func (b *bucket) newUpload(r *http.Request, o object) (*upload, error) {
	o.Name = cmp.Or(r.Form.Get("name"), o.Name)
	if err := errors.Join(checkName(o.Name), o.attributes.check()); err != nil {
		return nil, err
	}
	if o.StorageClass != "" && o.StorageClass != standardClass {
		return nil, unsupported("the storage class " + o.StorageClass)
	}
	o.ComponentCount = 0
	o.readHashes(r.Header)
	u := &upload{bucket: b, object: o, match: r.Form.Get("ifGenerationMatch"), id: rand.Text()}
	var err error
	u.file, err = os.Create(b.path(stagingFolder, u.id))
	return u, err
}

// maxNameBytes is the real service's limit on names.
const maxNameBytes = 1024

// checkName refuses the names that the real service refuses.
func checkName(name string) error {
	if name == "" || len(name) > maxNameBytes || !utf8.ValidString(name) || strings.ContainsAny(name, "\r\n") ||
		name == "." || name == ".." || strings.HasPrefix(name, ".well-known/acme-challenge/") {
		return invalid("Invalid object name: %q", name)
	}
	return nil
}

// readHashes takes over the checksums of an X-Goog-Hash header: crc32c=...,md5=...
func (o *object) readHashes(h http.Header) {
	for value := range strings.SplitSeq(strings.Join(h.Values("X-Goog-Hash"), ","), ",") {
		switch kind, sum, _ := strings.Cut(strings.TrimSpace(value), "="); kind {
		case "crc32c":
			o.CRC32C = sum
		case "md5":
			o.MD5Hash = sum
		}
	}
}

// receive writes what the reader yields, from a byte on, over what has arrived of
// it already, and returns where that ends. What it got before an error counts. A
// body that was cut off is its sender's fault; a content that could not be kept
// is ours.
func (u *upload) receive(r io.Reader, first int64) (end int64, err error) {
	w := bufio.NewWriterSize(io.NewOffsetWriter(u.file, first), pieceBytes)
	n, unread := w.ReadFrom(r)
	if err := w.Flush(); err != nil {
		return 0, err
	}
	end = first + n
	u.size = max(u.size, end)
	if unread != nil {
		return end, invalid("Read the content: %v", unread)
	}
	return end, nil
}

// sum takes the checksums of the content, and compares them with those that its
// sender has told.
func (u *upload) sum() error {
	crc, md := crc32.New(crc32.MakeTable(crc32.Castagnoli)), md5.New()
	if _, err := io.Copy(io.MultiWriter(crc, md), io.NewSectionReader(u.file, 0, u.size)); err != nil {
		return err
	}
	o, told := &u.object, u.object
	o.Size = u.size
	o.CRC32C = base64.StdEncoding.EncodeToString(crc.Sum(nil))
	o.MD5Hash = base64.StdEncoding.EncodeToString(md.Sum(nil))
	if told.CRC32C != "" && told.CRC32C != o.CRC32C || told.MD5Hash != "" && told.MD5Hash != o.MD5Hash {
		return invalid("Provided CRC32C %q, MD5 %q do not match the content's %q, %q.", told.CRC32C, told.MD5Hash, o.CRC32C, o.MD5Hash)
	}
	if o.ComponentCount > 0 {
		o.MD5Hash = "" // as the real service has none for a composite object
	}
	return nil
}

// finish makes a whole content an object, if the conditions hold, and answers its
// resource.
func (u *upload) finish() (any, error) {
	if err := u.sum(); err != nil {
		return nil, err
	}
	b, o := u.bucket, &u.object
	b.mu.Lock()
	defer b.mu.Unlock()
	current := b.entries[o.Name]
	if err := errors.Join(current.check(u.match), b.checkPlace(o.Name)); err != nil {
		return nil, err
	}
	o.Generation, o.Updated = b.tick()
	o.Kind, o.Bucket, o.StorageClass, o.TimeCreated = "storage#object", b.resource.Name, standardClass, o.Updated
	o.ID = fmt.Sprintf("%s/%s/%d", o.Bucket, o.Name, o.Generation)
	o.Metageneration, o.ETag = 1, strconv.FormatInt(o.Generation, 10)
	return b.link(*o), b.commit(record{Change: &change{Object: *o, Staged: u.id, Replaced: current.generation}})
}

// close closes the file, and removes it if it has not become an object's.
func (u *upload) close() {
	u.file.Close()
	os.Remove(u.file.Name())
}
