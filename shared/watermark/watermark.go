// Package watermark is what a connector tells of Kafka: which offsets a
// partition has, which of them were read, and which are safe in Pub/Sub.
//
// The connector publishes a Report of each stream now and then, when it is given
// partitions or gives them up, and when it ends. The function watermarks makes
// it rows; the certificate of a night compares them with the ledger. Nothing
// depends on a report's arriving: reports combine by least and greatest, by
// night, topic and partition, whichever process sent them, however often.
//
// A range of offsets ends before its end: the record at High, at Confirmed, at a
// gap's To is not in it. First and Last are records.
package watermark

import (
	"encoding/json"
	"fmt"
	"time"

	"nightwire.dev/shared/names"
)

// Report is what one process sees of one stream. One is made only while Kafka
// answers. Without a partition it still says that the process is alive.
type Report struct {
	Stream     names.Stream `json:"stream"`
	Connector  string       `json:"connector"` // the process, by its host and number
	At         time.Time    `json:"at"`        // when it looked
	Drained    bool         `json:"drained"`   // the last report of a process that was told to end
	Awaiting   []string     `json:"awaiting,omitempty"`
	Topics     []Topic      `json:"topics,omitempty"` // all that are wanted and there, whoever has their partitions
	Partitions []Partition  `json:"partitions"`
}

// Topic is how many partitions Kafka says that a topic has. The processes of a
// group share them; one that nobody tells of is in nobody's hands.
type Topic struct {
	Name       string `json:"name"`
	Night      string `json:"night"` // by TopicNight, or the present one
	Partitions int64  `json:"partitions"`
}

// Partition is one night of one partition. A topic of one night has one; of a
// topic that goes on for years each night has its own, with First, Last and Gaps
// of that night, and what else is the whole partition's.
type Partition struct {
	Topic     string `json:"topic"`
	Partition int64  `json:"partition"`
	Night     string `json:"night"`           // YYYY-MM-DD, by TopicNight or RecordNight
	First     *int64 `json:"first,omitempty"` // the least offset of a record that the process read; nil: none
	Last      *int64 `json:"last,omitempty"`  // and the greatest

	Low       int64 `json:"low"`       // the first offset that Kafka had when the process first looked
	High      int64 `json:"high"`      // the offset that Kafka would give the next record
	Confirmed int64 `json:"confirmed"` // every offset before it is in Pub/Sub, or reported as a gap
	Gaps      []Gap `json:"gaps,omitempty"`
}

// Gap is a range of offsets that Kafka no longer had when they were to be read.
type Gap struct {
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Reason string `json:"reason"`
}

// fault is data that is no report.
type fault struct{ reason string }

func (f *fault) Error() string   { return f.reason }
func (f *fault) Permanent() bool { return true }

// Parse reads a report of the stream. An error is permanent.
func Parse(data []byte, stream names.Stream) (Report, error) {
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return Report{}, &fault{"report of watermarks: " + err.Error()}
	}
	if err := r.check(stream); err != nil {
		return Report{}, &fault{"report of watermarks: " + err.Error()}
	}
	return r, nil
}

func (r *Report) check(stream names.Stream) error {
	switch {
	case r.Stream != stream:
		return fmt.Errorf("it is of stream %q, not of %s", string(r.Stream), stream)
	case r.Connector == "":
		return fmt.Errorf("connector is missing")
	case r.At.Year() < 1970 || r.At.Year() > 9999: // what a TIMESTAMP holds, and sense
		return fmt.Errorf("at is %s", r.At.Format(time.RFC3339))
	}
	for _, t := range r.Topics {
		if err := t.check(); err != nil {
			return fmt.Errorf("topic %q: %w", t.Name, err)
		}
	}
	for _, p := range r.Partitions {
		if err := p.check(); err != nil {
			return fmt.Errorf("partition %s/%d: %w", p.Topic, p.Partition, err)
		}
	}
	return nil
}

// mostPartitions is more than a Kafka cluster has.
const mostPartitions = 1_000_000

func (t *Topic) check() error {
	if _, err := time.Parse(time.DateOnly, t.Night); err != nil {
		return fmt.Errorf("night %q: want YYYY-MM-DD", t.Night)
	}
	if t.Name == "" || t.Partitions < 0 || t.Partitions > mostPartitions {
		return fmt.Errorf("%d partitions: want a name, and at most %d", t.Partitions, mostPartitions)
	}
	return nil
}

func (p *Partition) check() error {
	if p.Topic == "" || p.Partition < 0 {
		return fmt.Errorf("want a topic, and a number that is not negative")
	}
	if _, err := time.Parse(time.DateOnly, p.Night); err != nil {
		return fmt.Errorf("night %q: want YYYY-MM-DD", p.Night)
	}
	if (p.First == nil) != (p.Last == nil) || p.First != nil && *p.First > *p.Last {
		return fmt.Errorf("first and last: want both or none, in order")
	}
	if p.Low < 0 || p.High < 0 {
		return fmt.Errorf("low %d, high %d: want offsets", p.Low, p.High)
	}
	for _, g := range p.Gaps {
		if g.From >= g.To {
			return fmt.Errorf("gap from %d to %d: want a range", g.From, g.To)
		}
	}
	return nil
}
