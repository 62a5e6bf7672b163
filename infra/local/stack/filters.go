package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"cloud.google.com/go/storage"
	"nightwire.dev/infra/filters"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
)

// builtIn is one of the filters of the repository that are for the stream.
type builtIn struct {
	name, topic string
	version     int
	text        []byte
}

func builtIns(stream names.Stream) ([]builtIn, error) {
	files, err := filters.All()
	if err != nil {
		return nil, err
	}
	var all []builtIn
	for _, file := range files {
		f, err := file.Parse()
		if err != nil {
			return nil, fmt.Errorf("built-in filter: %w", err)
		}
		if f.For(stream) {
			all = append(all, builtIn{f.Name, f.Topic, f.Version, file.Text})
		}
	}
	return all, nil
}

// uploadFilters puts the filters into the bucket where they are not there, and
// in place of those that are older than they are. One that somebody has given
// a higher version stays, as do the others of the bucket.
func uploadFilters(ctx context.Context, products *storage.BucketHandle, all []builtIn) error {
	for _, f := range all {
		object := products.Object(names.FilterObject(f.name))
		there, err := read(ctx, object)
		if err != nil && !errors.Is(err, storage.ErrObjectNotExist) {
			return fmt.Errorf("look at filter %s: %w", f.name, err)
		}
		if err == nil && (bytes.Equal(there, f.text) || versionOf(there) > f.version) {
			continue
		}
		w := object.NewWriter(ctx)
		w.ChunkSize, w.ContentType = 0, "application/yaml"
		_, err = w.Write(f.text)
		if cerr := w.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return fmt.Errorf("upload filter %s: %w", f.name, err)
		}
	}
	return nil
}

func read(ctx context.Context, object *storage.ObjectHandle) ([]byte, error) {
	r, err := object.NewReader(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// versionOf is the version of a filter's file; 0 if it is no good filter.
func versionOf(text []byte) int {
	f, _, err := filter.Parse("", text)
	if err != nil {
		return 0
	}
	return f.Version
}
