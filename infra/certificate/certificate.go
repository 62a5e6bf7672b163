// Package certificate proves what became of every Kafka record: it compares
// what Kafka holds with the ledger, the files in the archive, the rows in the
// table and the filters' evaluations, and names whatever is missing.
//
// Kafka's offsets, the ledger's entries, the names of files, of rows and of
// evaluations enter; a Certificate leaves. The comparison is pure; gather.go reads its input.
package certificate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"nightwire.dev/infra/cluster"
	"nightwire.dev/shared/ledger"
)

// Certificate is the account of a stream. A record is stored, a duplicate, a
// conflict, rejected, or missing; every stored or conflicting record has a
// file, and every file a row and, where the filters run, an evaluation.
type Certificate struct {
	Stream string    `json:"stream"`
	At     time.Time `json:"at"`

	Records    int `json:"records"`    // in Kafka, or in the ledger if Kafka has let go of them
	Stored     int `json:"stored"`     // records for which a file was created
	Duplicates int `json:"duplicates"` // records whose bytes were in the archive already
	Conflicts  int `json:"conflicts"`  // records with the identity of another, and other bytes: both are kept
	Rejected   int `json:"rejected"`   // records that are no alerts of this stream: kept as dead letters
	Files      int `json:"files"`
	Rows       int `json:"rows"`      // alerts in the table, each counted once
	Evaluated  int `json:"evaluated"` // files whose alert the filters have judged
	Missing    int `json:"missing"`   // records without an outcome, files, rows and evaluations that should be there

	MissingRecords []Span      `json:"missing_records"`
	MissingSent    []Sent      `json:"missing_sent"`
	MissingFiles   []string    `json:"missing_files"`
	MissingRows    []string    `json:"missing_rows"`
	Unevaluated    []string    `json:"unevaluated"` // files without an evaluation
	Rejections     []Rejection `json:"rejections"`

	Latency Latency `json:"latency_seconds"`
	Run     *Run    `json:"run,omitempty"`

	byTopic map[string]int // records
	filters bool           // whether the deployment has filters
}

// Span is a run of offsets, from First to Last.
type Span struct {
	Topic     string `json:"topic"`
	Partition int64  `json:"partition"`
	First     int64  `json:"first"`
	Last      int64  `json:"last"`
}

// Sent is a number of records that Kafka confirmed and of which neither it nor
// the ledger knows.
type Sent struct {
	Topic   string `json:"topic"`
	Records int    `json:"records"`
}

// Rejection is a number of records that were rejected for one reason.
type Rejection struct {
	Reason  string `json:"reason"`
	Records int    `json:"records"`
}

// Latency is the time from Kafka's timestamp to the making of the row.
type Latency struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Run is what is known of the run that made the certificate.
type Run struct {
	Records         int       `json:"records"`
	Seconds         float64   `json:"seconds"`
	AlertsPerSecond float64   `json:"alerts_per_second"`
	Processes       []Process `json:"processes"`
}

// Process is what one process used during the run.
type Process struct {
	Name          string  `json:"name"`
	CPUMsPerAlert float64 `json:"cpu_ms_per_alert"`
	PeakMB        float64 `json:"peak_mb"`
	HalfwayMB     float64 `json:"halfway_mb,omitempty"`
	EndMB         float64 `json:"end_mb,omitempty"`
	Restarts      int     `json:"restarts"`
}

// Entry is a row of the ledger.
type Entry struct {
	Topic     string
	Partition int64
	Offset    int64
	Outcome   ledger.Outcome
	Reason    string
	Object    string // the file that holds the alert
}

// Evidence is what is compared.
type Evidence struct {
	Kafka  []cluster.Partition
	Ledger []Entry
	Files  []string           // names of objects in the archive
	Rows   map[string]float64 // name of the object that each row was made from: seconds from Kafka to the row
	Alerts int                // rows of the view alerts

	Filters   bool            // whether the deployment has filters
	Evaluated map[string]bool // names of the objects that they have judged
}

// Compare makes the account.
func Compare(e Evidence) *Certificate {
	c := &Certificate{
		Rows: e.Alerts, Files: len(e.Files), Latency: percentiles(slices.Collect(maps.Values(e.Rows))),
		MissingRecords: []Span{}, MissingSent: []Sent{}, MissingFiles: []string{}, MissingRows: []string{}, Unevaluated: []string{},
		Rejections: []Rejection{}, Evaluated: len(e.Evaluated), filters: e.Filters,
	}
	known := settle(e.Ledger)
	expected := c.countOutcomes(known)
	c.findMissingRecords(known, e.Kafka)
	files := map[string]bool{}
	for _, name := range e.Files {
		files[name] = true
		if _, ok := e.Rows[name]; !ok {
			c.MissingRows = append(c.MissingRows, name)
		}
		if e.Filters && !e.Evaluated[name] {
			c.Unevaluated = append(c.Unevaluated, name)
		}
	}
	for name := range e.Rows {
		expected[name] = true // a row comes from a file
	}
	for name := range e.Evaluated {
		expected[name] = true // and so does an evaluation
	}
	for name := range expected {
		if !files[name] {
			c.MissingFiles = append(c.MissingFiles, name)
		}
	}
	slices.Sort(c.MissingFiles)
	slices.Sort(c.MissingRows)
	slices.Sort(c.Unevaluated)
	c.Missing += len(c.MissingFiles) + len(c.MissingRows) + len(c.Unevaluated)
	return c
}

// place is where a record stands, and partition where its neighbours do.
type (
	place struct {
		partition
		offset int64
	}
	partition struct {
		topic  string
		number int64
	}
)

// precedence orders the outcomes, the last first: a record that was tried more
// than once ended as the best that was said of it.
var precedence = []ledger.Outcome{ledger.Rejected, ledger.Duplicate, ledger.Conflict, ledger.Stored}

// settle finds each record's one entry: its ledger row may have been written
// twice. A row with an outcome that nobody knows says nothing.
func settle(rows []Entry) map[place]Entry {
	known := map[place]Entry{}
	for _, entry := range rows {
		rank := slices.Index(precedence, entry.Outcome)
		if rank < 0 {
			continue
		}
		at := place{partition{entry.Topic, entry.Partition}, entry.Offset}
		if other, ok := known[at]; !ok || slices.Index(precedence, other.Outcome) < rank {
			known[at] = entry
		}
	}
	return known
}

// countOutcomes counts the records and returns the files that the ledger
// promises.
func (c *Certificate) countOutcomes(known map[place]Entry) map[string]bool {
	expected, reasons := map[string]bool{}, map[string]int{}
	c.Records = len(known)
	c.byTopic = map[string]int{}
	for at, entry := range known {
		c.byTopic[at.topic]++
		switch entry.Outcome {
		case ledger.Stored:
			c.Stored++
		case ledger.Duplicate:
			c.Duplicates++
		case ledger.Conflict:
			c.Conflicts++
		case ledger.Rejected:
			c.Rejected++
			reasons[entry.Reason]++
			continue
		}
		if entry.Object == "" {
			entry.Object = fmt.Sprintf("of %s/%d offset %d, which the ledger does not name", at.topic, at.number, at.offset)
		}
		expected[entry.Object] = true
	}
	for reason, n := range reasons {
		c.Rejections = append(c.Rejections, Rejection{reason, n})
	}
	slices.SortFunc(c.Rejections, func(a, b Rejection) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), cmp.Compare(a.Reason, b.Reason))
	})
	return expected
}

// findMissingRecords looks for each offset in the ledger: those that Kafka has,
// and those that it has let go of since the first that the ledger knows.
func (c *Certificate) findMissingRecords(known map[place]Entry, kafka []cluster.Partition) {
	first := map[partition]int64{}
	for at := range known {
		if f, ok := first[at.partition]; !ok || at.offset < f {
			first[at.partition] = at.offset
		}
	}
	for _, p := range kafka {
		at := place{partition{p.Topic, p.Partition}, p.First}
		if f, ok := first[at.partition]; ok {
			at.offset = min(f, p.First)
		}
		for ; at.offset < p.End; at.offset++ {
			if _, ok := known[at]; !ok {
				c.addMissing(at)
			}
		}
	}
}

// CheckSent compares the account with what was sent to Kafka, by topic: a
// record that Kafka confirmed must be in it.
func (c *Certificate) CheckSent(topics map[string]int) {
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		if lost := topics[topic] - c.byTopic[topic]; lost > 0 {
			c.MissingSent = append(c.MissingSent, Sent{topic, lost})
			c.Missing += lost
			c.Records += lost
		}
	}
}

func (c *Certificate) addMissing(at place) {
	c.Missing++
	c.Records++
	c.byTopic[at.topic]++
	if n := len(c.MissingRecords); n > 0 {
		last := &c.MissingRecords[n-1]
		if last.Topic == at.topic && last.Partition == at.number && last.Last == at.offset-1 {
			last.Last = at.offset
			return
		}
	}
	c.MissingRecords = append(c.MissingRecords, Span{at.topic, at.number, at.offset, at.offset})
}

// percentiles are by nearest rank.
func percentiles(seconds []float64) Latency {
	if len(seconds) == 0 {
		return Latency{}
	}
	slices.Sort(seconds)
	rank := func(percent int) float64 { return seconds[(len(seconds)*percent+99)/100-1] }
	return Latency{P50: rank(50), P90: rank(90), P99: rank(99), Max: rank(100)}
}
