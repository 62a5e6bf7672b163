package catalogue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
)

// Paused is why a filter does not run: the content of the object that pauses
// it.
type Paused struct {
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

func (p *Paused) String() string {
	return fmt.Sprintf("since %s by %s: %s", p.At.UTC().Format(time.DateTime), p.By, p.Reason)
}

// paused reads why a filter is paused; nil if it is not.
func (c *Catalogue) paused(ctx context.Context, name string) (*Paused, int64, error) {
	content, generation, err := read(ctx, c.Products.Object(names.PausedObject(name)))
	if errors.Is(err, storage.ErrObjectNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read why filter %s is paused: %w", name, err)
	}
	p := new(Paused)
	if err := json.Unmarshal(content, p); err != nil {
		p.Reason = string(content) // it pauses the filter, whatever it says
	}
	return p, generation, nil
}

// exists says whether a file is published under the name, good or not.
func (c *Catalogue) exists(ctx context.Context, name string) (*filter.Filter, error) {
	f, _, _, err := c.find(ctx, name)
	var faults filter.Faults
	if errors.As(err, &faults) {
		return c.lastGood(ctx, name)
	}
	return f, err
}

// Pause stops a filter until somebody resumes it.
func (c *Catalogue) Pause(ctx context.Context, name string, why Paused) error {
	if _, err := c.exists(ctx, name); err != nil {
		return err
	}
	content, err := json.Marshal(why)
	if err != nil {
		return fmt.Errorf("pause filter %s: %w", name, err)
	}
	err = write(ctx, c.Products.Object(names.PausedObject(name)), storage.Conditions{DoesNotExist: true}, "application/json", content)
	if errors.Is(err, errChanged) {
		there, _, rerr := c.paused(ctx, name)
		if rerr != nil || there == nil {
			return errors.Join(fmt.Errorf("pause filter %s: %w", name, err), rerr)
		}
		return fmt.Errorf("filter %s is paused already, %s", name, there)
	}
	if err != nil {
		return fmt.Errorf("pause filter %s: %w", name, err)
	}
	return nil
}

// Resume lets a filter run again, and sees to it that it has its topic. It
// returns why the filter was paused; nil if it was not.
func (c *Catalogue) Resume(ctx context.Context, name string) (*Paused, error) {
	f, err := c.exists(ctx, name)
	if err != nil {
		return nil, err
	}
	was, generation, err := c.paused(ctx, name)
	if err != nil || was == nil {
		return nil, err
	}
	if f != nil {
		if _, _, err := c.makeTopic(ctx, f); err != nil {
			return nil, err
		}
	}
	err = changed(c.Products.Object(names.PausedObject(name)).If(storage.Conditions{GenerationMatch: generation}).Delete(ctx))
	if err != nil && !errors.Is(err, storage.ErrObjectNotExist) {
		return nil, fmt.Errorf("resume filter %s: %w", name, err)
	}
	return was, nil
}
