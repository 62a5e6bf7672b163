// Package tarball makes the tarball of each night.
//
// A message of the topic tarball enters: a night, YYYY-MM-DD, which the function
// night sends when it has closed it, and anybody may send. What leaves is the
// night's tarball in the bucket of products, with its index and digest (package
// nightwire.dev/shared/tarball).
//
// An event has minutes, a night may take an hour. When the function's time is
// over it sends the night to its own topic, and the next event goes on from
// there; after a crash the event that comes again does.
//
// Idempotency key: the night and its files. A night that comes twice finds its
// tarball there, and leaves it as it is; one that has got another file since is
// packed anew.
package tarball

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/tarball"
)

// Name is the function's name: its entry point, and its subscription.
const Name = "tarball"

// maker makes a night's tarball, or goes on with it; *tarball.Maker is one.
type maker interface {
	Make(ctx context.Context, night string, enough func() bool) (tarball.Result, error)
}

// Function makes the tarballs of one stream.
type Function struct {
	Maker  maker
	Topic  *pubsub.Publisher // its own
	Budget time.Duration     // how long one event works
	Log    *slog.Logger
}

// Handle works on the tarball of one night.
func (f *Function) Handle(ctx context.Context, m *event.Message) error {
	night := strings.TrimSpace(string(m.Data))
	end := time.Now().Add(f.Budget)
	r, err := f.Maker.Make(ctx, night, func() bool { return time.Now().After(end) })
	if err != nil {
		return err
	}
	f.Log.InfoContext(ctx, "tarball "+string(r.Outcome), "night", night, "files", r.Files, "bytes", r.Bytes, "sha256", r.SHA256)
	if r.Outcome != tarball.Unfinished {
		return nil
	}
	if _, err := f.Topic.Publish(ctx, &pubsub.Message{Data: []byte(night)}).Get(ctx); err != nil {
		return fmt.Errorf("send night %s on: %w", night, err)
	}
	return nil
}
