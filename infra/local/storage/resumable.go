package storage

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// beginResumable opens a resumable upload and answers where its content goes. It
// lives as long as the process: after a restart clients are told 404 and begin
// anew.
func (b *bucket) beginResumable(w http.ResponseWriter, r *http.Request) (any, error) {
	var o object
	if err := decode(r.Body, &o); err != nil {
		return nil, err
	}
	u, err := b.newUpload(r, o, r.Header.Get("X-Upload-Content-Type"))
	if err != nil {
		return nil, err
	}
	b.server.uploads.Store(u.id, u)
	query := url.Values{"uploadType": {"resumable"}, "name": {u.object.Name}, "upload_id": {u.id}}
	w.Header().Set("Location", "http://"+r.Host+r.URL.EscapedPath()+"?"+query.Encode())
	return written{}, nil
}

// repeatable is how long the last chunk of an upload can be sent again, by a
// client that has not received the answer.
const repeatable = time.Hour

// lockUpload finds the upload that a request goes on with, for that request
// alone.
func (b *bucket) lockUpload(r *http.Request) (*upload, error) {
	id := r.Form.Get("upload_id")
	if found, ok := b.server.uploads.Load(id); ok {
		u := found.(*upload)
		u.mu.Lock()
		if !u.ended || u.made != nil {
			return u, nil
		}
		u.mu.Unlock()
	}
	return nil, notFound("No such upload: %s", id)
}

// contentRange says which bytes a request sends, if any, and of how many.
var contentRange = regexp.MustCompile(`^bytes (?:\*|(\d{1,18})-(\d{1,18}|\*))/(\*|\d{1,18})$`)

// number is -1 for what a range leaves open.
func number(digits string) int64 {
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n
	}
	return -1
}

// resume takes one chunk, or is asked how much has arrived, or cancels. The
// chunk that ends the content makes the object. Where the length is not known, a
// chunk without a last byte is the last.
func (b *bucket) resume(w http.ResponseWriter, r *http.Request) (any, error) {
	header := cmp.Or(r.Header.Get("Content-Range"), "bytes 0-*/*")
	match := contentRange.FindStringSubmatch(header)
	if match == nil {
		return nil, invalid("Invalid Content-Range %q", header)
	}
	first, last, total := number(match[1]), number(match[2]), number(match[3])
	u, err := b.lockUpload(r)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	switch {
	case r.Method == http.MethodDelete:
		u.drop()
		w.WriteHeader(499) // as the real service does
		return written{}, nil
	case u.made != nil:
		_, _ = io.Copy(io.Discard, r.Body) // so that the client comes to read the answer
		return u.made, nil
	case total >= 0 && last >= total:
		return nil, invalid("Invalid Content-Range %q", header)
	}
	if first >= 0 {
		if err := u.receiveFrom(r.Body, first, max(last, total) >= 0); err != nil {
			return nil, err
		}
	}
	if total >= 0 && u.size > total {
		u.drop()
		return nil, invalid("There are %d bytes, more than the total of %d.", u.size, total)
	}
	if u.size != total && (total >= 0 || first < 0 || last >= 0) {
		return u.incomplete(w, r)
	}
	u.object.readHashes(r.Header)
	return u.end()
}

// end makes the object. What the client did wrong ends the upload as well; after
// a fault of ours it may try again.
func (u *upload) end() (any, error) {
	made, err := u.finish()
	var refused *apiError
	if err == nil {
		u.close()
		u.made = made
		time.AfterFunc(repeatable, func() { u.bucket.server.uploads.Delete(u.id) })
	} else if errors.As(err, &refused) {
		u.drop()
	}
	return made, err
}

// drop forgets a resumable upload.
func (u *upload) drop() {
	u.bucket.server.uploads.Delete(u.id)
	u.made = nil
	u.close()
}

// receiveFrom appends a chunk. A client that sends again what has arrived already
// is told apart from one that left something out. If the range is bounded, the
// chunk may end before anything new; else its end is that of the content.
func (u *upload) receiveFrom(body io.Reader, first int64, bounded bool) error {
	known := u.size - first
	if known < 0 {
		return invalid("The chunk begins at byte %d, but only %d bytes have arrived.", first, u.size)
	}
	if _, err := io.CopyN(io.Discard, body, known); bounded && errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return invalid("The chunk ends before byte %d.", u.size)
	}
	return u.receive(body)
}

// incomplete tells how much has arrived, by the code that the real service uses
// in a sense of its own, or in a header if the client cannot bear that.
func (u *upload) incomplete(w http.ResponseWriter, r *http.Request) (any, error) {
	if u.size > 0 {
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", u.size-1))
	}
	w.Header().Set("X-Http-Status-Code-Override", "308")
	if r.Header.Get("X-Guploader-No-308") != "yes" {
		w.WriteHeader(http.StatusPermanentRedirect)
	}
	return written{}, nil
}
