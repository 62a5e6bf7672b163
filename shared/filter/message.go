package filter

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/survey"
)

// Provenance is where a matching alert is kept, and how it came.
type Provenance struct {
	Stream     names.Stream
	Bucket     string // of alerts
	Object     string
	Generation int64
	Replay     bool // the alert came again, on somebody's order
	At         time.Time
}

// nightwire is what a message has besides the survey's record.
type nightwire struct {
	Stream     names.Stream    `json:"stream"`
	Filter     string          `json:"filter"`
	Version    int             `json:"version"`
	ObjectID   string          `json:"objectId"`
	Candid     string          `json:"candid"`
	Night      string          `json:"night"`
	ObservedAt time.Time       `json:"observed_at"`
	Columns    json.RawMessage `json:"columns"`
	Archive    string          `json:"archive"` // gs://bucket/object#generation
	Replay     bool            `json:"replay"`
	MatchedAt  time.Time       `json:"matched_at"`
}

// AppendRecord appends the survey's record as JSON, in its own names, without
// the stamps: what all messages of an alert begin with. A field that is a 64-bit
// integer (an Avro long, such as candid) is a string of its digits, so that
// readers that have only doubles lose none of them.
func AppendRecord(b []byte, a *alert.Alert) []byte {
	return a.Record.AppendExactJSON(slices.Grow(b, recordSize), schemas.Cutouts()...)
}

// recordSize is what the JSON of most records takes, in bytes.
const recordSize = 48 << 10

// ownSize is what the member "nightwire" takes, in bytes.
const ownSize = 1 << 10

// AppendMessage appends what subscribers get, as JSON: the record, as
// AppendRecord wrote it, and one more member, "nightwire".
func AppendMessage(b, record []byte, a *alert.Alert, m Match, p Provenance) []byte {
	b = append(slices.Grow(b, len(record)+ownSize), record[:len(record)-1]...)
	own, err := json.Marshal(nightwire{
		Stream: p.Stream, Filter: m.Filter.Name, Version: m.Filter.Version,
		ObjectID: a.ObjectID, Candid: strconv.FormatInt(a.Candid, 10), Night: survey.Night(a), ObservedAt: a.ObservedAt,
		Columns: AppendColumns(nil, m.Columns), Archive: p.archive(), Replay: p.Replay, MatchedAt: p.At,
	})
	if err != nil { // texts, numbers and dates between 1990 and 2100
		own = []byte("null")
	}
	b = append(b, `,"nightwire":`...)
	b = append(b, own...)
	return append(b, '}')
}

// archive names one generation of the archived file.
func (p Provenance) archive() string {
	return "gs://" + p.Bucket + "/" + p.Object + "#" + strconv.FormatInt(p.Generation, 10)
}

// AppendColumns appends computed columns as a JSON object, in their order.
// 64-bit integers are strings, as everywhere in a message.
func AppendColumns(b []byte, columns []Column) []byte {
	b = append(b, '{')
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, c.Name), ':')
		value := c.Value
		if n, ok := value.(int64); ok {
			value = strconv.FormatInt(n, 10)
		}
		text, err := json.Marshal(value)
		if err != nil { // bool, finite number, text or nil
			text = []byte("null")
		}
		b = append(b, text...)
	}
	return append(b, '}')
}

// longestAttribute is Pub/Sub's limit on an attribute's value, in bytes.
const longestAttribute = 1024

// Attributes are those of a match's message, by which subscriptions can choose:
// attributes.filter = "rising" AND attributes.young = "true". A computed column
// that is a bool, an int or a text is among them, where it is not missing.
func Attributes(a *alert.Alert, m Match, p Provenance) map[string]string {
	attributes := map[string]string{
		"stream": string(p.Stream), "filter": m.Filter.Name, "version": strconv.Itoa(m.Filter.Version),
		"objectId": a.ObjectID, "candid": strconv.FormatInt(a.Candid, 10), "band": survey.Band(a),
		names.AttributeBucket: p.Bucket, names.AttributeObject: p.Object,
		names.AttributeGeneration: strconv.FormatInt(p.Generation, 10), names.AttributeReplay: strconv.FormatBool(p.Replay),
	}
	for _, c := range m.Columns {
		switch v := c.Value.(type) {
		case bool:
			attributes[c.Name] = strconv.FormatBool(v)
		case int64:
			attributes[c.Name] = strconv.FormatInt(v, 10)
		case string:
			if len(v) <= longestAttribute {
				attributes[c.Name] = v
			}
		}
	}
	return attributes
}
