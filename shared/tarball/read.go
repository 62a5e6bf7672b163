package tarball

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"sync"
)

// contents reads files, many at a time, and hands them out in order.
func (n *night) contents(ctx context.Context, files []file) iter.Seq2[[]byte, error] {
	type result struct {
		content []byte
		err     error
	}
	return func(yield func([]byte, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var reading sync.WaitGroup
		defer reading.Wait()
		defer cancel()
		pending := make(chan chan result, requests)
		reading.Go(func() {
			defer close(pending)
			for _, f := range files {
				one := make(chan result, 1)
				select {
				case pending <- one:
				case <-ctx.Done():
					return
				}
				reading.Go(func() {
					content, err := n.content(ctx, f)
					one <- result{content, err}
				})
			}
		})
		for one := range pending {
			r := <-one
			if !yield(r.content, r.err) || r.err != nil {
				return
			}
		}
	}
}

// content reads a file to its end, where the client compares the checksum.
func (n *night) content(ctx context.Context, f file) ([]byte, error) {
	r, err := n.Alerts.Object(f.name).Generation(f.generation).NewReader(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", f.name, err)
	}
	defer r.Close()
	content := bytes.NewBuffer(make([]byte, 0, f.size+bytes.MinRead))
	if _, err := content.ReadFrom(r); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.name, err)
	}
	return content.Bytes(), nil
}
