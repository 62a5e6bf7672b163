package filter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
)

// source is one filter's file, as last read.
type source struct {
	generation int64          // of the file that was read last
	good       int64          // of the one that is in force
	text       []byte         // of that one
	filter     *filter.Filter // nil if there never was a good one
}

// found is what one listing of the folder has.
type found struct {
	files    map[string]*storage.ObjectAttrs // by the filter's name
	accepted map[string]*storage.ObjectAttrs // copies of the last good versions
	paused   map[string]bool
}

func (c *catalogue) list(ctx context.Context) (*found, error) {
	f := &found{files: map[string]*storage.ObjectAttrs{}, accepted: map[string]*storage.ObjectAttrs{}, paused: map[string]bool{}}
	query := &storage.Query{Prefix: names.FiltersFolder}
	if err := query.SetAttrSelection([]string{"Name", "Generation", "Metadata"}); err != nil {
		return nil, err
	}
	for o, err := range bucket.Objects(ctx, c.bucket, query) {
		if err != nil {
			return nil, err
		}
		if name, ok := names.ParseFilterObject(o.Name); ok {
			f.files[name] = o
		} else if name, ok := names.ParseAcceptedObject(o.Name); ok {
			f.accepted[name] = o
		} else if name, ok := names.ParsePausedObject(o.Name); ok {
			f.paused[name] = true
		} else if !strings.HasSuffix(o.Name, "/") && c.strange[o.Name] != o.Generation {
			c.strange[o.Name] = o.Generation
			c.refuse(ctx, o.Name, fmt.Errorf("a filter's file is %s", names.FilterObject("NAME")))
		}
	}
	return f, nil
}

// readChanged brings the sources to what was found. It changes nothing if a
// file cannot be read.
func (c *catalogue) readChanged(ctx context.Context, f *found) error {
	next := make(map[string]*source, len(f.files))
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for name, file := range f.files {
		last := c.sources[name]
		if last != nil && last.generation == file.Generation {
			next[name] = last
			continue
		}
		if last == nil {
			last = &source{}
		}
		now := new(source)
		next[name] = now
		group.Go(func() (err error) {
			*now, err = c.read(reading, name, file, f.accepted[name], *last)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	c.sources = next
	c.keepAccepted(ctx, f)
	return nil
}

// read reads a file that has changed. If it is wrong, the last good version
// stays in force: ours, or the copy of a newer one that another instance saw.
func (c *catalogue) read(ctx context.Context, name string, file, accepted *storage.ObjectAttrs, last source) (source, error) {
	text, err := c.download(ctx, file)
	if err != nil {
		return source{}, err
	}
	f, err := parse(name, file.Name, text)
	if err == nil {
		return source{generation: file.Generation, good: file.Generation, text: text, filter: f}, nil
	}
	c.refuse(ctx, file.Name, err)
	last.generation = file.Generation
	if good := sourceOf(accepted); good > last.good {
		if text, err = c.download(ctx, accepted); err != nil {
			return source{}, err
		}
		if f, err = parse(name, accepted.Name, text); err != nil {
			c.refuse(ctx, accepted.Name, err)
			return last, nil
		}
		last.good, last.text, last.filter = good, text, f
	}
	return last, nil
}

// parse reads a filter, which must have the name that its file has: so no two
// files hold one filter.
func parse(name, file string, text []byte) (*filter.Filter, error) {
	f, _, err := filter.Parse(file, text)
	if err != nil {
		return nil, err
	}
	if f.Name != name {
		return nil, fmt.Errorf("the filter is named %s: its file is %s", f.Name, names.FilterObject(f.Name))
	}
	return f, nil
}

// longestFile bounds what is read of an object: whatever is longer is longer
// than any filter, and is refused as such.
const longestFile = 64 << 10

func (c *catalogue) download(ctx context.Context, o *storage.ObjectAttrs) ([]byte, error) {
	r, err := c.bucket.Object(o.Name).Generation(o.Generation).NewReader(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, longestFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	return text, nil
}

// sourceKey is the metadata of a copy: the generation of the file whose copy
// it is.
const sourceKey = "source-generation"

// sourceOf is the generation of the file whose copy an object is; 0 if there
// is none.
func sourceOf(accepted *storage.ObjectAttrs) int64 {
	if accepted == nil {
		return 0
	}
	generation, _ := strconv.ParseInt(accepted.Metadata[sourceKey], 10, 64)
	return generation
}

// keepAccepted keeps a copy of each version that is in force, and none of a
// filter whose file is deleted. Another instance may be quicker; what fails is
// tried again at the next look.
func (c *catalogue) keepAccepted(ctx context.Context, f *found) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for name, s := range c.sources {
		if copied := f.accepted[name]; s.filter != nil && s.good > sourceOf(copied) {
			group.Go(func() error { c.note(ctx, name, c.accept(ctx, name, s, copied)); return nil })
		}
	}
	for name, copied := range f.accepted {
		if _, ok := c.sources[name]; !ok {
			object := c.bucket.Object(copied.Name).If(storage.Conditions{GenerationMatch: copied.Generation})
			group.Go(func() error { c.note(ctx, name, object.Delete(ctx)); return nil })
		}
	}
	_ = group.Wait()
}

// accept writes the copy of a source, in place of the one that was listed.
func (c *catalogue) accept(ctx context.Context, name string, s *source, copied *storage.ObjectAttrs) error {
	condition := storage.Conditions{DoesNotExist: true}
	if copied != nil {
		condition = storage.Conditions{GenerationMatch: copied.Generation}
	}
	_, err := bucket.Write(ctx, c.bucket.Object(names.AcceptedObject(name)).If(condition), "application/yaml", s.text,
		map[string]string{sourceKey: strconv.FormatInt(s.good, 10)})
	return err
}

func (c *catalogue) note(ctx context.Context, name string, err error) {
	if err != nil && !bucket.IsTaken(err) && !errors.Is(err, storage.ErrObjectNotExist) {
		c.log.WarnContext(ctx, "copy of a filter cannot be kept", "filter", name, "error", err)
	}
}
