package evidence

import (
	"context"
	"fmt"

	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/names"
)

// listNight tells the account the files of a night, in the folders of all
// schemas.
func (s *Sources) listNight(ctx context.Context, g *gathering, night string) error {
	for schema, err := range bucket.Schemas(ctx, s.Archive) {
		if err == nil {
			err = s.listFolder(ctx, g, names.NightFolder(schema, night))
		}
		if err != nil {
			return fmt.Errorf("list the archive: %w", err)
		}
	}
	return nil
}

// listers is how many parts of a folder are listed at one time: Cloud Storage
// tells a thousand names at once, of which a night has up to ten million.
const listers = 16

// listFolder tells the account the files of a folder, in parts that the ledger
// says are about as large.
func (s *Sources) listFolder(ctx context.Context, g *gathering, folder string) error {
	var splits []string
	g.tell(func(a *certificate.Account) { splits = a.Splits(folder, listers) })
	bounds := append(append([]string{""}, splits...), "")
	group, ctx := errgroup.WithContext(ctx)
	found := make(chan string, 1000)
	for i := range bounds[1:] {
		group.Go(func() error {
			return s.list(ctx, &storage.Query{Prefix: folder, StartOffset: bounds[i], EndOffset: bounds[i+1]}, func(name string) error {
				select {
				case found <- name:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
		})
	}
	ended := make(chan error, 1)
	go func() {
		ended <- group.Wait()
		close(found)
	}()
	for name := range found {
		g.tell(func(a *certificate.Account) { a.File(name) })
	}
	return <-ended
}

// list visits the names that the query finds.
func (s *Sources) list(ctx context.Context, query *storage.Query, visit func(name string) error) error {
	if err := query.SetAttrSelection([]string{"Name"}); err != nil {
		return err
	}
	for file, err := range bucket.Objects(ctx, s.Archive, query) {
		if err != nil {
			return err
		}
		if err := visit(file.Name); err != nil {
			return err
		}
	}
	return nil
}
