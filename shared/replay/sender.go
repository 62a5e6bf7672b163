package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
)

// Object is a file of the archive.
type Object struct {
	Name       string
	Generation int64 // 0: the one that is there

	// Attrs is what a listing of the bucket told of the file. Without it, the
	// bucket is asked.
	Attrs *storage.ObjectAttrs
}

// Listed is a file that a listing of the bucket told of.
func Listed(o *storage.ObjectAttrs) Object {
	return Object{Name: o.Name, Generation: o.Generation, Attrs: o}
}

// Report is what has been sent.
type Report struct {
	Sent  int   // notifications that Pub/Sub has confirmed
	Gone  int   // files that are no longer in the archive
	Bytes int64 // of the files whose notifications were sent
}

// Sender sends notifications again, a bounded number at one time.
type Sender struct {
	Resources names.Resources
	Archive   *storage.BucketHandle
	Topics    *pubsub.Client
	Notify    string // whose readers are notified: see Message

	// KeepMarks has a file that is itself a replay, by its metadata, notify those
	// whom its own mark names: who repairs does not know why it was sent.
	KeepMarks bool
}

// atOnce is how many files are on their way at one time: as many connections as
// Google's clients keep.
const atOnce = 100

// Send sends the notifications of the files, and returns when Pub/Sub has them
// all, or at the first error. Files that are gone are counted and passed over.
// progress, if not nil, is told of each file, by one goroutine at a time.
func (s *Sender) Send(ctx context.Context, objects iter.Seq2[Object, error], progress func(Report)) (Report, error) {
	publisher := s.Topics.Publisher(s.Resources.TopicPath(s.Resources.ArchivedTopic()))
	defer publisher.Stop()
	var mu sync.Mutex
	var report Report
	err := Each(ctx, objects, atOnce, func(ctx context.Context, o Object) error {
		size, err := s.send(ctx, publisher, o)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case errors.Is(err, storage.ErrObjectNotExist):
			report.Gone++
		case err != nil:
			return err
		default:
			report.Sent++
			report.Bytes += size
		}
		if progress != nil {
			progress(report)
		}
		return nil
	})
	return report, err
}

// Each sends each item, at most so many at one time, and returns when all are
// sent, or at the first error, of an item or of their source.
func Each[T any](ctx context.Context, items iter.Seq2[T, error], atOnce int, send func(context.Context, T) error) error {
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	var reading error
	for item, err := range items {
		if err != nil || sending.Err() != nil {
			reading = err
			break
		}
		group.Go(func() error { return send(sending, item) })
	}
	if err := errors.Join(reading, group.Wait()); err != nil {
		return err
	}
	return ctx.Err()
}

// send sends one file's notification, and says how large the file is.
func (s *Sender) send(ctx context.Context, publisher *pubsub.Publisher, o Object) (size int64, err error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if o.Attrs == nil {
		file := s.Archive.Object(o.Name)
		if o.Generation != 0 {
			file = file.Generation(o.Generation)
		}
		if o.Attrs, err = file.Attrs(ctx); err != nil {
			return 0, fmt.Errorf("look at %s: %w", o.Name, err)
		}
	}
	if _, err := publisher.Publish(ctx, Message(o.Attrs, s.notify(o.Attrs))).Get(ctx); err != nil {
		return 0, fmt.Errorf("send the notification of %s: %w", o.Name, err)
	}
	return o.Attrs.Size, nil
}

// notify is whose readers are notified of a file.
func (s *Sender) notify(o *storage.ObjectAttrs) string {
	mark := event.ReplayMark(o.Metadata)
	if s.KeepMarks && len(mark) > 0 {
		return mark[names.AttributeNotify]
	}
	return s.Notify
}
