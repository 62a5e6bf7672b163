package storage

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
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

// lockUpload finds the upload that a request goes on with, for that request
// alone.
func (b *bucket) lockUpload(r *http.Request) (*upload, error) {
	id := r.Form.Get("upload_id")
	if found, ok := b.server.uploads.Load(id); ok {
		u := found.(*upload)
		u.mu.Lock()
		if !u.ended {
			return u, nil
		}
		u.mu.Unlock()
	}
	return nil, notFound("No such upload: %s", id)
}

// contentRange says which bytes a request sends, if any, and of how many.
var contentRange = regexp.MustCompile(`^bytes (?:\*|(\d{1,18})-(\d{1,18}|\*))/(\*|\d{1,18})$`)

// resume takes one chunk, or is asked how much has arrived. The chunk that ends
// the content makes the object. Where the length is not known, a chunk without
// a last byte is the last.
func (b *bucket) resume(w http.ResponseWriter, r *http.Request) (any, error) {
	header := cmp.Or(r.Header.Get("Content-Range"), "bytes 0-*/*")
	match := contentRange.FindStringSubmatch(header)
	if match == nil {
		return nil, invalid("Invalid Content-Range %q", header)
	}
	u, err := b.lockUpload(r)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	if first, err := strconv.ParseInt(match[1], 10, 64); err == nil {
		if err := u.receiveFrom(r.Body, first); err != nil {
			return nil, err
		}
	}
	last, total := match[2], match[3]
	if size := strconv.FormatInt(u.size, 10); total != size && (total != "*" || last != "*") {
		return u.incomplete(w, r)
	}
	// Whatever comes of it, the upload has ended.
	defer u.close()
	b.server.uploads.Delete(u.id)
	u.object.readHashes(r.Header)
	return u.finish()
}

// receiveFrom appends a chunk. A client that sends again what has arrived already
// is told apart from one that left something out.
func (u *upload) receiveFrom(body io.Reader, first int64) error {
	known := u.size - first
	if known < 0 {
		return invalid("The chunk begins at byte %d, but only %d bytes have arrived.", first, u.size)
	}
	if skipped, _ := io.CopyN(io.Discard, body, known); skipped < known {
		return nil // the chunk, or the connection, ends before anything new
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
