package storage

import (
	"bufio"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"sync"
	"unicode/utf8"
)

// upload is an object that arrives: what is said of it, and its content so far,
// in a file of the staging folder.
type upload struct {
	bucket *bucket
	object object // with the checksums that the content must have, if any
	match  string // the generation that it takes the place of, if that is said

	mu    sync.Mutex // of a resumable upload, whose requests come one by one
	id    string     // and the file's name
	file  *os.File
	size  int64
	crc   hash.Hash32
	md5   hash.Hash
	ended bool
	made  any // the resource, once a resumable upload has become an object
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// upload serves the three kinds of upload at their start; multipart and media
// are then done, a resumable one goes on in resumable.go.
func (b *bucket) upload(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Form.Has("upload_id") || r.Method == http.MethodDelete {
		return b.resume(w, r)
	}
	switch kind := r.Form.Get("uploadType"); kind {
	case "multipart":
		return b.uploadMultipart(r)
	case "media":
		return b.store(r, object{}, r.Header.Get("Content-Type"), r.Body)
	case "resumable":
		return b.beginResumable(w, r)
	default:
		return nil, invalid("Invalid value for uploadType: %q", kind)
	}
}

// Alerts arrive in one piece of the size of a writer, and are hashed and written
// in one.
var (
	readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 64<<10) }}
	writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 256<<10) }}
)

// uploadMultipart takes the resource and the content in one body, as the Go
// client sends them with ChunkSize 0. The standard library's reader of parts
// asks for little at a time, so a larger one stands before the connection.
func (b *bucket) uploadMultipart(r *http.Request) (any, error) {
	// The client of gcloud puts the boundary between single quotes.
	_, parameters, err := mime.ParseMediaType(strings.ReplaceAll(r.Header.Get("Content-Type"), "'", `"`))
	if err != nil || parameters["boundary"] == "" {
		return nil, invalid("A multipart upload needs a Content-Type with a boundary.")
	}
	body := readers.Get().(*bufio.Reader)
	defer readers.Put(body)
	body.Reset(r.Body)
	parts := multipart.NewReader(body, parameters["boundary"])
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
	return b.store(r, o, media.Header.Get("Content-Type"), media)
}

// store takes a content in one piece.
func (b *bucket) store(r *http.Request, o object, mediaType string, body io.Reader) (any, error) {
	u, err := b.newUpload(r, o, mediaType)
	if err != nil {
		return nil, err
	}
	defer u.close()
	if err := u.receive(body); err != nil {
		return nil, err
	}
	return u.finish()
}

// newUpload begins an upload, and refuses what cannot succeed before the content
// is sent. The query may say the name, and a header the checksums.
func (b *bucket) newUpload(r *http.Request, o object, mediaType string) (*upload, error) {
	if name := r.Form.Get("name"); name != "" {
		o.Name = name
	}
	if o.ContentType == nil && mediaType != "" {
		o.ContentType = &mediaType
	}
	o.ComponentCount = 0
	o.readHashes(r.Header)
	if err := errors.Join(checkName(o.Name), o.check()); err != nil {
		return nil, err
	}
	match := r.Form.Get("ifGenerationMatch")
	b.mu.Lock()
	err := b.entries[o.Name].check(match)
	b.mu.Unlock()
	if err != nil {
		return nil, err
	}
	u := &upload{bucket: b, object: o, match: match, id: rand.Text(), crc: crc32.New(castagnoli), md5: md5.New()}
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

// receive appends what the reader yields. What it got before an error counts. A
// body that was cut off is its sender's fault, and not to be repeated; a content
// that could not be kept is ours.
func (u *upload) receive(r io.Reader) error {
	w := writers.Get().(*bufio.Writer)
	defer writers.Put(w)
	w.Reset(u)
	_, unread := w.ReadFrom(r)
	if err := w.Flush(); err != nil {
		return err
	}
	if unread != nil {
		return invalid("Read the content: %v", unread)
	}
	return nil
}

// Write appends to the content.
func (u *upload) Write(p []byte) (int, error) {
	if _, err := u.file.WriteAt(p, u.size); err != nil {
		return 0, err
	}
	u.crc.Write(p)
	u.md5.Write(p)
	u.size += int64(len(p))
	return len(p), nil
}

// finish makes a whole content an object, and answers its resource.
func (u *upload) finish() (any, error) {
	crc := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, u.crc.Sum32()))
	sum := base64.StdEncoding.EncodeToString(u.md5.Sum(nil))
	o := &u.object
	if o.CRC32C != "" && o.CRC32C != crc {
		return nil, invalid("Provided CRC32C %q doesn't match calculated CRC32C %q.", o.CRC32C, crc)
	}
	if o.MD5Hash != "" && o.MD5Hash != sum {
		return nil, invalid("Provided MD5 hash %q doesn't match calculated MD5 hash %q.", o.MD5Hash, sum)
	}
	o.Size, o.CRC32C, o.MD5Hash = u.size, crc, sum
	if o.ComponentCount > 0 {
		o.MD5Hash = "" // as the real service has none for a composite object
	}
	made, err := u.create()
	if err != nil {
		return nil, err
	}
	return u.bucket.link(made.Object), nil
}

// create lets the object exist, if the conditions still hold.
func (u *upload) create() (*change, error) {
	b, o := u.bucket, &u.object
	b.mu.Lock()
	defer b.mu.Unlock()
	current, exists := b.entries[o.Name]
	err := current.check(u.match)
	if err != nil {
		return nil, err
	}
	made := &change{Event: finalize, Staged: u.id}
	o.Generation, made.Time = b.tick()
	if exists {
		before, err := b.journal.change(current.last)
		if err != nil {
			return nil, err
		}
		made.Replaced, made.File = current.generation, before.File
	} else if made.File, err = b.place(o.Name, u.id); err != nil {
		return nil, err
	}
	o.Bucket, o.StorageClass, o.TimeCreated, o.Updated = b.resource.Name, standardClass, made.Time, made.Time
	o.Metageneration, o.ETag = 1, etag(o.Generation, 1)
	made.Object = *o
	return made, b.commit(record{Change: made})
}

// close closes the file, and removes it if it has not become an object's.
func (u *upload) close() {
	u.ended = true
	u.file.Close()
	os.Remove(u.file.Name())
}
