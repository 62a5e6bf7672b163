package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// cell writes one value as text. Integers keep all their digits.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999")
	case *big.Rat:
		return decimal(v)
	case []byte:
		return fmt.Sprintf("%x", v)
	case float64:
		if size := math.Abs(v); size != 0 && (size < 1e-4 || size >= 1e15) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string, int64, bool:
		return fmt.Sprint(v)
	}
	if s, ok := v.(fmt.Stringer); ok {
		return s.String()
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}

// decimal writes a NUMERIC, which has nine digits after the point, or a
// BIGNUMERIC, which has 38.
func decimal(v *big.Rat) string {
	return strings.TrimSuffix(strings.TrimRight(v.FloatString(38), "0"), ".")
}
