// Package replay sends alerts through the system again: files of the archive by
// their notifications, and records of Kafka, or packets of a folder, as raw
// messages.
//
// What to send, and from where, enters. A Plan leaves, which says how much it
// is and where it goes before anything is sent; Send then sends it. Every
// message bears the mark of a replay, so that no filter notifies its readers
// unless that is asked for. The command replay is the caller.
//
// A replay may be interrupted and repeated: the archive creates a file only
// where none is, the ledger and the tables show a record and an alert once, and
// a filter that has notified its readers of an alert does not do so again.
package replay

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"cloud.google.com/go/pubsub/v2"
	"nightwire.dev/shared/names"
)

// Target is the deployment that alerts are sent through.
type Target struct {
	Resources names.Resources
	Topics    *pubsub.Client
	Notify    bool // whether the filters' readers are notified
}

// notify is what the mark says of the filters that notify their readers.
func (t Target) notify() string {
	if t.Notify {
		return names.NotifyAll
	}
	return ""
}

// Plan is what will be sent.
type Plan struct {
	From        string // where it comes from, in words
	What        string // "notifications", "records", "packets"
	Count       int
	Bytes       int64 // of the alerts; below 0 if nobody knows before they are read
	First, Last string
	To          string   // the topic's full name
	Notify      bool     // whether the filters' readers are notified
	Notes       []string // what else to know before it is sent

	send func(ctx context.Context, progress func(Result)) (Result, error)
}

// Result is what has been sent.
type Result struct {
	Sent     int
	Bytes    int64
	Gone     int // files that have left the archive
	TooLarge int // packets that Pub/Sub does not take
}

// Done is how many of the plan's count are dealt with.
func (r Result) Done() int { return r.Sent + r.Gone + r.TooLarge }

// Send sends what is planned, and returns when Pub/Sub has it all, or at the
// first error. progress is told of each message, by one goroutine at a time.
func (p *Plan) Send(ctx context.Context, progress func(Result)) (Result, error) {
	return p.send(ctx, progress)
}

// Print shows the plan to a person.
func (p *Plan) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "from\t%s\n", p.From)
	fmt.Fprintf(w, "send\t%d %s, %s\n", p.Count, p.What, p.size())
	if p.Count > 0 {
		fmt.Fprintf(w, "first\t%s\nlast\t%s\n", p.First, p.Last)
	}
	fmt.Fprintf(w, "to\t%s\n", p.To)
	fmt.Fprintf(w, "notify\t%s\n", p.readers())
	for _, note := range p.Notes {
		fmt.Fprintf(w, "note\t%s\n", note)
	}
	return w.Flush()
}

func (p *Plan) size() string {
	if p.Bytes < 0 {
		return "of a size that shows as they are read"
	}
	return Size(p.Bytes) + " of alerts"
}

// Size is a number of bytes for people.
func Size(bytes int64) string {
	switch {
	case bytes < 1e6:
		return fmt.Sprintf("%.1f kB", float64(bytes)/1e3)
	case bytes < 1e9:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	default:
		return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
	}
}

func (p *Plan) readers() string {
	if p.Notify {
		return "the readers of every filter that chooses an alert, but for those who were notified of it before"
	}
	return "nobody: filters are asked and keep the answer, but tell no reader, not even of an alert that is new here (--notify tells them)"
}
