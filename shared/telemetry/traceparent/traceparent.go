// Package traceparent says which trace an alert belongs to, and carries that
// from process to process as the W3C's traceparent does.
//
// The coordinates of a Kafka record enter; the identity of its trace leaves. It
// follows from the coordinates alone, so that a record that is read twice has
// one trace, and an alert that is not traced can still be named by one when
// something goes wrong with it. The connector writes the attribute, and
// shared/telemetry reads it. The package knows nothing of OpenTelemetry: the
// connector makes no spans.
//
// Source: W3C Trace Context, Level 1, section 3.2.
package traceparent

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"nightwire.dev/shared/origin"
)

// Key is the attribute of a message, and the key in an object's metadata.
const Key = "traceparent"

// Context is a place in a trace: the trace, and the span that the next one
// hangs under.
type Context struct {
	Trace   [16]byte
	Span    [8]byte
	Sampled bool // spans are made
}

// Of is the trace of a Kafka record, and its root span. One in oneIn records is
// sampled, none where oneIn is below one: those whose trace identities
// OpenTelemetry's TraceIDRatioBased would choose too.
func Of(o origin.Origin, oneIn int) Context {
	text := make([]byte, 0, 64)
	text = append(append(text, o.Topic...), '/')
	text = append(strconv.AppendInt(text, o.Partition, 10), '/')
	digest := sha256.Sum256(strconv.AppendInt(text, o.Offset, 10))
	c := Context{Trace: [16]byte(digest[:16]), Span: [8]byte(digest[16:24])}
	if oneIn > 0 {
		const all = 1 << 63
		c.Sampled = binary.BigEndian.Uint64(c.Trace[8:])>>1 < all/uint64(oneIn)
	}
	return c
}

// The form is version, trace, span and flags: 00-<32 digits>-<16 digits>-<2 digits>.
const length = 2 + 1 + 32 + 1 + 16 + 1 + 2

// Parse reads an attribute. What is not of the form, and a trace or a span that
// is all zero, is no context.
func Parse(text string) (c Context, ok bool) {
	if len(text) != length || text[:3] != "00-" || text[35] != '-' || text[52] != '-' {
		return Context{}, false
	}
	var flags [1]byte
	for _, part := range []struct {
		into []byte
		from string
	}{{c.Trace[:], text[3:35]}, {c.Span[:], text[36:52]}, {flags[:], text[53:]}} {
		if _, err := hex.Decode(part.into, []byte(part.from)); err != nil {
			return Context{}, false
		}
	}
	if c.Trace == [16]byte{} || c.Span == [8]byte{} {
		return Context{}, false
	}
	c.Sampled = flags[0]&1 == 1
	return c, true
}

// String is the attribute's value.
func (c Context) String() string {
	b := make([]byte, 0, length)
	b = append(b, "00-"...)
	b = append(hex.AppendEncode(b, c.Trace[:]), '-')
	b = append(hex.AppendEncode(b, c.Span[:]), '-')
	if c.Sampled {
		return string(append(b, "01"...))
	}
	return string(append(b, "00"...))
}
