package catalogue

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
)

// Published is what publishing a filter did.
type Published struct {
	Topic     string
	NewTopic  bool
	Before    int     // the version in whose place it is; 0 if it is new
	Unchanged bool    // the very file was published before
	Paused    *Paused // it does not run yet; nil if it does
}

// Publish puts a filter's file into force. What was notified under a version's
// number is not notified again, so another content needs a higher number. The
// name belongs to who was first, unless takeOver says otherwise.
func (c *Catalogue) Publish(ctx context.Context, f *filter.Filter, content []byte, takeOver bool) (Published, error) {
	var p Published
	last, there, generation, err := c.find(ctx, f.Name)
	var absent *AbsentError
	var faults filter.Faults
	condition := storage.Conditions{GenerationMatch: generation}
	switch {
	case errors.As(err, &absent):
		condition = storage.Conditions{DoesNotExist: true}
	case errors.As(err, &faults):
		if last, err = c.lastGood(ctx, f.Name); err != nil {
			return p, err
		}
	case err != nil:
		return p, err
	}
	p.Unchanged = there != nil && bytes.Equal(there, content)
	if last != nil && !p.Unchanged {
		if err := mayFollow(f, last, takeOver); err != nil {
			return p, err
		}
		p.Before = last.Version
	}
	// The topic first: a filter without one is paused.
	if p.Topic, p.NewTopic, err = c.makeTopic(ctx, f); err != nil {
		return p, err
	}
	if !p.Unchanged {
		if err := write(ctx, c.Products.Object(names.FilterObject(f.Name)), condition, "application/yaml", content); err != nil {
			return p, fmt.Errorf("publish filter %s: %w", f.Name, err)
		}
	}
	p.Paused, _, err = c.paused(ctx, f.Name)
	return p, err
}

// mayFollow says whether a file may take the place of the one that is
// published.
func mayFollow(f, last *filter.Filter, takeOver bool) error {
	switch {
	case last.Owner != f.Owner && !takeOver:
		return fmt.Errorf("filter %s belongs to %s: choose another name, or take it over with --take-over", f.Name, last.Owner)
	case f.Version == last.Version:
		return fmt.Errorf("version %d of filter %s is published with another content: raise the version to %d", f.Version, f.Name, last.Version+1)
	case f.Version < last.Version:
		return fmt.Errorf("filter %s is at version %d: raise the version from %d to %d", f.Name, last.Version, f.Version, last.Version+1)
	default:
		return nil
	}
}
