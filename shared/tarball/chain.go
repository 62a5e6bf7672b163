package tarball

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/bucket"
)

// requests is the number of requests to Cloud Storage at a time.
const requests = 32

// partKey is the metadata that describes a part.
const partKey = "part"

// chain is the parts of a tarball from its first byte on.
type chain struct {
	start position
	parts []part
}

// end is where the chain ends.
func (c chain) end() position {
	if len(c.parts) == 0 {
		return c.start
	}
	return c.parts[len(c.parts)-1].Reached
}

// resume finds the chain of stored parts that are what they would be if they
// were made now.
func (n *night) resume(ctx context.Context) (chain, error) {
	if err := n.findVersions(ctx); err != nil {
		return chain{}, err
	}
	stored, err := n.stored(ctx)
	if err != nil {
		return chain{}, err
	}
	fresh, err := n.fresh(ctx, stored)
	if err != nil {
		return chain{}, err
	}
	next := map[string]part{}
	for i, p := range stored {
		if fresh[i] {
			next[p.Before] = p
		}
	}
	c := chain{start: position{Listing: n.seed()}}
	for !c.end().End {
		p, ok := next[c.end().Listing]
		if !ok {
			break
		}
		c.parts = append(c.parts, p)
	}
	return c, nil
}

// stored lists the parts that are there.
func (n *night) stored(ctx context.Context) ([]part, error) {
	var parts []part
	for o, err := range bucket.Objects(ctx, n.Products, &storage.Query{Prefix: n.folder()}) {
		if err != nil {
			return nil, fmt.Errorf("list parts: %w", err)
		}
		if o.Metadata[partKey] == "" {
			continue
		}
		p, err := parsePart(o)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func parsePart(o *storage.ObjectAttrs) (part, error) {
	p := part{object: o.Name}
	if err := json.Unmarshal([]byte(o.Metadata[partKey]), &p); err != nil {
		return p, fmt.Errorf("metadata of %s: %w", o.Name, err)
	}
	return p, nil
}

// fresh says of each part whether the night has the very files, in its range of
// names, that it was made of.
func (n *night) fresh(ctx context.Context, parts []part) ([]bool, error) {
	fresh := make([]bool, len(parts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(requests)
	for i, p := range parts {
		group.Go(func() error {
			d := newDigest(p.Before)
			for f, err := range n.files(ctx, p.After, p.upTo()) {
				if err != nil {
					return err
				}
				d.add(f)
			}
			fresh[i] = d.sum(p.Reached.End) == p.Reached.Listing
			return nil
		})
	}
	return fresh, group.Wait()
}

// extend makes the parts from a position on, until the night ends or there is
// enough, and returns how far it came.
func (n *night) extend(ctx context.Context, at position, enough func() bool) (position, error) {
	b, err := newBuilder(n)
	if err != nil {
		return at, err
	}
	for cut, err := range n.cuts(ctx, at) {
		if err != nil {
			return at, err
		}
		if at.Files == 0 && len(cut.files) == 0 {
			return at, nil
		}
		p, err := n.build(ctx, b, at, cut)
		if err != nil {
			return at, err
		}
		if at = p.Reached; enough() {
			return at, nil
		}
	}
	return at, nil
}

// cut is the files of one part.
type cut struct {
	files []file
	end   bool // no file follows
}

// cuts divides the files behind a position into parts. Where a part ends
// follows from the sizes of the files, and from nothing else.
func (n *night) cuts(ctx context.Context, at position) iter.Seq2[cut, error] {
	return func(yield func(cut, error) bool) {
		var files []file
		var bytes int64
		for f, err := range n.files(ctx, at.Last, "") {
			if err != nil {
				yield(cut{}, err)
				return
			}
			if bytes >= n.sizes.Part {
				if !yield(cut{files: files}, nil) {
					return
				}
				files, bytes = nil, 0
			}
			files, bytes = append(files, f), bytes+f.size
		}
		yield(cut{files: files, end: true}, nil)
	}
}

// build makes a part and stores it. Where it is there already, as another
// instance left it, that one counts.
func (n *night) build(ctx context.Context, b *builder, at position, c cut) (part, error) {
	b.begin(at)
	i := 0
	for content, err := range n.contents(ctx, c.files) {
		if err == nil {
			err = b.add(c.files[i], content)
		}
		if err != nil {
			return part{}, err
		}
		i++
	}
	p, err := b.finish(c.end)
	if err != nil {
		return p, err
	}
	return n.store(ctx, p, b.out.Bytes(), b.index.Bytes())
}

// store writes a part's lines of the index, and then the part. What the names
// say is what is in the objects.
func (n *night) store(ctx context.Context, p part, content, index []byte) (part, error) {
	p.object = fmt.Sprintf("%s%06d-%.16s.gz", n.folder(), p.Reached.Parts, p.Reached.Listing)
	sum := sha256.Sum256(index)
	p.Index = fmt.Sprintf("%s-%.16s.jsonl", strings.TrimSuffix(p.object, ".gz"), hex.EncodeToString(sum[:]))
	if err := n.create(ctx, p.Index, "application/jsonl", index, nil); err != nil && !bucket.IsTaken(err) {
		return p, err
	}
	described, err := json.Marshal(p)
	if err != nil {
		return p, err
	}
	err = n.create(ctx, p.object, "application/gzip", content, map[string]string{partKey: string(described)})
	if !bucket.IsTaken(err) {
		return p, err
	}
	there, err := n.Products.Object(p.object).Attrs(ctx)
	if err != nil {
		return p, fmt.Errorf("look at the part that is there: %w", err)
	}
	return parsePart(there)
}

func (n *night) create(ctx context.Context, name, contentType string, content []byte, metadata map[string]string) error {
	object := n.Products.Object(name).If(storage.Conditions{DoesNotExist: true})
	if _, err := bucket.Write(ctx, object, contentType, content, metadata); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
