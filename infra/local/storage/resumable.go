package storage

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// The real service keeps a resumable upload for a week after the last chunk. When
// it is done, a client may ask for some time what became of it.
const (
	abandoned  = 7 * 24 * time.Hour
	repeatable = time.Minute
)

// beginResumable opens a resumable upload and answers where its content goes. It
// ends with the process at the latest: after a restart clients are told 404 and
// begin anew.
func (b *bucket) beginResumable(w http.ResponseWriter, r *http.Request) (any, error) {
	var o object
	if err := decode(r.Body, &o); err != nil {
		return nil, err
	}
	o.ContentType = cmp.Or(o.ContentType, r.Header.Get("X-Upload-Content-Type"))
	u, err := b.newUpload(r, o)
	if err != nil {
		return nil, err
	}
	u.expiry = time.AfterFunc(abandoned, u.forget)
	b.server.uploads.Store(u.id, u)
	query := url.Values{"uploadType": {"resumable"}, "name": {u.object.Name}, "upload_id": {u.id}}
	w.Header().Set("Location", "http://"+r.Host+r.URL.EscapedPath()+"?"+query.Encode())
	return written{}, nil
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

// resume takes one chunk, or is asked how much has arrived. The chunk that ends
// the content makes the object. Where the length is not known, a chunk without a
// last byte is the last. A client may send again what has arrived already.
func (b *bucket) resume(w http.ResponseWriter, r *http.Request) (any, error) {
	header := cmp.Or(r.Header.Get("Content-Range"), "bytes 0-*/*")
	match := contentRange.FindStringSubmatch(header)
	if match == nil {
		return nil, invalid("Invalid Content-Range %q", header)
	}
	found, ok := b.server.uploads.Load(r.Form.Get("upload_id"))
	if !ok {
		return nil, notFound("No such upload: %s", r.Form.Get("upload_id"))
	}
	u := found.(*upload)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.made != nil {
		return u.made, nil
	}
	u.expiry.Reset(abandoned)
	first, last, total := number(match[1]), number(match[2]), number(match[3])
	if first > u.size || total >= 0 && last >= total {
		return nil, invalid("The Content-Range %q does not fit the %d bytes that have arrived.", header, u.size)
	}
	end := u.size
	if first >= 0 {
		var err error
		if end, err = u.receive(r.Body, first); err != nil {
			return nil, err
		}
	}
	unbounded := first >= 0 && last < 0 && total < 0
	switch {
	case total >= 0 && u.size > total, unbounded && u.size > end:
		return nil, invalid("The Content-Range %q does not fit the %d bytes that have arrived.", header, u.size)
	case unbounded, u.size == total:
		return u.end(r)
	}
	return u.incomplete(w, r)
}

// end makes the object, and ends the upload, also if what the client said is
// wrong; after a fault of ours it may try again.
func (u *upload) end(r *http.Request) (any, error) {
	u.object.readHashes(r.Header)
	made, err := u.finish()
	var refused *apiError
	switch {
	case err == nil:
		u.made = made
		u.close()
		u.expiry.Reset(repeatable)
	case errors.As(err, &refused):
		u.expiry.Stop()
		u.forget()
	}
	return made, err
}

// forget ends an upload, be it done or not.
func (u *upload) forget() {
	u.bucket.server.uploads.Delete(u.id)
	u.close()
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
