package stack

import (
	"context"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/models"
)

// provisionModel has the products bucket hold the model in the folder. Without
// a folder it holds none, whatever an earlier stack was given, and the
// functions take the demonstration model.
func provisionModel(ctx context.Context, e Endpoints, folder string) error {
	client, err := storage.NewClient(ctx, e.storageOptions()...)
	if err != nil {
		return err
	}
	defer client.Close()
	products := client.Bucket(e.Resources().ProductsBucket())
	if folder == "" {
		return models.Clear(ctx, products)
	}
	return models.ToBucket(ctx, products, folder)
}
