package protorow

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/descriptorpb"

	"nightwire.dev/infra/local/bigquery/geography"
)

// convert turns a value's bits, or its bytes, into what the appender takes.
type convert func(bits uint64, b []byte) (any, error)

// integers are the integer types: how they are sent, and what their bits mean.
var integers = map[descriptorpb.FieldDescriptorProto_Type]struct {
	wire protowire.Type
	of   func(uint64) int64
}{
	descriptorpb.FieldDescriptorProto_TYPE_INT32:    {protowire.VarintType, func(b uint64) int64 { return int64(int32(b)) }},
	descriptorpb.FieldDescriptorProto_TYPE_INT64:    {protowire.VarintType, func(b uint64) int64 { return int64(b) }},
	descriptorpb.FieldDescriptorProto_TYPE_ENUM:     {protowire.VarintType, func(b uint64) int64 { return int64(int32(b)) }},
	descriptorpb.FieldDescriptorProto_TYPE_UINT32:   {protowire.VarintType, func(b uint64) int64 { return int64(uint32(b)) }},
	descriptorpb.FieldDescriptorProto_TYPE_SINT32:   {protowire.VarintType, protowire.DecodeZigZag},
	descriptorpb.FieldDescriptorProto_TYPE_SINT64:   {protowire.VarintType, protowire.DecodeZigZag},
	descriptorpb.FieldDescriptorProto_TYPE_FIXED32:  {protowire.Fixed32Type, func(b uint64) int64 { return int64(uint32(b)) }},
	descriptorpb.FieldDescriptorProto_TYPE_SFIXED32: {protowire.Fixed32Type, func(b uint64) int64 { return int64(int32(b)) }},
	descriptorpb.FieldDescriptorProto_TYPE_SFIXED64: {protowire.Fixed64Type, func(b uint64) int64 { return int64(b) }},
}

// conversion finds how a proto type is sent and becomes a column's type; there
// is none where the service has none.
func conversion(from descriptorpb.FieldDescriptorProto_Type, to string) (protowire.Type, convert) {
	if integer, ok := integers[from]; ok {
		c := fromInteger[to]
		if c == nil {
			return 0, nil
		}
		return integer.wire, func(bits uint64, _ []byte) (any, error) { return c(integer.of(bits)) }
	}
	switch from {
	case descriptorpb.FieldDescriptorProto_TYPE_STRING:
		return protowire.BytesType, fromText[to]
	case descriptorpb.FieldDescriptorProto_TYPE_BYTES:
		return protowire.BytesType, fromBytes[to]
	case descriptorpb.FieldDescriptorProto_TYPE_BOOL:
		if to == "BOOLEAN" {
			return protowire.VarintType, func(bits uint64, _ []byte) (any, error) { return bits != 0, nil }
		}
	case descriptorpb.FieldDescriptorProto_TYPE_DOUBLE:
		if to == "FLOAT" {
			return protowire.Fixed64Type, func(bits uint64, _ []byte) (any, error) { return math.Float64frombits(bits), nil }
		}
	case descriptorpb.FieldDescriptorProto_TYPE_FLOAT:
		if to == "FLOAT" {
			return protowire.Fixed32Type, func(bits uint64, _ []byte) (any, error) { return float64(math.Float32frombits(uint32(bits))), nil }
		}
	}
	return 0, nil
}

// fromInteger are the columns that take integers, to which FLOAT does not
// belong: DATE counts days and TIMESTAMP microseconds since 1970; TIME and
// DATETIME pack their parts into bits.
var fromInteger = map[string]func(int64) (any, error){
	"INTEGER":   func(n int64) (any, error) { return n, nil },
	"BOOLEAN":   func(n int64) (any, error) { return n != 0, nil },
	"NUMERIC":   func(n int64) (any, error) { return numeric(new(big.Rat).SetInt64(n)) },
	"TIMESTAMP": func(n int64) (any, error) { return inYears(time.UnixMicro(n)) },
	"DATE": func(n int64) (any, error) {
		return inYears(time.Unix(max(min(n, math.MaxInt32), math.MinInt32)*86400, 0))
	},
	"TIME":     func(n int64) (any, error) { return packed(1970<<46|1<<42|1<<37|n, n>>37 == 0) },
	"DATETIME": func(n int64) (any, error) { return packed(n, true) },
}

func inYears(t time.Time) (any, error) {
	t = t.UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		return nil, errors.New("the time is outside the years 1 to 9999")
	}
	return t, nil
}

// packed reads year, month, day, hour, minute, second and microsecond, of 18, 4,
// 5, 5, 6, 6 and 20 bits.
func packed(n int64, fits bool) (any, error) {
	month, day := time.Month(n>>42&0xf), int(n>>37&0x1f)
	hour, minute, second, micro := int(n>>32&0x1f), int(n>>26&0x3f), int(n>>20&0x3f), int(n&0xfffff)
	t := time.Date(int(n>>46), month, day, hour, minute, second, micro*1000, time.UTC)
	if !fits || t.Month() != month || t.Day() != day || t.Hour() != hour || t.Minute() != minute || t.Second() != second {
		return nil, errors.New("the value is no packed time")
	}
	return inYears(t)
}

var fromText = map[string]convert{
	"STRING": func(_ uint64, b []byte) (any, error) {
		if !utf8.Valid(b) {
			return nil, errors.New("the string is not valid UTF-8")
		}
		return b, nil
	},
	"BYTES": func(_ uint64, b []byte) (any, error) { return b, nil },
	"JSON": func(_ uint64, b []byte) (any, error) {
		if !json.Valid(b) {
			return nil, errors.New("the text is not valid JSON")
		}
		return json.RawMessage(b), nil
	},
	"GEOGRAPHY": func(_ uint64, b []byte) (any, error) {
		p, err := geography.Parse(string(b))
		return map[string]any{"geo_lon": p.Lon, "geo_lat": p.Lat}, err
	},
	"NUMERIC": func(_ uint64, b []byte) (any, error) {
		r, ok := new(big.Rat).SetString(string(b))
		if !ok {
			return nil, fmt.Errorf("%q is no NUMERIC", b)
		}
		return numeric(r)
	},
	"DATE":      civil("2006-01-02"),
	"TIME":      civil("15:04:05.999999"),
	"DATETIME":  civil("2006-01-02T15:04:05.999999", "2006-01-02 15:04:05.999999"),
	"TIMESTAMP": civil(time.RFC3339Nano, "2006-01-02 15:04:05.999999Z07:00", "2006-01-02 15:04:05.999999 MST"),
}

func civil(layouts ...string) convert {
	return func(_ uint64, b []byte) (any, error) {
		for _, layout := range layouts {
			if t, err := time.Parse(layout, string(b)); err == nil {
				return t.UTC(), nil
			}
		}
		return nil, fmt.Errorf("%q is not written as %s", b, layouts[0])
	}
}

var fromBytes = map[string]convert{
	"BYTES": func(_ uint64, b []byte) (any, error) { return b, nil },
	// A two's complement integer, least significant byte first.
	"NUMERIC": func(_ uint64, b []byte) (any, error) {
		b = slices.Clone(b)
		slices.Reverse(b)
		v := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return numeric(new(big.Rat).SetFrac(v, numericScale))
	},
}

var (
	numericScale = big.NewInt(1_000_000_000)
	numericLimit = new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil)
)

// numeric makes a NUMERIC: 29 digits before the point and 9 behind it.
func numeric(r *big.Rat) (any, error) {
	scaled := new(big.Rat).Mul(r, new(big.Rat).SetInt(numericScale))
	if !scaled.IsInt() || scaled.Num().CmpAbs(numericLimit) >= 0 {
		return nil, fmt.Errorf("%s is outside the precision of NUMERIC", r.FloatString(12))
	}
	return duckdb.Decimal{Width: 38, Scale: 9, Value: new(big.Int).Set(scaled.Num())}, nil
}
