package avrorow

import (
	"fmt"
	"strings"
	"time"

	bq "google.golang.org/api/bigquery/v2"
	"nightwire.dev/shared/packet"
)

var plain = map[packet.Kind]string{
	packet.Boolean: "BOOLEAN", packet.Int: "INTEGER", packet.Long: "INTEGER", packet.Float: "FLOAT", packet.Double: "FLOAT",
	packet.Bytes: "BYTES", packet.Fixed: "BYTES", packet.String: "STRING", packet.Enum: "STRING", packet.Record: "RECORD",
}

// times are the logical types of integers: the columns that they make, and what
// they count.
var times = map[string]struct {
	column string
	at     func(int64) time.Time
}{
	"date":                   {"DATE", func(days int64) time.Time { return time.Unix(days*86400, 0) }},
	"time-millis":            {"TIME", time.UnixMilli},
	"time-micros":            {"TIME", time.UnixMicro},
	"timestamp-millis":       {"TIMESTAMP", time.UnixMilli},
	"timestamp-micros":       {"TIMESTAMP", time.UnixMicro},
	"local-timestamp-millis": {"DATETIME", time.UnixMilli},
	"local-timestamp-micros": {"DATETIME", time.UnixMicro},
}

// maxDepth is the service's limit on nested records.
const maxDepth = 15

// Columns are the columns that a record makes. Unless logical types are wanted,
// a time is the integer that it is written as.
func Columns(record *packet.Type, logical bool) ([]*bq.TableFieldSchema, error) {
	return columns(record, logical, 0)
}

func columns(record *packet.Type, logical bool, depth int) (all []*bq.TableFieldSchema, err error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("records are nested more than %d deep", maxDepth)
	}
	for _, f := range record.Fields {
		column, t, err := columnOf(f, logical)
		if err == nil && t.Kind == packet.Record {
			column.Fields, err = columns(t, logical, depth+1)
		}
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		all = append(all, column)
	}
	return all, nil
}

// columnOf is the column that a field makes, and the type of its values: of the
// items, where it is an array.
func columnOf(f packet.Field, logical bool) (*bq.TableFieldSchema, *packet.Type, error) {
	column := &bq.TableFieldSchema{Name: f.Name, Description: f.Doc, Mode: "REQUIRED"}
	t, optional := f.Type.Optional()
	if optional {
		column.Mode = "NULLABLE"
	}
	if t.Kind == packet.Array {
		column.Mode = "REPEATED"
		t, _ = t.Elem.Optional()
	}
	column.Type = plain[t.Kind]
	if column.Type == "" || t.Logical == "decimal" {
		return nil, nil, fmt.Errorf("no column is made of Avro's %s here", strings.TrimSpace(t.Kind.String()+" "+t.Logical))
	}
	if time, ok := times[t.Logical]; ok && logical {
		column.Type = time.column
	}
	return column, t, nil
}
