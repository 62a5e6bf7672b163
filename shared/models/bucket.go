package models

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/bucket"
)

// bucketFolder is where the products bucket has its one model, in a folder of
// the model's name with the bandpasses in it: models/NAME/salt2_template_0.dat,
// models/NAME/bandpasses/ztfg.dat.
const bucketFolder = "models/"

// fileEnd is the end of the names of all files that count.
const fileEnd = ".dat"

// FromBucket reads the model of the products bucket. Without one it is the
// demonstration model.
func FromBucket(ctx context.Context, products *storage.BucketHandle) (*Set, error) {
	objects, err := list(ctx, products)
	if err != nil {
		return nil, err
	}
	if len(objects) == 0 {
		return Demonstration()
	}
	name, err := onlyModel(objects)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for object := range objects {
		content, err := download(ctx, products.Object(object))
		if err != nil {
			return nil, fmt.Errorf("read %s from the bucket: %w", object, err)
		}
		files[strings.TrimPrefix(object, bucketFolder+name+"/")] = content
	}
	model, err := inMemory(files)
	if err != nil {
		return nil, err
	}
	throughputs, err := fs.Sub(model, bandpassFolder)
	if err != nil {
		return nil, err
	}
	set, err := load(name, model, throughputs)
	if err != nil {
		return nil, fmt.Errorf("read %s%s from the bucket: %w", bucketFolder, name, err)
	}
	return set, nil
}

// onlyModel is the name of the one model that the objects belong to.
func onlyModel(objects map[string]uint32) (name string, err error) {
	for object := range objects {
		folder, _, within := strings.Cut(strings.TrimPrefix(object, bucketFolder), "/")
		switch {
		case !within:
			return "", fmt.Errorf("the bucket's %s is in no model's folder: want %sNAME/%s", object, bucketFolder, folder)
		case name != "" && folder != name:
			return "", fmt.Errorf("the bucket has two models, %s and %s: want one",
				bucketFolder+min(name, folder), bucketFolder+max(name, folder))
		}
		name = folder
	}
	return name, nil
}

// ToBucket puts the model in a folder, with its bandpasses, into the products
// bucket, in the place of any other. A file that is there already stays.
func ToBucket(ctx context.Context, products *storage.BucketHandle, folder string) error {
	files, err := filesOf(folder)
	if err != nil {
		return err
	}
	there, err := list(ctx, products)
	if err != nil {
		return err
	}
	for object, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("upload model: %w", err)
		}
		sum, known := there[object]
		delete(there, object)
		if known && sum == crc32.Checksum(content, castagnoli) {
			continue
		}
		if err := upload(ctx, products.Object(object), content); err != nil {
			return fmt.Errorf("upload model: %s: %w", object, err)
		}
	}
	return remove(ctx, products, there)
}

// filesOf is what a folder's model is made of: paths by the names of objects.
func filesOf(folder string) (map[string]string, error) {
	name, throughputs, err := locate(folder)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, part := range []struct {
		folder, prefix string
		wanted         func(name string) bool
	}{
		{folder, path.Join(bucketFolder, name), func(file string) bool { return strings.HasSuffix(file, fileEnd) }},
		{throughputs, path.Join(bucketFolder, name, bandpassFolder), isBandpass},
	} {
		entries, err := os.ReadDir(part.folder)
		if err != nil {
			return nil, fmt.Errorf("list model: %w", err)
		}
		for _, entry := range entries {
			if !entry.IsDir() && part.wanted(entry.Name()) {
				files[path.Join(part.prefix, entry.Name())] = filepath.Join(part.folder, entry.Name())
			}
		}
	}
	return files, nil
}

// Clear takes the model out of the products bucket, so that the demonstration
// model takes its place.
func Clear(ctx context.Context, products *storage.BucketHandle) error {
	there, err := list(ctx, products)
	if err != nil {
		return err
	}
	return remove(ctx, products, there)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// list is the files of the bucket's models, with their checksums.
func list(ctx context.Context, products *storage.BucketHandle) (map[string]uint32, error) {
	files := map[string]uint32{}
	for o, err := range bucket.Objects(ctx, products, &storage.Query{Prefix: bucketFolder}) {
		if err != nil {
			return nil, fmt.Errorf("list the models of the bucket: %w", err)
		}
		if strings.HasSuffix(o.Name, fileEnd) {
			files[o.Name] = o.CRC32C
		}
	}
	return files, nil
}

func download(ctx context.Context, object *storage.ObjectHandle) ([]byte, error) {
	r, err := object.NewReader(ctx)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(r)
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	return content, err
}

func upload(ctx context.Context, object *storage.ObjectHandle, content []byte) error {
	w := object.NewWriter(ctx)
	w.ChunkSize, w.ContentType = 0, "text/plain"
	_, err := io.Copy(w, bytes.NewReader(content))
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return err
}

// remove deletes objects that may be gone already.
func remove(ctx context.Context, products *storage.BucketHandle, objects map[string]uint32) error {
	for object := range objects {
		err := products.Object(object).Delete(ctx)
		if err != nil && !errors.Is(err, storage.ErrObjectNotExist) {
			return fmt.Errorf("remove %s from the bucket: %w", object, err)
		}
	}
	return nil
}
