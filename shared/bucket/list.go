package bucket

import (
	"context"
	"errors"
	"iter"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"nightwire.dev/shared/names"
)

// Objects lists what a query finds, in the order of the names: objects, and
// folders, which have a Prefix and no name, if the query has a delimiter. An
// error ends the list.
func Objects(ctx context.Context, from *storage.BucketHandle, query *storage.Query) iter.Seq2[*storage.ObjectAttrs, error] {
	return func(yield func(*storage.ObjectAttrs, error) bool) {
		for list := from.Objects(ctx, query); ; {
			attrs, err := list.Next()
			if errors.Is(err, iterator.Done) || !yield(attrs, err) || err != nil {
				return
			}
		}
	}
}

// Schemas lists the schema versions of which an archive has alerts, in the
// order of their folders.
func Schemas(ctx context.Context, archive *storage.BucketHandle) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for folder, err := range Objects(ctx, archive, &storage.Query{Delimiter: "/"}) {
			if err != nil {
				yield("", err)
				return
			}
			if schema, ok := names.ParseSchemaFolder(folder.Prefix); ok && !yield(schema, nil) {
				return
			}
		}
	}
}

// Night lists the files of a night, YYYY-MM-DD, of all schema versions, in the
// order of their names. They have the attributes named, or all if none is.
func Night(ctx context.Context, archive *storage.BucketHandle, night string, attributes ...string) iter.Seq2[*storage.ObjectAttrs, error] {
	return func(yield func(*storage.ObjectAttrs, error) bool) {
		for schema, err := range Schemas(ctx, archive) {
			if err != nil {
				yield(nil, err)
				return
			}
			query := &storage.Query{Prefix: names.NightFolder(schema, night)}
			if len(attributes) > 0 {
				if err := query.SetAttrSelection(attributes); err != nil {
					yield(nil, err)
					return
				}
			}
			for file, err := range Objects(ctx, archive, query) {
				if !yield(file, err) || err != nil {
					return
				}
			}
		}
	}
}
