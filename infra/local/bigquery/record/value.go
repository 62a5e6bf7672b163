package record

import (
	"encoding/json"
	"errors"
	"math"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/descriptorpb"

	"nightwire.dev/infra/local/bigquery/geography"
)

// convert turns a value's bits, or its bytes, into what the appender takes.
type convert func(bits uint64, b []byte) (any, error)

// scalars are the types of protocol buffers that are taken: how they are sent,
// and which columns they can fill.
var scalars = map[descriptorpb.FieldDescriptorProto_Type]struct {
	wire protowire.Type
	to   map[string]convert
}{
	descriptorpb.FieldDescriptorProto_TYPE_INT32:  {protowire.VarintType, fromInteger},
	descriptorpb.FieldDescriptorProto_TYPE_INT64:  {protowire.VarintType, fromInteger},
	descriptorpb.FieldDescriptorProto_TYPE_STRING: {protowire.BytesType, fromText},
	descriptorpb.FieldDescriptorProto_TYPE_BYTES:  {protowire.BytesType, map[string]convert{"BYTES": same}},
	descriptorpb.FieldDescriptorProto_TYPE_BOOL: {protowire.VarintType, map[string]convert{
		"BOOLEAN": func(bits uint64, _ []byte) (any, error) { return bits != 0, nil },
	}},
	descriptorpb.FieldDescriptorProto_TYPE_DOUBLE: {protowire.Fixed64Type, map[string]convert{
		"FLOAT": func(bits uint64, _ []byte) (any, error) { return math.Float64frombits(bits), nil },
	}},
}

// fromInteger are the columns that take integers: TIMESTAMP counts microseconds
// since 1970, and DATE days.
var fromInteger = map[string]convert{
	"INTEGER":   func(bits uint64, _ []byte) (any, error) { return int64(bits), nil },
	"TIMESTAMP": func(bits uint64, _ []byte) (any, error) { return inYears(time.UnixMicro(int64(bits))) },
	"DATE": func(bits uint64, _ []byte) (any, error) {
		days := max(min(int64(bits), math.MaxInt32), math.MinInt32)
		return inYears(time.Unix(days*86400, 0))
	},
}

func inYears(t time.Time) (any, error) {
	t = t.UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		return nil, errors.New("the time is outside the years 1 to 9999")
	}
	return t, nil
}

var fromText = map[string]convert{
	"STRING": text,
	"BYTES":  same,
	"JSON": func(_ uint64, b []byte) (any, error) {
		if !utf8.Valid(b) || !json.Valid(b) {
			return nil, errors.New("the text is not valid JSON")
		}
		return json.RawMessage(b), nil
	},
	"GEOGRAPHY": func(_ uint64, b []byte) (any, error) {
		p, err := geography.Parse(string(b))
		return map[string]any{"geo_lon": p.Lon, "geo_lat": p.Lat}, err
	},
}

func text(_ uint64, b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, errors.New("the string is not valid UTF-8")
	}
	return b, nil
}

func same(_ uint64, b []byte) (any, error) { return b, nil }
