package schemas

import (
	"fmt"
	"slices"
)

// The types of a column, as BigQuery's REST API names them.
const (
	String    = "STRING"
	Bytes     = "BYTES"
	Integer   = "INTEGER"
	Float     = "FLOAT"
	Boolean   = "BOOLEAN"
	Timestamp = "TIMESTAMP"
	Date      = "DATE"
	Geography = "GEOGRAPHY"
	Record    = "RECORD"
	JSON      = "JSON"
)

// The modes of a column.
const (
	Nullable = "NULLABLE"
	Required = "REQUIRED"
	Repeated = "REPEATED"
)

// BigQuery's limits on a table's schema.
const (
	maxColumns     = 10_000 // nested ones counted
	maxLevels      = 15     // records inside records
	maxDescription = 1_024  // characters
	maxName        = 300    // characters
)

// Column is one column of a table; a RECORD has columns inside.
type Column struct {
	Name        string
	Type        string
	Mode        string
	Description string
	Fields      []Column
}

// shape names what decides whether two columns hold the same values: "FLOAT", "REPEATED RECORD".
func (c Column) shape() string {
	if c.Mode == Repeated {
		return fmt.Sprintf("%s %s", Repeated, c.Type)
	}
	return c.Type
}

// widerThan tells whether c is FLOAT where other is INTEGER, both of them repeated or neither.
func (c Column) widerThan(other Column) bool {
	return c.Type == Float && other.Type == Integer && (c.Mode == Repeated) == (other.Mode == Repeated)
}

// cloneColumns copies columns with all that they contain.
func cloneColumns(columns []Column) []Column {
	columns = slices.Clone(columns)
	for i := range columns {
		columns[i].Fields = cloneColumns(columns[i].Fields)
	}
	return columns
}

// truncate keeps a description within BigQuery's limit.
func truncate(description string) string {
	runes := []rune(description)
	if len(runes) <= maxDescription {
		return description
	}
	return string(runes[:maxDescription])
}
