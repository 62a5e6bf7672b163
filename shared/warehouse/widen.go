package warehouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/bigquery"
	"google.golang.org/api/googleapi"
	"nightwire.dev/schemas"
)

// errWidened says that the table is to be looked at again.
var errWidened = errors.New("the columns were widened")

// refusedError is BigQuery's refusal to widen a column that it seemed able to.
type refusedError struct{ SchemaError }

func (e *refusedError) Unwrap() error { return &e.SchemaError }

// widen makes FLOAT the INTEGER columns that packets now fill with fractions.
// It ends with errWidened, or with a SchemaError and the table as it was, where
// one of the conflicts is no such widening or would cost digits.
func (t *Table) widen(ctx context.Context, have []schemas.Column, conflicts []schemas.Conflict) error {
	wide := have
	for _, c := range conflicts {
		if !c.Widens || slices.Contains(t.definition.PrimaryKey, c.Path) || slices.Contains(t.definition.ClusterBy, c.Path) {
			return &SchemaError{Conflicts: conflicts}
		}
		var err error
		if wide, err = schemas.Widen(wide, c.Path); err != nil {
			return &SchemaError{Conflicts: conflicts, Cause: err}
		}
	}
	if err := t.checkDigits(ctx, conflicts); err != nil {
		return err
	}
	for i, column := range wide {
		if sameShapes(wide[i:i+1], have[i:i+1]) {
			continue
		}
		change := fmt.Sprintf("ALTER TABLE %s ALTER COLUMN `%s` SET DATA TYPE %s", t.path(), column.Name, typeText(column))
		if _, err := t.warehouse.Query(ctx, change, nil); isInvalid(err) {
			return &refusedError{SchemaError{Conflicts: conflicts, Cause: fmt.Errorf("widen %s: %w", column.Name, err)}}
		} else if err != nil {
			return fmt.Errorf("widen column %s: %w", column.Name, err)
		}
		t.warehouse.log.InfoContext(ctx, "column is widened", "table", t.ref.TableID, "column", column.Name)
	}
	return errWidened
}

// exactly is the largest integer up to which a FLOAT holds them all: 2^53.
const exactly = 1 << 53

// checkDigits refuses to widen a column that has integers which FLOAT would
// round: ids, candid among them, are such.
func (t *Table) checkDigits(ctx context.Context, conflicts []schemas.Conflict) error {
	var counts []string
	for _, c := range conflicts {
		quoted := "`" + strings.ReplaceAll(c.Path, ".", "`.`") + "`"
		counts = append(counts, fmt.Sprintf("COUNTIF(%s NOT BETWEEN %d AND %d)", quoted, -exactly, exactly))
	}
	result, err := t.warehouse.Query(ctx, "SELECT "+strings.Join(counts, ", ")+" FROM "+t.path(), nil)
	if err != nil {
		return fmt.Errorf("count long integers: %w", err)
	}
	for row, err := range result.Rows() {
		if err != nil {
			return err
		}
		for i, count := range row {
			if count != int64(0) {
				return &SchemaError{Conflicts: conflicts, Cause: fmt.Errorf(
					"widen %s: %v of its integers are beyond 2^53, where FLOAT has not every integer", conflicts[i].Path, count)}
			}
		}
	}
	return nil
}

// isInvalid tells whether BigQuery calls the statement itself wrong.
func isInvalid(err error) bool {
	var job *bigquery.Error
	if errors.As(err, &job) {
		return job.Reason == "invalidQuery" || job.Reason == "invalid"
	}
	var api *googleapi.Error
	return errors.As(err, &api) && slices.ContainsFunc(api.Errors, func(e googleapi.ErrorItem) bool {
		return e.Reason == "invalidQuery" || e.Reason == "invalid"
	})
}

func (t *Table) path() string {
	return "`" + t.ref.ProjectID + "." + t.ref.DatasetID + "." + t.ref.TableID + "`"
}

// sqlTypes are GoogleSQL's names for the types that have another in the API.
var sqlTypes = map[string]string{schemas.Integer: "INT64", schemas.Float: "FLOAT64", schemas.Boolean: "BOOL"}

// typeText is a column's type in GoogleSQL.
func typeText(c schemas.Column) string {
	text, other := sqlTypes[c.Type]
	if !other {
		text = c.Type
	}
	if c.Type == schemas.Record {
		var fields []string
		for _, f := range c.Fields {
			field := "`" + f.Name + "` " + typeText(f)
			if f.Mode == schemas.Required {
				field += " NOT NULL"
			}
			fields = append(fields, field)
		}
		text = "STRUCT<" + strings.Join(fields, ", ") + ">"
	}
	if c.Mode == schemas.Repeated {
		text = "ARRAY<" + text + ">"
	}
	return text
}
