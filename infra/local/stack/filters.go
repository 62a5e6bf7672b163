package stack

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"

	"cloud.google.com/go/storage"
	"nightwire.dev/infra/filters"
	"nightwire.dev/shared/names"
)

// builtIn is one of the filters of the repository that are for the stream.
type builtIn struct {
	name, topic string
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
			all = append(all, builtIn{f.Name, f.Topic, file.Text})
		}
	}
	return all, nil
}

// uploadFilters puts the filters into the bucket where they are not there as
// they are here. The others of the bucket stay.
func uploadFilters(ctx context.Context, products *storage.BucketHandle, all []builtIn) error {
	for _, f := range all {
		object := products.Object(names.FilterObject(f.name))
		there, err := object.Attrs(ctx)
		if err != nil && !errors.Is(err, storage.ErrObjectNotExist) {
			return fmt.Errorf("look at filter %s: %w", f.name, err)
		}
		if err == nil && there.CRC32C == crc32.Checksum(f.text, crc32.MakeTable(crc32.Castagnoli)) {
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
