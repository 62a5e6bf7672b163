package tarball

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/bucket"
)

// The metadata of the finished objects: of which files they are, and of which
// tarball. Those of one tarball have the same.
const (
	listingKey = "listing"
	sha256Key  = "sha256"
)

// summary is what a finished tarball was made of, as the object beside it says.
type summary struct {
	Stream string `json:"stream"`
	Night  string `json:"night"`
	SHA256 string `json:"sha256"`
	Files  int64  `json:"files"`
	Bytes  int64  `json:"bytes"`
	Seed   string `json:"seed"`
	Parts  []part `json:"parts"`
}

func (n *night) summarise(c chain) (*summary, error) {
	end := c.end()
	sum, err := end.sum()
	if err != nil {
		return nil, err
	}
	s := &summary{
		Stream: string(n.Resources.Stream), Night: n.day, SHA256: sum, Files: end.Files, Bytes: end.Bytes,
		Seed: c.start.Listing, Parts: slices.Clone(c.parts),
	}
	for i := range s.Parts {
		s.Parts[i].Index, s.Parts[i].Reached.Hash = "", nil // of the making, not of what was made
	}
	return s, nil
}

func (s *summary) metadata() map[string]string {
	return map[string]string{listingKey: s.Parts[len(s.Parts)-1].Reached.Listing, sha256Key: s.SHA256}
}

// isOf says whether an object belongs to the tarball.
func (s *summary) isOf(attrs *storage.ObjectAttrs) bool {
	want := s.metadata()
	return attrs.Metadata[listingKey] == want[listingKey] && attrs.Metadata[sha256Key] == want[sha256Key]
}

// finish makes the tarball of a whole chain. What tells of the parts comes last:
// where it is, all is there.
func (n *night) finish(ctx context.Context, c chain) (*summary, error) {
	s, err := n.summarise(c)
	if err != nil {
		return nil, err
	}
	var contents, indices []string
	for _, p := range c.parts {
		contents, indices = append(contents, p.object), append(indices, p.Index)
	}
	if err := n.compose(ctx, n.Resources.TarballObject(n.day), "application/gzip", s, contents); err != nil {
		return nil, err
	}
	if err := n.compose(ctx, n.Resources.TarballIndexObject(n.day), "application/jsonl", s, indices); err != nil {
		return nil, err
	}
	if err := n.overwrite(ctx, n.Resources.TarballSumObject(n.day), "text/plain", s, []byte(n.sumLine(s.SHA256))); err != nil {
		return nil, err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	if err := n.overwrite(ctx, n.Resources.TarballPartsObject(n.day), "application/json", s, append(text, '\n')); err != nil {
		return nil, err
	}
	// Another instance may have been at it with other files.
	if whole, err := n.isWhole(ctx, s); err != nil || !whole {
		return nil, errors.Join(err, errors.New("another instance has written at the same time"))
	}
	return s, nil
}

func (n *night) overwrite(ctx context.Context, name, contentType string, s *summary, content []byte) error {
	if _, err := bucket.Write(ctx, n.Products.Object(name), contentType, content, s.metadata()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// finished finds a tarball that is whole, and of the files that the night has.
func (n *night) finished(ctx context.Context) (*summary, error) {
	r, err := n.Products.Object(n.Resources.TarballPartsObject(n.day)).NewReader(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for an earlier tarball: %w", err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read of what an earlier tarball was made: %w", err)
	}
	s := new(summary)
	if json.Unmarshal(text, s) != nil || len(s.Parts) == 0 {
		return nil, nil // none that we know: it is made anew
	}
	if err := n.findVersions(ctx); err != nil {
		return nil, err
	}
	if whole, err := n.isWhole(ctx, s); err != nil || !whole || s.Seed != n.seed() {
		return nil, err
	}
	fresh, err := n.fresh(ctx, s.Parts)
	if err != nil || slices.Contains(fresh, false) {
		return nil, err
	}
	return s, nil
}

// isWhole says whether all objects of the tarball are there and belong to it.
func (n *night) isWhole(ctx context.Context, s *summary) (bool, error) {
	r := n.Resources
	for _, name := range []string{r.TarballObject(n.day), r.TarballIndexObject(n.day), r.TarballSumObject(n.day), r.TarballPartsObject(n.day)} {
		attrs, err := n.Products.Object(name).Attrs(ctx)
		if errors.Is(err, storage.ErrObjectNotExist) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("look at %s: %w", name, err)
		}
		if !s.isOf(attrs) {
			return false, nil
		}
	}
	return true, nil
}

// sweep removes the parts.
func (n *night) sweep(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(requests)
	for o, err := range bucket.Objects(ctx, n.Products, &storage.Query{Prefix: n.folder()}) {
		if err != nil {
			return errors.Join(fmt.Errorf("list parts to remove: %w", err), group.Wait())
		}
		group.Go(func() error {
			err := n.Products.Object(o.Name).Delete(ctx)
			if err != nil && !errors.Is(err, storage.ErrObjectNotExist) {
				return fmt.Errorf("remove %s: %w", o.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}
