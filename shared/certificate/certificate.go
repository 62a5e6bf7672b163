// Package certificate proves what became of every Kafka record of a night: it
// compares what Kafka held with the ledger, the files in the archive, the rows
// in the table and the filters' evaluations, and names whatever is missing.
//
// What enters, one by one, are partitions as the connector or Kafka told of
// them, rows of the ledger, and the names of files, of rows and of evaluations.
// An Account takes them, closes, and is a Certificate: JSON for programs, a
// page for people. The package is pure; evidence reads its input. The function
// night makes the certificate of a night, and nightwire run that of all that
// the local stack holds.
package certificate

import "time"

// State is the verdict.
type State string

// The states. A night is clean only where somebody told how far Kafka went.
const (
	Clean     State = "clean"     // nothing is missing
	Missing   State = "missing"   // something is missing, and named
	Unproven  State = "unproven"  // nothing else is known to be missing, but there are doubts: mostly that nobody told how far Kafka went
	Repairing State = "repairing" // something is missing or unproven, and may still come
)

// Certificate is the account of a night, or of a whole stream. A record is
// stored, a duplicate, a conflict, rejected, or missing; every stored or
// conflicting record has a file, and every file a row and an evaluation.
type Certificate struct {
	Stream string    `json:"stream"`
	Night  string    `json:"night,omitempty"` // YYYY-MM-DD; empty for a whole stream
	State  State     `json:"state"`
	At     time.Time `json:"at"`
	Until  time.Time `json:"until,omitzero"` // up to when the night is proven; absent if it is over

	Records    int `json:"records"`    // in Kafka, or in the ledger if Kafka has let go of them
	Stored     int `json:"stored"`     // records for which a file was created
	Duplicates int `json:"duplicates"` // records whose bytes were in the archive already
	Conflicts  int `json:"conflicts"`  // records with the identity of another, and other bytes: both are kept
	Rejected   int `json:"rejected"`   // records that are no alerts of this stream: kept as dead letters
	Files      int `json:"files"`
	Rows       int `json:"rows"`      // files that have a row
	Evaluated  int `json:"evaluated"` // files whose alert the filters have judged
	Missing    int `json:"missing"`   // the sum over Losses

	Losses     []Loss      `json:"losses"` // one a cause, in the order of Causes
	Doubts     []string    `json:"doubts"` // why it is unproven
	Rejections []Rejection `json:"rejections"`
	Partitions []Partition `json:"partitions"`

	Latency Latency `json:"latency_seconds"`
	Repair  *Repair `json:"repair,omitempty"`
	Dawn    string  `json:"dawn,omitempty"` // id of the message that asked for the certificate

	// The deployment, for the commands; none where the local stack is meant.
	Project string `json:"project,omitempty"`
	Suffix  string `json:"suffix,omitempty"`

	Run *Run `json:"run,omitempty"`
}

// Loss is what is missing for one cause.
type Loss struct {
	Cause Cause    `json:"cause"`
	Count int      `json:"count"`
	Spans []Span   `json:"spans,omitempty"` // of the records, or of those that brought the files: the first MostNamed
	Names []string `json:"names,omitempty"` // of the files: the first MostNamed
}

// MostNamed bounds each list of a certificate. The counts are of all.
const MostNamed = 1000

// Span is a run of offsets, from First to Last.
type Span struct {
	Topic     string `json:"topic"`
	Partition int64  `json:"partition"`
	First     int64  `json:"first"`
	Last      int64  `json:"last"`
}

// Rejection is a number of records that were rejected for one reason.
type Rejection struct {
	Reason  string `json:"reason"`
	Records int    `json:"records"`
}

// Partition is the account of the records of one partition of a topic: those
// from First up to, and without, End.
type Partition struct {
	Topic      string     `json:"topic"`
	Partition  int64      `json:"partition"`
	First      int64      `json:"first"`
	End        int64      `json:"end"`
	Stored     int        `json:"stored"`
	Duplicates int        `json:"duplicates"`
	Conflicts  int        `json:"conflicts"`
	Rejected   int        `json:"rejected"`
	Missing    int        `json:"missing"`
	Reported   *time.Time `json:"reported,omitempty"` // when a connector last told of it
}

// Latency is the time from Kafka's timestamp to the making of the row.
type Latency struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Repair is how far the repair of a night has come. It is the whole memory of
// the function night between one look and the next.
type Repair struct {
	Looks    int       `json:"looks"`            // certificates that were made since the dawn
	Most     int       `json:"most"`             // the most that was missing at any
	Least    int       `json:"least"`            // the least that was missing at any, doubts included
	BetterAt time.Time `json:"better_at"`        // when that look was
	Sent     int       `json:"sent"`             // notifications that were sent again
	SentAt   time.Time `json:"sent_at,omitzero"` // the last time
	Tries    int       `json:"tries,omitempty"`  // how often they were since it last got better
	Left     int       `json:"left"`             // files whose turn had not come then
	After    string    `json:"after,omitempty"`  // the last file whose turn had come
}

// Repaired is how much less is missing than at the worst look.
func (c *Certificate) Repaired() int {
	if c.Repair == nil {
		return 0
	}
	return max(c.Repair.Most-c.Missing, 0)
}

// Final says whether the certificate is the last word of its dawn.
func (c *Certificate) Final() bool { return c.State != Repairing }

// Lost is what is missing for one cause.
func (c *Certificate) Lost(cause Cause) Loss {
	for _, l := range c.Losses {
		if l.Cause == cause {
			return l
		}
	}
	return Loss{Cause: cause}
}

// Counts is how much is missing for each cause, also where that is nothing.
func (c *Certificate) Counts() map[string]int {
	counts := map[string]int{}
	for _, cause := range Causes() {
		counts[string(cause)] = c.Lost(cause).Count
	}
	return counts
}

// add puts a loss into the account.
func (c *Certificate) add(l Loss) {
	if l.Count == 0 {
		return
	}
	c.Missing += l.Count
	c.Losses = append(c.Losses, l)
}
