package storage

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"sync"
)

// uploads are the resumable uploads under way. They live as long as the
// process: after a restart clients are told 404 and begin anew.
type uploads struct {
	mu   sync.Mutex
	byID map[string]*resumable
}

type resumable struct {
	mu      sync.Mutex
	target  target
	content *content
}

func (u *uploads) put(id string, upload *resumable) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.byID == nil {
		u.byID = map[string]*resumable{}
	}
	u.byID[id] = upload
}

func (u *uploads) get(id string) (*resumable, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	upload, ok := u.byID[id]
	return upload, ok
}

// take is get, and nobody gets the upload after.
func (u *uploads) take(id string) (*resumable, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	upload, ok := u.byID[id]
	delete(u.byID, id)
	return upload, ok
}

func (u *uploads) discardAll() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, upload := range u.byID {
		upload.content.release()
	}
	clear(u.byID)
}

// beginUpload opens a resumable upload and answers where its content goes.
func (s *Server) beginUpload(w http.ResponseWriter, r *http.Request) error {
	var request objectRequest
	if err := decode(r.Body, &request); err != nil {
		return err
	}
	t, err := s.target(r, request, r.Header.Get("X-Upload-Content-Type"))
	if err != nil {
		return err
	}
	content, err := t.bucket.stage()
	if err != nil {
		return err
	}
	id := rand.Text()
	s.uploads.put(id, &resumable{target: t, content: content})
	query := url.Values{"uploadType": {"resumable"}, "name": {t.name}, "upload_id": {id}}
	w.Header().Set("Location", "http://"+r.Host+r.URL.EscapedPath()+"?"+query.Encode())
	w.Header().Set("X-Guploader-Uploadid", id)
	return nil
}

// continueUpload takes one chunk, or is asked how much has arrived. The chunk
// that ends the content makes the object.
func (s *Server) continueUpload(w http.ResponseWriter, r *http.Request) error {
	id := r.URL.Query().Get("upload_id")
	u, ok := s.uploads.get(id)
	if !ok {
		return notFound("No such upload: " + id)
	}
	first, total, ends, err := contentRange(r)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if first >= 0 {
		if err := u.receive(r, first); err != nil {
			return err
		}
	}
	if ends {
		total = u.content.size
	}
	switch {
	case total < 0 || u.content.size < total:
		u.incomplete(w, r)
		return nil
	case u.content.size > total:
		return invalid("The upload has %d bytes already, more than the total of %d.", u.content.size, total)
	}
	// Whatever comes of it, the upload has ended.
	s.uploads.take(id)
	defer u.content.release()
	u.target.checksums = u.target.checksums.header(r.Header.Values("X-Goog-Hash"))
	return s.finish(w, r, u.target, u.content)
}

// receive appends a chunk. A client that sends again what has arrived already
// is told apart from one that left something out.
func (u *resumable) receive(r *http.Request, first int64) error {
	if first > u.content.size {
		return invalid("The chunk begins at byte %d, but only %d bytes have arrived.", first, u.content.size)
	}
	known := u.content.size - first
	if skipped, _ := io.CopyN(io.Discard, r.Body, known); skipped < known {
		return nil // the chunk, or the connection, ends before anything new
	}
	if err := u.content.receive(r.Body); err != nil {
		return uploadError(err)
	}
	return nil
}

// incomplete tells how much has arrived, by the code that the real service uses
// in a sense of its own, or in a header if the client cannot bear that.
func (u *resumable) incomplete(w http.ResponseWriter, r *http.Request) {
	if u.content.size > 0 {
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", u.content.size-1))
	}
	if r.Header.Get("X-Guploader-No-308") == "yes" {
		w.Header().Set("X-Http-Status-Code-Override", "308")
		return
	}
	w.WriteHeader(http.StatusPermanentRedirect)
}

// cancelUpload ends an upload without an object. The code says, as the real
// service does, that the client closed the request.
func (s *Server) cancelUpload(w http.ResponseWriter, r *http.Request) error {
	id := r.URL.Query().Get("upload_id")
	u, ok := s.uploads.take(id)
	if !ok {
		return notFound("No such upload: " + id)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.content.release()
	w.WriteHeader(499)
	return nil
}

// contentRange reads "bytes FIRST-LAST/TOTAL"; first is -1 where no bytes are
// sent, total is -1 where it is not known yet. With "bytes FIRST-*/*" the
// content ends where the request does. Without the header the whole content
// comes at once.
func contentRange(r *http.Request) (first, total int64, ends bool, err error) {
	header := r.Header.Get("Content-Range")
	if header == "" {
		return 0, max(r.ContentLength, 0), false, nil
	}
	match := rangePattern.FindStringSubmatch(header)
	if match == nil {
		return 0, 0, false, invalid("Invalid Content-Range %q", header)
	}
	total = rangeNumber(match[3])
	return rangeNumber(match[1]), total, match[2] == "*" && total < 0, nil
}

var rangePattern = regexp.MustCompile(`^bytes (?:\*|(\d{1,18})-(\d{1,18}|\*))/(?:\*|(\d{1,18}))$`)

// rangeNumber reads what rangePattern has found; nothing is -1.
func rangeNumber(digits string) int64 {
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return number
}
