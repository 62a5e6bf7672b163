package packet_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
)

// TestTruth decodes every real alert and compares the whole record with what
// two independent readers found.
func TestTruth(t *testing.T) {
	t.Parallel()
	decoder := &packet.Decoder{}
	for _, alert := range realdata.Alerts(t, nil) {
		t.Run(alert.File, func(t *testing.T) {
			t.Parallel()
			p, err := decoder.Decode(t.Context(), alert.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := canonicalSHA256(p.Record), alert.Truth["record_canon_sha256"]; got != want {
				t.Errorf("canonical record has SHA-256 %s, want %s", got, want)
			}
			if got, want := p.Schema.Name, alert.Truth["schema_name"]; got != want {
				t.Errorf("schema is %s, want %s", got, want)
			}
			checkCutouts(t, p.Record, alert.Truth)
			checkFile(t, decoder, p)
		})
	}
}

// checkFile decodes the file that would be archived: it must need no mending
// and hold the same record.
func checkFile(t *testing.T, decoder *packet.Decoder, p *packet.Packet) {
	t.Helper()
	again, err := decoder.Decode(t.Context(), p.File())
	if err != nil {
		t.Fatalf("decode the archived file: %v", err)
	}
	if again.Schema.Mended {
		t.Error("the archived file still has a header to mend")
	}
	if diff := cmp.Diff(canonicalSHA256(p.Record), canonicalSHA256(again.Record)); diff != "" {
		t.Errorf("the archived record differs: %s", diff)
	}
}

func checkCutouts(t *testing.T, record packet.Value, truth map[string]any) {
	t.Helper()
	cutouts, _ := truth["cutouts"].(map[string]any)
	for name, want := range cutouts {
		want, ok := want.(map[string]any)
		if !ok {
			continue
		}
		stamp := record.Get("cutout"+name, "stampData").Bytes()
		sum := sha256.Sum256(stamp)
		if got := hex.EncodeToString(sum[:]); got != want["sha256"] {
			t.Errorf("cutout%s of %d bytes has SHA-256 %s, want %s", name, len(stamp), got, want["sha256"])
		}
	}
}

func canonicalSHA256(v packet.Value) string {
	var b bytes.Buffer
	writeCanonical(&b, v)
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

// writeCanonical writes the canonical text that the truth's digests are of.
func writeCanonical(b *bytes.Buffer, v packet.Value) {
	switch v.Kind() {
	case packet.Null:
		b.WriteString("null")
	case packet.Boolean:
		fmt.Fprint(b, v.Bool())
	case packet.Bytes, packet.Fixed:
		fmt.Fprintf(b, "\"sha256:%x\"", sha256.Sum256(v.Bytes()))
	case packet.String, packet.Enum:
		b.WriteString(jsonString(v.Text()))
	case packet.Int, packet.Long:
		if n := v.Int(); n >= 1<<53 || n <= -(1<<53) {
			fmt.Fprintf(b, "b%d", n)
		} else {
			writeNumber(b, float64(n))
		}
	case packet.Float, packet.Double:
		writeNumber(b, v.Float())
	case packet.Array:
		b.WriteByte('[')
		for i, item := range v.Items() {
			if i > 0 {
				b.WriteByte(',')
			}
			writeCanonical(b, item)
		}
		b.WriteByte(']')
	case packet.Map, packet.Record, packet.Union:
		writeFields(b, v)
	}
}

func writeFields(b *bytes.Buffer, v packet.Value) {
	var fields []string
	for field, value := range v.Fields() {
		var part bytes.Buffer
		part.WriteString(jsonString(field.Name) + ":")
		writeCanonical(&part, value)
		fields = append(fields, part.String())
	}
	slices.Sort(fields)
	b.WriteString("{" + strings.Join(fields, ",") + "}")
}

func writeNumber(b *bytes.Buffer, f float64) {
	switch {
	case math.IsNaN(f):
		b.WriteString("NaN")
	case math.IsInf(f, 1):
		b.WriteString("Inf")
	case math.IsInf(f, -1):
		b.WriteString("-Inf")
	default:
		fmt.Fprintf(b, "n%016x", math.Float64bits(f))
	}
}

func jsonString(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
