package filter_test

import (
	"testing"
	"time"

	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
)

// BenchmarkMessage writes what subscribers get of one alert.
func BenchmarkMessage(b *testing.B) {
	a := newAlert(b)
	m := filter.Match{Filter: parse(b, "f", "true", ""), Columns: []filter.Column{{Name: "rate", Value: 0.25}}}
	p := filter.Provenance{Stream: names.ZTF, Bucket: "b", Object: "o", Generation: 17, At: time.Now()}
	var text []byte
	for b.Loop() {
		text = filter.AppendMessage(text[:0], filter.AppendRecord(nil, a), a, m, p)
	}
	b.SetBytes(int64(len(text)))
}
