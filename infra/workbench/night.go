package workbench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"nightwire.dev/infra/source"
)

// downloads is how many files are fetched at once.
const downloads = 16

// Night is the archived alerts of a night, YYYY-MM-DD, in the order of their
// names. Of two packets with the same identity it has the one that came first.
func Night(ctx context.Context, bucket *storage.BucketHandle, night string) (*source.Source, error) {
	versions, err := list(ctx, bucket, &storage.Query{Prefix: "v", Delimiter: "/"})
	if err != nil {
		return nil, fmt.Errorf("night %s: %w", night, err)
	}
	var files []string
	for _, version := range versions {
		found, err := list(ctx, bucket, &storage.Query{Prefix: version + "night=" + night + "/"})
		if err != nil {
			return nil, fmt.Errorf("night %s: %w", night, err)
		}
		files = append(files, slices.DeleteFunc(found, isConflict)...)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("night %s: bucket %s has no alerts of it", night, bucket.BucketName())
	}
	return &source.Source{Name: "the night of " + night, Count: len(files), Packets: func(yield func(source.Packet, error) bool) {
		type fetched struct {
			source.Packet
			err error
		}
		for f := range ordered(slices.Values(files), downloads, func(name string) fetched {
			content, err := download(ctx, bucket, name)
			return fetched{source.Packet{Name: name, Bytes: content}, err}
		}) {
			if !yield(f.Packet, f.err) || f.err != nil {
				return
			}
		}
	}}, nil
}

// isConflict says whether a file's name has a digest in it, between the
// identity and the end.
func isConflict(name string) bool { return strings.Count(path.Base(name), ".") > 1 }

// list is the names of objects, or of the folders where the query has a
// delimiter.
func list(ctx context.Context, bucket *storage.BucketHandle, query *storage.Query) ([]string, error) {
	if err := query.SetAttrSelection([]string{"Name"}); err != nil {
		return nil, err
	}
	var found []string
	for objects := bucket.Objects(ctx, query); ; {
		o, err := objects.Next()
		if errors.Is(err, iterator.Done) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		if (o.Prefix != "") == (query.Delimiter != "") {
			found = append(found, o.Prefix+o.Name)
		}
	}
}

func download(ctx context.Context, bucket *storage.BucketHandle, name string) ([]byte, error) {
	r, err := bucket.Object(name).NewReader(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return content, nil
}
