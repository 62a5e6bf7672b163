package warehouse

import (
	"context"
	"fmt"
	"net/http"

	"cloud.google.com/go/bigquery"
	"nightwire.dev/schemas"
)

// CreateDataset makes the dataset where it is absent. In a deployment
// terraform does so; the local stack calls this.
func (w *Warehouse) CreateDataset(ctx context.Context) error {
	err := w.dataset.Create(ctx, &bigquery.DatasetMetadata{})
	if err != nil && !isStatus(err, http.StatusConflict) {
		return fmt.Errorf("make dataset %s: %w", w.dataset.DatasetID, err)
	}
	return nil
}

// Create makes a table, or adds to it the columns that it lacks.
func (w *Warehouse) Create(ctx context.Context, definition schemas.Table) error {
	t := &Table{warehouse: w, ref: w.dataset.Table(definition.Name), definition: definition}
	if _, err := t.ensure(ctx, definition.Columns); err != nil {
		return fmt.Errorf("make table %s: %w", definition.Name, err)
	}
	return nil
}

// CreateView makes a view, or gives it its present query.
func (w *Warehouse) CreateView(ctx context.Context, v schemas.View) error {
	query := v.In(w.dataset.ProjectID + "." + w.dataset.DatasetID)
	ref := w.dataset.Table(v.Name)
	err := ref.Create(ctx, &bigquery.TableMetadata{ViewQuery: query, Description: v.Description})
	if isStatus(err, http.StatusConflict) {
		_, err = ref.Update(ctx, bigquery.TableMetadataToUpdate{ViewQuery: query}, "")
	}
	if err != nil {
		return fmt.Errorf("make view %s: %w", v.Name, err)
	}
	return nil
}
