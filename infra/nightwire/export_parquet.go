package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"cloud.google.com/go/civil"
	"github.com/parquet-go/parquet-go"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/warehouse"
)

// parquetWriter writes a Parquet file whose columns have the answer's names,
// order, nesting and types. A candid is an INT64, a TIMESTAMP counts
// microseconds, an array is a LIST; what Parquet has no type for is its text.
//
// A row becomes the values of its leaves with their repetition and definition
// levels (Melnik et al. 2010, Dremel, section 4). Rows are gathered to groups,
// which bound the memory.
type parquetWriter struct {
	w      *parquet.GenericWriter[any]
	fields []parquetField
	leaves [][]parquet.Value // of the row being written, by column
	row    parquet.Row
	held   int // bytes of the open group, about
}

// groupBytes is about the size of a group of rows, before compression.
const groupBytes = 32 << 20

// parquetField is a column, and where it lies in the file.
type parquetField struct {
	schemas.Column
	fields []parquetField
	first  int // its first leaf
	leaves int
	depth  int // how many arrays it lies within, its own counted
}

func newParquetWriter(w io.Writer, columns []schemas.Column) *parquetWriter {
	schema := parquet.NewSchema("answer", parquetGroup(columns))
	p := &parquetWriter{w: parquet.NewGenericWriter[any](w, schema, parquet.Compression(&parquet.Zstd))}
	var leaves int
	p.fields = parquetFields(columns, 0, &leaves)
	p.leaves = make([][]parquet.Value, leaves)
	return p
}

func parquetFields(columns []schemas.Column, depth int, leaves *int) []parquetField {
	var fields []parquetField
	for _, c := range columns {
		f := parquetField{Column: c, first: *leaves, depth: depth}
		if c.Mode == schemas.Repeated {
			f.depth++
		}
		if c.Type == schemas.Record {
			f.fields = parquetFields(c.Fields, f.depth, leaves)
		} else {
			*leaves++
		}
		f.leaves = *leaves - f.first
		fields = append(fields, f)
	}
	return fields
}

func (p *parquetWriter) Write(row []any) error {
	for i := range p.leaves {
		p.leaves[i] = p.leaves[i][:0]
	}
	for i, v := range row {
		if err := p.column(p.fields[i], v, 0, 0); err != nil {
			return err
		}
	}
	p.row = p.row[:0]
	for _, values := range p.leaves {
		p.row = append(p.row, values...)
	}
	if _, err := p.w.WriteRows([]parquet.Row{p.row}); err != nil {
		return err
	}
	for _, v := range p.row {
		p.held += 8 + len(v.Bytes())
	}
	if p.held < groupBytes {
		return nil
	}
	p.held = 0
	return p.w.Flush()
}

func (p *parquetWriter) Close() error { return p.w.Close() }

// column writes a column's value: the items of an array, or a value.
func (p *parquetWriter) column(f parquetField, v any, repetition, definition int) error {
	if f.Mode != schemas.Repeated {
		return p.value(f, v, repetition, definition)
	}
	items, _ := v.([]any)
	if len(items) == 0 {
		p.nulls(f, repetition, definition)
	}
	for i, item := range items {
		if i > 0 {
			repetition = f.depth
		}
		if err := p.value(f, item, repetition, definition+1); err != nil {
			return err
		}
	}
	return nil
}

// value writes a value that may be null.
func (p *parquetWriter) value(f parquetField, v any, repetition, definition int) error {
	if v == nil {
		p.nulls(f, repetition, definition)
		return nil
	}
	record, ok := v.(warehouse.Struct)
	if !ok {
		leaf, err := parquetValue(v)
		if err != nil {
			return fmt.Errorf("column %s: %w", f.Name, err)
		}
		p.leaves[f.first] = append(p.leaves[f.first], leaf.Level(repetition, definition+1, f.first))
		return nil
	}
	for i, field := range record {
		if err := p.column(f.fields[i], field.Value, repetition, definition+1); err != nil {
			return err
		}
	}
	return nil
}

// nulls tells every leaf of a column that there is nothing from a level on.
func (p *parquetWriter) nulls(f parquetField, repetition, definition int) {
	for i := f.first; i < f.first+f.leaves; i++ {
		p.leaves[i] = append(p.leaves[i], parquet.NullValue().Level(repetition, definition, i))
	}
}

func parquetValue(v any) (parquet.Value, error) {
	switch v := v.(type) {
	case bool:
		return parquet.BooleanValue(v), nil
	case int64:
		return parquet.Int64Value(v), nil
	case float64:
		return parquet.DoubleValue(v), nil
	case []byte:
		return parquet.ByteArrayValue(v), nil
	case time.Time:
		return parquet.Int64Value(v.UnixMicro()), nil
	case civil.Date:
		return parquet.Int32Value(int32(v.DaysSince(civil.Date{Year: 1970, Month: 1, Day: 1}))), nil
	case []any, warehouse.Struct:
		return parquet.Value{}, fmt.Errorf("a %T is no single value", v)
	default:
		return parquet.ByteArrayValue([]byte(cell(v))), nil
	}
}

// parquetNode is the type of a column.
func parquetNode(c schemas.Column) parquet.Node {
	node := parquet.String()
	switch c.Type {
	case schemas.Integer:
		node = parquet.Int(64)
	case schemas.Float:
		node = parquet.Leaf(parquet.DoubleType)
	case schemas.Boolean:
		node = parquet.Leaf(parquet.BooleanType)
	case schemas.Bytes:
		node = parquet.Leaf(parquet.ByteArrayType)
	case schemas.Timestamp:
		node = parquet.Timestamp(parquet.Microsecond)
	case schemas.Date:
		node = parquet.Date()
	case schemas.JSON:
		node = parquet.JSON()
	case schemas.Record:
		node = parquetGroup(c.Fields)
	}
	node = parquet.Optional(node)
	if c.Mode == schemas.Repeated {
		return parquet.List(node)
	}
	return node
}

// group is a record whose fields keep their order; the library's own sorts them.
type group struct {
	parquet.Group
	order []string
}

func parquetGroup(columns []schemas.Column) group {
	g := group{Group: parquet.Group{}, order: columnNames(columns)}
	for _, c := range columns {
		g.Group[c.Name] = parquetNode(c)
	}
	return g
}

// Fields are the record's fields in order.
func (g group) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(g.order, a.Name()) - slices.Index(g.order, b.Name())
	})
	return fields
}
