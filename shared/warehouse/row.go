package warehouse

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
)

// Row is one row of a table.
type Row struct {
	// Record, if there is one, fills the columns that have its fields' names.
	Record packet.Value

	// Values fill other columns by name: string, int64, float64, bool, []byte;
	// time.Time for a TIMESTAMP; a string YYYY-MM-DD for a DATE; WKT for a
	// GEOGRAPHY; Values for a RECORD. nil is null. A REPEATED STRING takes
	// []string, a REPEATED RECORD []Values.
	Values Values
}

// Values are columns by name.
type Values map[string]any

// Point is a place on the sky as a GEOGRAPHY: its longitude is the right
// ascension, from -180 to 180, its latitude the declination, both in degrees.
func Point(raDeg, decDeg float64) string {
	if raDeg > 180 {
		raDeg -= 360
	}
	return "POINT(" + strconv.FormatFloat(raDeg, 'f', -1, 64) + " " + strconv.FormatFloat(decDeg, 'f', -1, 64) + ")"
}

// encode writes the row as the layout's message.
func (l *layout) encode(row Row) ([]byte, error) {
	b := make([]byte, 0, 512)
	if !row.Record.IsNull() {
		b = make([]byte, 0, 16<<10) // an alert without its stamps
		p := l.planFor(row.Record.Type)
		if p.rounds {
			if err := p.checkExact(row.Record, ""); err != nil {
				return nil, fmt.Errorf("row: %w", err)
			}
		}
		b = appendRecord(b, row.Record, p)
	}
	b, err := appendValues(b, row.Values, l.columns)
	if err != nil {
		return nil, fmt.Errorf("row: %w", err)
	}
	return b, nil
}

func appendRecord(b []byte, record packet.Value, p *plan) []byte {
	i := 0
	for _, value := range record.Fields() {
		if to := &p.fields[i]; to.column != nil && !value.IsNull() {
			b = appendField(b, value, to)
		}
		i++
	}
	return b
}

func appendField(b []byte, value packet.Value, to *target) []byte {
	if to.column.Mode != schemas.Repeated {
		return appendOne(b, value, to)
	}
	for _, item := range value.Items() {
		if !item.IsNull() {
			b = appendOne(b, item, to)
		}
	}
	return b
}

// appendOne writes one value in the form that its column wants. A column of
// another form than the value's is a matter of Merge and Cover, not of here.
func appendOne(b []byte, value packet.Value, to *target) []byte {
	switch to.column.Type {
	case schemas.Integer:
		return appendVarint(b, to.number, value.Int())
	case schemas.Float:
		return appendDouble(b, to.number, value.Float())
	case schemas.Boolean:
		return appendVarint(b, to.number, int64(protowire.EncodeBool(value.Bool())))
	case schemas.Timestamp:
		return appendVarint(b, to.number, microseconds(value))
	case schemas.Date:
		return appendVarint(b, to.number, value.Int())
	case schemas.String:
		return appendText(b, to.number, value.Bytes())
	case schemas.JSON:
		return appendText(b, to.number, value.AppendJSON(nil))
	case schemas.Record:
		return appendNested(b, to.number, func(b []byte) []byte { return appendRecord(b, value, to.nested) })
	default:
		b = protowire.AppendTag(b, protowire.Number(to.number), protowire.BytesType)
		return protowire.AppendBytes(b, value.Bytes())
	}
}

// microseconds reads a timestamp by its logical type.
func microseconds(value packet.Value) int64 {
	if strings.HasSuffix(value.Type.Logical, "millis") {
		return value.Int() * 1000
	}
	return value.Int()
}

func appendValues(b []byte, values Values, columns []schemas.Column) ([]byte, error) {
	used := 0
	for i, c := range columns {
		value, ok := values[c.Name]
		if !ok {
			continue
		}
		used++
		var err error
		if b, err = appendValue(b, i+1, c, value); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	if used != len(values) {
		return nil, fmt.Errorf("%d of the %d values have no column", len(values)-used, len(values))
	}
	return b, nil
}

// appendValue writes a value in the form that its column wants. A value of
// another form is an error, since BigQuery would take it for an unknown field
// and leave the column null.
func appendValue(b []byte, number int, c schemas.Column, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return b, nil
	case string:
		switch c.Type {
		case schemas.Date:
			return appendDate(b, number, v)
		case schemas.String, schemas.Geography, schemas.JSON:
			return appendText(b, number, []byte(v)), nil
		}
	case []byte:
		if c.Type == schemas.Bytes {
			b = protowire.AppendTag(b, protowire.Number(number), protowire.BytesType)
			return protowire.AppendBytes(b, v), nil
		}
	case int64:
		if c.Type == schemas.Integer {
			return appendVarint(b, number, v), nil
		}
	case float64:
		if c.Type == schemas.Float {
			return appendDouble(b, number, v), nil
		}
	case bool:
		if c.Type == schemas.Boolean {
			return appendVarint(b, number, int64(protowire.EncodeBool(v))), nil
		}
	case time.Time:
		if c.Type == schemas.Timestamp {
			return appendVarint(b, number, v.UnixMicro()), nil
		}
	case Values:
		if c.Type == schemas.Record {
			return appendNestedValues(b, number, v, c.Fields)
		}
	case []string:
		if c.Mode == schemas.Repeated {
			return appendItems(b, number, c, v)
		}
	case []Values:
		if c.Mode == schemas.Repeated {
			return appendItems(b, number, c, v)
		}
	}
	return nil, fmt.Errorf("a %T is no value of a %s", value, c.Type)
}

// appendItems writes the items of a repeated column, one after the other.
func appendItems[T any](b []byte, number int, c schemas.Column, items []T) ([]byte, error) {
	for i, item := range items {
		var err error
		if b, err = appendValue(b, number, c, item); err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
	}
	return b, nil
}

func appendDate(b []byte, number int, date string) ([]byte, error) {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return nil, err
	}
	return appendVarint(b, number, day.Unix()/86400), nil
}

func appendNestedValues(b []byte, number int, values Values, columns []schemas.Column) ([]byte, error) {
	nested, err := appendValues(nil, values, columns)
	if err != nil {
		return nil, err
	}
	b = protowire.AppendTag(b, protowire.Number(number), protowire.BytesType)
	return protowire.AppendBytes(b, nested), nil
}

func appendVarint(b []byte, number int, n int64) []byte {
	b = protowire.AppendTag(b, protowire.Number(number), protowire.VarintType)
	return protowire.AppendVarint(b, uint64(n))
}

func appendDouble(b []byte, number int, f float64) []byte {
	b = protowire.AppendTag(b, protowire.Number(number), protowire.Fixed64Type)
	return protowire.AppendFixed64(b, math.Float64bits(f))
}

// appendText writes a string. BigQuery refuses a row with a string that is not
// UTF-8; the archive keeps the bytes, the table the replacement character.
func appendText(b []byte, number int, text []byte) []byte {
	b = protowire.AppendTag(b, protowire.Number(number), protowire.BytesType)
	if !utf8.Valid(text) {
		return protowire.AppendString(b, strings.ToValidUTF8(string(text), "\uFFFD"))
	}
	return protowire.AppendBytes(b, text)
}

// appendNested writes a message inside a message: its content first, then the
// length moved in before it.
func appendNested(b []byte, number int, content func([]byte) []byte) []byte {
	b = protowire.AppendTag(b, protowire.Number(number), protowire.BytesType)
	start := len(b)
	b = content(b)
	length := len(b) - start
	prefix := protowire.SizeVarint(uint64(length))
	for range prefix {
		b = append(b, 0)
	}
	copy(b[start+prefix:], b[start:start+length])
	protowire.AppendVarint(b[:start], uint64(length))
	return b
}
