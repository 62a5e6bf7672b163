// Package archived reads alerts out of the archive, for the functions that the
// bucket's notification of a new file triggers.
//
// The object that a notification names enters; the file is downloaded, checked
// against its checksum and decoded, and the alert leaves, beside the packet
// that holds its record.
package archived

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey"
)

// Reader reads the archive of one stream. It is safe for concurrent use.
type Reader struct {
	Stream  names.Stream
	Decoder *packet.Decoder
	Client  *storage.Client
}

// Read reads the alert of one file: that very generation, since a file is
// written once. The error is permanent where the file is gone or holds no
// alert.
func (r *Reader) Read(ctx context.Context, o event.Object) (*packet.Packet, alert.Alert, error) {
	content, err := r.download(ctx, o)
	if err != nil {
		return nil, alert.Alert{}, err
	}
	p, err := r.Decoder.Decode(ctx, content)
	if err != nil {
		return nil, alert.Alert{}, fmt.Errorf("decode: %w", err)
	}
	a, err := survey.Read(r.Stream, p)
	if err != nil {
		return nil, alert.Alert{}, fmt.Errorf("read alert: %w", err)
	}
	return p, a, nil
}

// GoneError is a file that is no longer there.
type GoneError struct{ Cause error }

func (e *GoneError) Error() string { return "the file is gone: " + e.Cause.Error() }
func (e *GoneError) Unwrap() error { return e.Cause }

// Permanent tells that trying again cannot help.
func (e *GoneError) Permanent() bool { return true }

func (r *Reader) download(ctx context.Context, o event.Object) ([]byte, error) {
	file, err := r.Client.Bucket(o.Bucket).Object(o.Name).Generation(o.Generation).NewReader(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		return nil, &GoneError{err}
	}
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer file.Close()
	// To the end, where the client compares the checksum.
	content := bytes.NewBuffer(make([]byte, 0, max(o.Size, 0)+bytes.MinRead))
	if _, err := content.ReadFrom(file); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return content.Bytes(), nil
}
