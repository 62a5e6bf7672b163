// Package dawn asks the function night for a night's certificate, and waits for
// the answer. A night enters; its certificate leaves. The command line calls it.
package dawn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/storage"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/names"
)

// Caller calls the dawn of a stream's nights.
type Caller struct {
	Resources names.Resources
	Topics    *pubsub.Client
	Products  *storage.BucketHandle
}

// Call is a dawn that was asked for.
type Call struct {
	Night string
	ID    string // of its message
}

// Send asks for a night, YYYY-MM-DD.
func (c *Caller) Send(ctx context.Context, night string) (Call, error) {
	topic := c.Topics.Publisher(c.Resources.TopicPath(c.Resources.DawnTopic()))
	defer topic.Stop()
	id, err := topic.Publish(ctx, &pubsub.Message{Data: []byte(night)}).Get(ctx)
	if err != nil {
		return Call{}, fmt.Errorf("ask for the dawn of %s: %w", night, err)
	}
	return Call{night, id}, nil
}

// glance is how often we look for the certificate.
const glance = 250 * time.Millisecond

// Await returns the final certificate that answers a call. tell, if not nil,
// hears of each certificate before it.
func (c *Caller) Await(ctx context.Context, call Call, tell func(*certificate.Certificate)) (*certificate.Certificate, error) {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	looks := 0
	for {
		found, err := c.read(ctx, call.Night)
		if err != nil {
			return nil, err
		}
		if found != nil && found.Dawn == call.ID {
			if found.Final() {
				return found, nil
			}
			if tell != nil && found.Repair.Looks > looks {
				looks = found.Repair.Looks
				tell(found)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("await the certificate of %s: %w", call.Night, context.Cause(ctx))
		}
	}
}

// read reads the certificate of a night; nil if there is none.
func (c *Caller) read(ctx context.Context, night string) (*certificate.Certificate, error) {
	text, err := c.download(ctx, names.CertificateObject(night))
	if errors.Is(err, storage.ErrObjectNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the certificate of %s: %w", night, err)
	}
	found := new(certificate.Certificate)
	if err := json.Unmarshal(text, found); err != nil {
		return nil, fmt.Errorf("read the certificate of %s: %w", night, err)
	}
	return found, nil
}

func (c *Caller) download(ctx context.Context, object string) ([]byte, error) {
	r, err := c.Products.Object(object).NewReader(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
