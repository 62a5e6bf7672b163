package evidence

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/certificate"
)

const (
	// nightsAtOnce bounds the nights that are looked up at the same time.
	nightsAtOnce = 8
	// fewFiles is how many files of another night are looked up by their names.
	// Of more, as a stream that is read from its beginning has, the whole night.
	fewFiles = 1000
)

// readOther tells the account of those files of another night that records of
// this one brought: late alerts, nearly always a few.
func (s *Sources) readOther(ctx context.Context, g *gathering, night string, files []string) error {
	values := map[string]any{"night": night}
	rows, evaluations := ofNight, ofNight
	list := func() error { return s.listNight(ctx, g, night) }
	if len(files) <= fewFiles {
		values["files"] = files
		rows += " AND nightwire.object IN UNNEST(@files)"
		evaluations += " AND object IN UNNEST(@files)"
		list = func() error { return s.find(ctx, g, files) }
	}
	if err := list(); err != nil {
		return err
	}
	if err := s.readRows(ctx, g, rows, values); err != nil {
		return err
	}
	return s.readEvaluations(ctx, g, evaluations, values)
}

// find tells the account which of the files are there.
func (s *Sources) find(ctx context.Context, g *gathering, files []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(listers)
	for _, name := range files {
		group.Go(func() error {
			_, err := s.Archive.Object(name).Attrs(ctx)
			if errors.Is(err, storage.ErrObjectNotExist) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("find the file %s: %w", name, err)
			}
			g.tell(func(a *certificate.Account) { a.File(name) })
			return nil
		})
	}
	return group.Wait()
}
