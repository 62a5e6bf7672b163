// Package ledger is what may become of a Kafka record. The function archive
// writes the outcome, the certificate counts it.
package ledger

// Outcome is what became of a Kafka record.
type Outcome string

// The outcomes.
const (
	Stored    Outcome = "stored"    // a file was created for this record
	Duplicate Outcome = "duplicate" // the same bytes were in the archive already
	Conflict  Outcome = "conflict"  // other bytes with the same identity; both are kept
	Rejected  Outcome = "rejected"  // not an alert of this stream; kept in the dead-letter topic
)
