package packet_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/hamba/avro/v2/ocf"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
)

// syntheticPacket is a ZTF packet with a history, stamps and its schema.
func syntheticPacket(b *testing.B) []byte {
	b.Helper()
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 50})
	if err != nil {
		b.Fatal(err)
	}
	var largest []byte
	for i := range night.Len() {
		file, err := night.Packet(i)
		if err != nil {
			b.Fatal(err)
		}
		if len(file) > len(largest) {
			largest = file
		}
	}
	return largest
}

// BenchmarkDecode takes a packet apart and checks all of it.
func BenchmarkDecode(b *testing.B) {
	file := syntheticPacket(b)
	decoder := &packet.Decoder{}
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decoder.Decode(b.Context(), file); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeCandidate also reads what a filter would.
func BenchmarkDecodeCandidate(b *testing.B) {
	file := syntheticPacket(b)
	decoder := &packet.Decoder{}
	b.ReportAllocs()
	for b.Loop() {
		p, err := decoder.Decode(b.Context(), file)
		if err != nil {
			b.Fatal(err)
		}
		candidate := p.Record.Get("candidate")
		if candidate.Get("magpsf").Float() == 0 || candidate.Get("drb").IsNull() {
			b.Fatal("no magnitude")
		}
	}
}

// BenchmarkPeer is the same packet through the Avro library's own reader.
func BenchmarkPeer(b *testing.B) {
	file := syntheticPacket(b)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		decoder, err := ocf.NewDecoder(bytes.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		var record map[string]any
		if !decoder.HasNext() || decoder.Decode(&record) != nil {
			b.Fatal("no record")
		}
	}
}
