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

// types are those of protocol buffers that are taken: how their values are sent,
// and which columns they can fill.
var types = map[descriptorpb.FieldDescriptorProto_Type]struct {
	wire    protowire.Type
	columns []string
}{
	descriptorpb.FieldDescriptorProto_TYPE_INT32:   {protowire.VarintType, []string{"INTEGER", "TIMESTAMP", "DATE"}},
	descriptorpb.FieldDescriptorProto_TYPE_INT64:   {protowire.VarintType, []string{"INTEGER", "TIMESTAMP", "DATE"}},
	descriptorpb.FieldDescriptorProto_TYPE_BOOL:    {protowire.VarintType, []string{"BOOLEAN"}},
	descriptorpb.FieldDescriptorProto_TYPE_DOUBLE:  {protowire.Fixed64Type, []string{"FLOAT"}},
	descriptorpb.FieldDescriptorProto_TYPE_STRING:  {protowire.BytesType, []string{"STRING", "JSON", "GEOGRAPHY"}},
	descriptorpb.FieldDescriptorProto_TYPE_BYTES:   {protowire.BytesType, []string{"BYTES"}},
	descriptorpb.FieldDescriptorProto_TYPE_MESSAGE: {protowire.BytesType, []string{"RECORD"}},
}

// convert turns a value's bits, or its bytes, into what the appender takes for a
// column of a type: TIMESTAMP counts microseconds since 1970, and DATE days.
func convert(column string, bits uint64, b []byte) (any, error) {
	switch column {
	case "INTEGER":
		return int64(bits), nil
	case "FLOAT":
		return math.Float64frombits(bits), nil
	case "BOOLEAN":
		return bits != 0, nil
	case "TIMESTAMP":
		return inYears(time.UnixMicro(int64(bits)))
	case "DATE":
		return inYears(time.Unix(max(min(int64(bits), math.MaxInt32), math.MinInt32)*86400, 0))
	case "BYTES":
		return b, nil
	case "GEOGRAPHY":
		p, err := geography.Parse(string(b))
		return map[string]any{"geo_lon": p.Lon, "geo_lat": p.Lat}, err
	}
	switch {
	case !utf8.Valid(b):
		return nil, errors.New("the string is not valid UTF-8")
	case column == "STRING":
		return b, nil
	case !json.Valid(b):
		return nil, errors.New("the text is not valid JSON")
	}
	return json.RawMessage(b), nil
}

func inYears(t time.Time) (any, error) {
	t = t.UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		return nil, errors.New("the time is outside the years 1 to 9999")
	}
	return t, nil
}
