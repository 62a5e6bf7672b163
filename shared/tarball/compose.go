package tarball

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/bucket"
)

// most is the number of objects that Cloud Storage composes at once.
const most = 32

// compose makes one object of the tarball out of many. Where it is there, it
// stays; one of other files is replaced.
func (n *night) compose(ctx context.Context, name, contentType string, s *summary, sources []string) error {
	object := n.Products.Object(name)
	condition := storage.Conditions{DoesNotExist: true}
	there, err := object.Attrs(ctx)
	switch {
	case err == nil && s.isOf(there):
		return nil
	case err == nil:
		condition = storage.Conditions{GenerationMatch: there.Generation}
	case !errors.Is(err, storage.ErrObjectNotExist):
		return fmt.Errorf("look at %s: %w", name, err)
	}
	for level := 1; len(sources) > most; level++ {
		prefix := fmt.Sprintf("%s%s/%.16s-%d-", n.folder(), path.Base(name), s.metadata()[listingKey], level)
		if sources, err = n.composeLevel(ctx, prefix, sources); err != nil {
			return err
		}
	}
	c := object.If(condition).ComposerFrom(n.handles(sources)...)
	c.ContentType, c.Metadata = contentType, s.metadata()
	if _, err := c.Run(ctx); err != nil {
		return fmt.Errorf("compose %s: %w", name, err)
	}
	return nil
}

// composeLevel makes one object of every 32, and returns their names.
func (n *night) composeLevel(ctx context.Context, prefix string, sources []string) ([]string, error) {
	var composed []string
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(requests)
	for some := range slices.Chunk(sources, most) {
		name := fmt.Sprintf("%s%06d", prefix, len(composed))
		composed = append(composed, name)
		group.Go(func() error {
			object := n.Products.Object(name).If(storage.Conditions{DoesNotExist: true})
			if _, err := object.ComposerFrom(n.handles(some)...).Run(ctx); err != nil && !bucket.IsTaken(err) {
				return fmt.Errorf("compose %s: %w", name, err)
			}
			return nil
		})
	}
	return composed, group.Wait()
}

func (n *night) handles(objects []string) []*storage.ObjectHandle {
	handles := make([]*storage.ObjectHandle, len(objects))
	for i, name := range objects {
		handles[i] = n.Products.Object(name)
	}
	return handles
}
