package supernova

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/bucket"
)

// metadataTold is the fit of which the plot proves that it was told and
// recorded.
const metadataTold = "told"

// proved says whether the fit was published before.
func (f *Function) proved(ctx context.Context, w *work) (bool, error) {
	plot, err := f.Products.Object(w.plotName()).Attrs(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the plot: %w", err)
	}
	return plot.Metadata[metadataTold] == w.id(), nil
}

// draw writes the plot, over any that is there.
func (f *Function) draw(ctx context.Context, w *work) error {
	name := w.plotName()
	if name == "" {
		return nil
	}
	metadata := map[string]string{"objectId": w.alert.ObjectID, "candid": w.candid(), "model": w.model().Hash}
	if w.told {
		metadata[metadataTold] = w.id()
	}
	picture := f.Fitter.Figure(w.alert.ObjectID, &w.fit).SVG()
	_, err := bucket.Write(ctx, f.Products.Object(name), "image/svg+xml", picture, metadata)
	if err != nil {
		return fmt.Errorf("write plot %s: %w", name, err)
	}
	return nil
}
