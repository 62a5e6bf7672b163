package workbench

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"cloud.google.com/go/storage"
	"nightwire.dev/infra/source"
	"nightwire.dev/shared/bucket"
)

// downloads is how many files are fetched at once.
const downloads = 16

// Night is the archived alerts of a night, YYYY-MM-DD, in the order of their
// names. Of two packets with the same identity it has the one that came first.
func Night(ctx context.Context, archive *storage.BucketHandle, night string) (*source.Source, error) {
	var files []string
	for file, err := range bucket.Night(ctx, archive, night, "Name") {
		if err != nil {
			return nil, fmt.Errorf("night %s: %w", night, err)
		}
		if !isConflict(file.Name) {
			files = append(files, file.Name)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("night %s: bucket %s has no alerts of it", night, archive.BucketName())
	}
	return &source.Source{Name: "the night of " + night, Count: len(files), Packets: func(yield func(source.Packet, error) bool) {
		type fetched struct {
			source.Packet
			err error
		}
		for f := range ordered(slices.Values(files), downloads, func(name string) fetched {
			content, err := download(ctx, archive, name)
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

func download(ctx context.Context, archive *storage.BucketHandle, name string) ([]byte, error) {
	r, err := archive.Object(name).NewReader(ctx)
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
