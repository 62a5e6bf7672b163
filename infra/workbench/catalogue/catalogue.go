// Package catalogue is the filters of a deployment, as their owners handle
// them: published, listed, paused, resumed, and told afterwards what they
// missed.
//
// A checked file or a filter's name enters. Objects of the products bucket,
// topics, and notifications of archived alerts leave; the function filter takes
// them up. The command line calls it, on the local stack or a project. Whatever
// is changed is changed under a generation precondition, so two people at it
// cannot undo each other unseen.
package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/storage"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// Catalogue is the filters of one stream.
type Catalogue struct {
	Resources names.Resources
	Products  *storage.BucketHandle
	Archive   *storage.BucketHandle
	Topics    *pubsub.Client
	Tables    *warehouse.Warehouse
}

// AbsentError is a filter that is not published.
type AbsentError struct{ Filter string }

func (e *AbsentError) Error() string {
	return fmt.Sprintf("no filter %s is published here: nightwire filter list shows those that are", e.Filter)
}

// errChanged asks to look again before doing it again.
var errChanged = errors.New("somebody else changed it at the same time: look at nightwire filter list, and try again")

// find reads a filter's published file; the error is an AbsentError if there
// is none. A file that is wrong comes with its faults and generation.
func (c *Catalogue) find(ctx context.Context, name string) (f *filter.Filter, content []byte, generation int64, err error) {
	object := names.FilterObject(name)
	content, generation, err = read(ctx, c.Products.Object(object))
	if errors.Is(err, storage.ErrObjectNotExist) {
		return nil, nil, 0, &AbsentError{name}
	}
	if err != nil {
		return nil, nil, 0, fmt.Errorf("read filter %s: %w", name, err)
	}
	f, _, err = filter.Parse(object, content)
	return f, content, generation, err
}

// lastGood is the filter that is in force for a published file that is wrong;
// nil if there never was a good one.
func (c *Catalogue) lastGood(ctx context.Context, name string) (*filter.Filter, error) {
	object := names.AcceptedObject(name)
	content, _, err := read(ctx, c.Products.Object(object))
	if errors.Is(err, storage.ErrObjectNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the last good version of filter %s: %w", name, err)
	}
	f, _, err := filter.Parse(object, content)
	return f, err
}

// makeTopic makes a filter's output topic where it is absent.
func (c *Catalogue) makeTopic(ctx context.Context, f *filter.Filter) (topic string, made bool, err error) {
	topic = c.Resources.Topic(f.Topic)
	_, err = c.Topics.TopicAdminClient.CreateTopic(ctx, &pubsubpb.Topic{Name: c.Resources.TopicPath(topic)})
	switch {
	case err == nil:
		return topic, true, nil
	case status.Code(err) == codes.AlreadyExists:
		return topic, false, nil
	default:
		return topic, false, fmt.Errorf("make topic %s: %w", topic, err)
	}
}

func read(ctx context.Context, object *storage.ObjectHandle) ([]byte, int64, error) {
	r, err := object.NewReader(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	return content, r.Attrs.Generation, err
}

// write stores a small object where the condition holds; errChanged says that
// it does not.
func write(ctx context.Context, object *storage.ObjectHandle, condition storage.Conditions, kind string, content []byte) error {
	_, err := bucket.Write(ctx, object.If(condition), kind, content, nil)
	return changed(err)
}

// changed turns a precondition that failed into errChanged.
func changed(err error) error {
	if bucket.IsTaken(err) {
		return errChanged
	}
	return err
}
