package tarball

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"iter"
	"strings"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/names"
)

// file is a file of the night, as the archive lists it.
type file struct {
	name           string
	generation     int64
	metageneration int64
	size           int64
	metadata       map[string]string
}

// findVersions lists the schema versions of which the night has files, in the
// order of their folders.
func (n *night) findVersions(ctx context.Context) error {
	n.versions = nil
	for version, err := range bucket.Schemas(ctx, n.Alerts) {
		if err != nil {
			return fmt.Errorf("list schema versions: %w", err)
		}
		query := &storage.Query{Prefix: names.NightFolder(version, n.day)}
		if err := query.SetAttrSelection([]string{"Name"}); err != nil {
			return err
		}
		for _, err := range bucket.Objects(ctx, n.Alerts, query) {
			if err != nil {
				return fmt.Errorf("look for files of schema %s: %w", version, err)
			}
			n.versions = append(n.versions, version)
			break
		}
	}
	return nil
}

// files lists the night's files in the order of their names, from behind one
// name up to another; "" stands for the begin and for the end of the night.
func (n *night) files(ctx context.Context, after, upTo string) iter.Seq2[file, error] {
	return func(yield func(file, error) bool) {
		for _, version := range n.versions {
			query := &storage.Query{Prefix: names.NightFolder(version, n.day), StartOffset: after}
			if upTo != "" {
				query.EndOffset = upTo + " " // the end is not listed itself
			}
			if err := query.SetAttrSelection([]string{"Name", "Generation", "Metageneration", "Size", "Metadata"}); err != nil {
				yield(file{}, err)
				return
			}
			for o, err := range bucket.Objects(ctx, n.Alerts, query) {
				if err != nil {
					yield(file{}, fmt.Errorf("list files: %w", err))
					return
				}
				if o.Name <= after || !strings.HasSuffix(o.Name, ".avro") {
					continue
				}
				if !yield(file{o.Name, o.Generation, o.Metageneration, o.Size, o.Metadata}, nil) {
					return
				}
			}
		}
	}
}

// digest tells listings apart: it is made of that of all files before and of
// the files that are added.
type digest struct{ hash hash.Hash }

func newDigest(before string) digest {
	d := digest{sha256.New()}
	d.hash.Write([]byte(before))
	return d
}

func (d digest) add(f file) {
	fmt.Fprintf(d.hash, "\n%s %d %d", f.name, f.generation, f.metageneration)
}

// sum is the digest. That no file follows belongs to it: a part that ends the
// tar has other bytes than one of the same files that does not.
func (d digest) sum(end bool) string {
	if end {
		d.hash.Write([]byte("\nend"))
	}
	return hex.EncodeToString(d.hash.Sum(nil))
}

// seed is the digest of no file. It depends on all that makes other bytes of
// the same files, so that parts of another making are never mixed with ours.
func (n *night) seed() string {
	d := newDigest("nightwire tarball 1")
	fmt.Fprintf(d.hash, "\n%d %d %t", n.sizes.Part, n.sizes.Block, n.inFolders())
	return d.sum(false)
}
