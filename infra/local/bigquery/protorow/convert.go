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

const (
	typeDouble = descriptorpb.FieldDescriptorProto_TYPE_DOUBLE
	typeFloat  = descriptorpb.FieldDescriptorProto_TYPE_FLOAT
	typeBool   = descriptorpb.FieldDescriptorProto_TYPE_BOOL
	typeString = descriptorpb.FieldDescriptorProto_TYPE_STRING
	typeBytes  = descriptorpb.FieldDescriptorProto_TYPE_BYTES
)

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

// scalar finds the conversion from a proto type to a column's type, and the
// wire type that it reads; none where the service has none.
func scalar(from descriptorpb.FieldDescriptorProto_Type, to string) (protowire.Type, convert) {
	if integer, ok := integers[from]; ok {
		return integer.wire, fromInteger(integer.of, to)
	}
	switch from {
	case typeDouble:
		return protowire.Fixed64Type, only(to == "FLOAT", func(bits uint64, _ []byte) (any, error) { return math.Float64frombits(bits), nil })
	case typeFloat:
		return protowire.Fixed32Type, only(to == "FLOAT", func(bits uint64, _ []byte) (any, error) {
			return float64(math.Float32frombits(uint32(bits))), nil
		})
	case typeBool:
		return protowire.VarintType, only(to == "BOOLEAN", func(bits uint64, _ []byte) (any, error) { return bits != 0, nil })
	case typeString:
		return protowire.BytesType, fromText[to]
	case typeBytes:
		return protowire.BytesType, fromBytes[to]
	default:
		return protowire.BytesType, nil
	}
}

func only(fits bool, c convert) convert {
	if fits {
		return c
	}
	return nil
}

// fromInteger converts an integer, which the service takes for no FLOAT: DATE counts days and TIMESTAMP microseconds
// since 1970; TIME and DATETIME pack their parts into bits.
func fromInteger(of func(uint64) int64, to string) convert {
	switch to {
	case "INTEGER":
		return func(bits uint64, _ []byte) (any, error) { return of(bits), nil }
	case "BOOLEAN":
		return func(bits uint64, _ []byte) (any, error) { return of(bits) != 0, nil }
	case "TIMESTAMP":
		return func(bits uint64, _ []byte) (any, error) { return inYears(time.UnixMicro(of(bits)).UTC()) }
	case "DATE":
		return func(bits uint64, _ []byte) (any, error) {
			days := of(bits)
			if days < math.MinInt32 || days > math.MaxInt32 {
				return nil, fmt.Errorf("%d days is out of the range of DATE", days)
			}
			return inYears(time.Unix(days*86400, 0).UTC())
		}
	case "DATETIME":
		return func(bits uint64, _ []byte) (any, error) { return packedDateTime(of(bits)) }
	case "TIME":
		return func(bits uint64, _ []byte) (any, error) { return packedTime(of(bits)) }
	case "NUMERIC":
		return func(bits uint64, _ []byte) (any, error) {
			return numeric(new(big.Rat).SetInt64(of(bits)))
		}
	default:
		return nil
	}
}

func inYears(t time.Time) (any, error) {
	if y := t.Year(); y < 1 || y > 9999 {
		return nil, errors.New("the time is outside the years 1 to 9999")
	}
	return t, nil
}

func packedTime(v int64) (any, error) {
	hour, minute, second, micro := v>>32&0x1f, v>>26&0x3f, v>>20&0x3f, v&0xfffff
	if hour > 23 || minute > 59 || second > 59 || micro > 999999 || v>>37 != 0 {
		return nil, fmt.Errorf("%d is no packed TIME", v)
	}
	return time.Date(1970, 1, 1, int(hour), int(minute), int(second), int(micro)*1000, time.UTC), nil
}

func packedDateTime(v int64) (any, error) {
	clock, err := packedTime(v & (1<<37 - 1))
	year, month, day := v>>46, v>>42&0xf, v>>37&0x1f
	if err != nil || year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 {
		return nil, fmt.Errorf("%d is no packed DATETIME", v)
	}
	c := clock.(time.Time)
	return time.Date(int(year), time.Month(month), int(day), c.Hour(), c.Minute(), c.Second(), c.Nanosecond(), time.UTC), nil
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
	"DATE":      civil("DATE", "2006-01-02"),
	"TIME":      civil("TIME", "15:04:05.999999"),
	"DATETIME":  civil("DATETIME", "2006-01-02T15:04:05.999999", "2006-01-02 15:04:05.999999"),
	"TIMESTAMP": civil("TIMESTAMP", time.RFC3339Nano, "2006-01-02 15:04:05.999999Z07:00", "2006-01-02 15:04:05.999999 MST"),
}

func civil(kind string, layouts ...string) convert {
	return func(_ uint64, b []byte) (any, error) {
		for _, layout := range layouts {
			if t, err := time.Parse(layout, string(b)); err == nil {
				return t.UTC(), nil
			}
		}
		return nil, fmt.Errorf("%q is no %s", b, kind)
	}
}

var fromBytes = map[string]convert{
	"BYTES": func(_ uint64, b []byte) (any, error) { return b, nil },
	"NUMERIC": func(_ uint64, b []byte) (any, error) {
		return numeric(new(big.Rat).SetFrac(littleEndian(b), numericScale))
	},
}

// littleEndian reads a two's complement integer, least significant byte first.
func littleEndian(b []byte) *big.Int {
	reversed := slices.Clone(b)
	slices.Reverse(reversed)
	v := new(big.Int).SetBytes(reversed)
	if len(reversed) > 0 && reversed[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(reversed))))
	}
	return v
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
