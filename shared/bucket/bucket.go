// Package bucket writes small objects to Cloud Storage, as claims, filters and
// plots are, and lists what is there.
//
// An object's handle, with its preconditions, and the content enter; the
// generation that was written leaves. A bucket's handle enters, and what leaves
// are its objects, or a night's files, as an iterator. Functions and the command
// line call it.
package bucket

import (
	"context"
	"errors"
	"net/http"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
)

// Write stores an object in one request and returns its generation.
func Write(ctx context.Context, object *storage.ObjectHandle, contentType string, content []byte, metadata map[string]string) (generation int64, err error) {
	w := object.NewWriter(ctx)
	w.ChunkSize = 0 // one request; the default buffers 16 MB
	w.ContentType, w.Metadata = contentType, metadata
	_, err = w.Write(content)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return 0, err
	}
	return w.Attrs().Generation, nil
}

// IsTaken says whether a write was refused by its precondition: the object is
// there, or is another by now.
func IsTaken(err error) bool {
	var api *googleapi.Error
	return errors.As(err, &api) && api.Code == http.StatusPreconditionFailed
}
