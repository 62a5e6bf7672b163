package schemas

import (
	"crypto/sha256"
	"strconv"
)

// Fingerprint returns the SHA-256 of a schema's Parsing Canonical Form (Avro specification 1.11): two schemas that
// read the same bytes the same way have one fingerprint, whatever their prose, defaults and white space.
func Fingerprint(avro []byte) ([32]byte, error) {
	top, err := parseAvro(avro)
	if err != nil {
		return [32]byte{}, err
	}
	return top.fingerprint(), nil
}

func (t *avroType) fingerprint() [32]byte {
	return sha256.Sum256(t.appendCanonical(nil))
}

// appendCanonical writes the Parsing Canonical Form. Names and symbols are plain ASCII once parsed, so no string needs
// escaping.
func (t *avroType) appendCanonical(b []byte) []byte {
	switch t.kind {
	case "reference":
		return appendQuoted(b, t.name)
	case "union":
		return append(appendList(append(b, '['), t.branches, (*avroType).appendCanonical), ']')
	case "array":
		return append(t.items.appendCanonical(append(b, `{"type":"array","items":`...)), '}')
	case "map":
		return append(t.items.appendCanonical(append(b, `{"type":"map","values":`...)), '}')
	case "record", "enum", "fixed":
		b = appendQuoted(append(b, `{"name":`...), t.name)
		b = appendQuoted(append(b, `,"type":`...), t.kind)
		return append(t.appendContent(b), '}')
	default:
		return appendQuoted(b, t.kind)
	}
}

func (t *avroType) appendContent(b []byte) []byte {
	switch t.kind {
	case "record":
		return append(appendList(append(b, `,"fields":[`...), t.fields, avroField.appendCanonical), ']')
	case "enum":
		quote := func(symbol string, b []byte) []byte { return appendQuoted(b, symbol) }
		return append(appendList(append(b, `,"symbols":[`...), t.symbols, quote), ']')
	default:
		return strconv.AppendInt(append(b, `,"size":`...), t.size, 10)
	}
}

func (f avroField) appendCanonical(b []byte) []byte {
	b = appendQuoted(append(b, `{"name":`...), f.name)
	return append(f.typ.appendCanonical(append(b, `,"type":`...)), '}')
}

func appendList[T any](b []byte, items []T, appendItem func(T, []byte) []byte) []byte {
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendItem(item, b)
	}
	return b
}

func appendQuoted(b []byte, s string) []byte {
	return append(append(append(b, '"'), s...), '"')
}
