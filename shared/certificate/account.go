package certificate

import (
	"fmt"
	"slices"
	"time"

	"nightwire.dev/shared/ledger"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/watermark"
)

// Entry is a row of the ledger.
type Entry struct {
	Topic     string
	Partition int64
	Offset    int64
	Outcome   ledger.Outcome
	Reason    string
	Object    string // the file that holds the alert
}

// Account gathers what is known of a night, or of a whole stream, and closes to
// its certificate. First come the partitions, then the ledger, the files, the
// rows and the evaluations in any order, except that files of other nights come
// after the record of the ledger that brought them. Each may come more than once.
//
// A night's account holds the records of its partitions, whatever night their
// alerts have, the files of its night, and those of other nights that its
// records brought. Whatever else it is told it passes over, so its sources may
// tell more. An alert is held in 100 to 130 bytes, and while the collector has not
// yet come round the process takes about 250 to 300 for each, which go test
// -bench tells: a night of ten million wants 3 GB, and what its answers take.
type Account struct {
	stream, night string

	tracks  map[place]*track
	order   []*track           // by number, which marks hold
	folders map[string]*folder // of the archive
	listed  map[string]int64   // how many partitions each topic has
	heard   []time.Time        // when connectors gave a sign of life
	behind  map[place]int64    // partitions of the night's topics that the ledger knows further than was told
	waits   []int32            // from Kafka to the row, in milliseconds
	records int64
}

// place is a partition of a topic.
type place struct {
	topic     string
	partition int64
}

// New is the empty account of a night, YYYY-MM-DD, or of a whole stream, if
// night is empty.
func New(stream, night string) *Account {
	return &Account{
		stream: stream, night: night,
		tracks: map[place]*track{}, folders: map[string]*folder{}, behind: map[place]int64{}, listed: map[string]int64{},
	}
}

// mostRecords bounds an account: a night of LSST has ten million records. More
// are a mistake in what was reported.
const mostRecords = 200_000_000

// Hold takes the records that Kafka had of a partition.
func (a *Account) Hold(h Held) error {
	n := h.End - h.First
	if n < 0 || h.First < 0 || a.records+n > mostRecords {
		return fmt.Errorf("records of %s/%d: offsets %d to %d are more than an account takes", h.Topic, h.Partition, h.First, h.End)
	}
	at := place{h.Topic, h.Partition}
	if _, twice := a.tracks[at]; twice {
		return fmt.Errorf("records of %s/%d: told twice", h.Topic, h.Partition)
	}
	t := &track{Held: h, number: len(a.order), outcomes: make([]uint8, n)}
	a.tracks[at] = t
	a.order = append(a.order, t)
	a.records += n
	return nil
}

// Heard takes the time of a connector's report, whatever it was about. Of a
// night without any partition all are wanted.
func (a *Account) Heard(at time.Time) {
	if !at.IsZero() {
		a.heard = append(a.heard, at)
	}
}

// Record takes a row of the ledger.
func (a *Account) Record(e Entry) {
	rank := rankOf(e.Outcome)
	if rank == 0 {
		return // nobody knows what it says
	}
	t, known := a.tracks[place{e.Topic, e.Partition}]
	ours := known && t.has(e.Offset)
	if ours {
		t.settle(e.Offset, rank, e.Reason)
	} else {
		a.outside(e, t)
	}
	if e.Outcome == ledger.Rejected {
		return
	}
	if e.Object == "" {
		if !ours {
			return
		}
		e.Object = fmt.Sprintf("of %s/%d offset %d, which the ledger does not name", e.Topic, e.Partition, e.Offset)
	}
	f, name := a.folder(e.Object, ours)
	if f == nil || !ours && !f.ours {
		return
	}
	m := f.marks[name] | inLedger
	if ours {
		m = m.of(t.number, e.Offset-t.First)
	}
	f.set(name, m)
}

// outside looks at a record that is not among those that were told: it may
// show that more should have been. Of a topic that goes on for years the record
// may be another night's, unless nobody told of its partition at all.
func (a *Account) outside(e Entry, t *track) {
	if a.night == "" || !origin.InKafka(e.Topic) {
		return
	}
	date, nightly := watermark.TopicNight(e.Topic)
	ours, told := date == a.night, t != nil && e.Offset < t.End
	if !nightly {
		folder, _ := split(e.Object)
		ours, told = nightOf(folder) == a.night, t != nil
	}
	if ours && !told {
		at := place{e.Topic, e.Partition}
		a.behind[at] = max(a.behind[at], e.Offset)
	}
}

// File takes the name of a file of the archive.
func (a *Account) File(name string) { a.mark(name, hasFile) }

// Row takes the name of the file that a row was made from, and how long it
// took from Kafka's timestamp to the row.
func (a *Account) Row(object string, took time.Duration) {
	if a.mark(object, hasRow) {
		a.waits = append(a.waits, int32(min(took.Milliseconds(), 1<<31-1)))
	}
}

// Evaluation takes the name of a file whose alert the filters have judged.
func (a *Account) Evaluation(object string) { a.mark(object, hasEvaluation) }

// mark notes a bit of a file that is ours, and says whether it is news.
func (a *Account) mark(object string, bit mark) bool {
	f, name := a.folder(object, false)
	if f == nil {
		return false
	}
	m, known := f.marks[name]
	if !known && !f.ours || m&bit != 0 {
		return false
	}
	f.set(name, m|bit)
	return true
}

// OtherFiles lists, by night, the files of other nights than its own that its
// records brought. They have to be looked up as well.
func (a *Account) OtherFiles() map[string][]string {
	files := map[string][]string{}
	for path, f := range a.folders {
		night := nightOf(path)
		if f.ours || night == "" {
			continue
		}
		for name := range f.marks {
			files[night] = append(files[night], join(path, name))
		}
	}
	return files
}

// Unsettled says whether a record has no outcome yet, or none better than
// rejected: its entry may stand elsewhere in the ledger.
func (a *Account) Unsettled() bool {
	rejected := rankOf(ledger.Rejected)
	return slices.ContainsFunc(a.order, func(t *track) bool {
		return slices.ContainsFunc(t.outcomes, func(rank uint8) bool { return rank <= rejected })
	})
}

// Range is the least and the greatest offset of the records, whatever their
// partition, and their topics.
func (a *Account) Range() (topics []string, first, last int64) {
	first = -1
	for _, t := range a.order {
		if t.End <= t.First {
			continue
		}
		if first < 0 || t.First < first {
			first = t.First
		}
		last = max(last, t.End-1)
		if !slices.Contains(topics, t.Topic) {
			topics = append(topics, t.Topic)
		}
	}
	return topics, first, last
}

// Unfinished lists files that lack a row or an evaluation, at most so many: in
// the order of their names those behind one, and then those before it. all is
// how many there are.
func (a *Account) Unfinished(after string, limit int) (names []string, all int) {
	behind, before := firsts{limit: limit}, firsts{limit: limit}
	for folder, f := range a.folders {
		for rest, m := range f.marks {
			if m&hasFile == 0 || m&(hasRow|hasEvaluation) == hasRow|hasEvaluation {
				continue
			}
			all++
			if name := join(folder, rest); name > after {
				behind.add(name)
			} else {
				before.add(name)
			}
		}
	}
	names = append(behind.sorted(), before.sorted()...)
	return names[:min(len(names), limit)], all
}
