package certificate

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/shared/ledger"
	"pgregory.net/rapid"
)

// fates are what may become of a record, by name: the outcome that the ledger
// has, if any, and what is lost.
var fates = []struct {
	outcome ledger.Outcome
	causes  []Cause
}{
	{ledger.Stored, nil}, {ledger.Stored, nil}, {ledger.Stored, nil}, {ledger.Conflict, nil}, {ledger.Rejected, nil},
	{"", []Cause{Expired}},
	{"", []Cause{Unrecorded}},
	{ledger.Stored, []Cause{NoFile}},
	{ledger.Stored, []Cause{NoRow}},
	{ledger.Conflict, []Cause{Unjudged}},
	{ledger.Stored, []Cause{NoRow, Unjudged}},
	{"", []Cause{Unrecorded, Unledgered}},
	{"", []Cause{Unrecorded, FileGone}},
}

// TestEveryLossIsNamed makes nights with known losses: each is named, by its
// cause, and nothing else is. What comes twice, and in which order, changes
// nothing.
func TestEveryLossIsNamed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var w world
		names, spans := map[Cause][]string{}, map[Cause][]Span{}
		counts := map[ledger.Outcome]int{}
		records := 0
		for partition := range int64(rapid.IntRange(1, 3).Draw(t, "partitions")) {
			first := rapid.Int64Range(0, 1<<40).Draw(t, "first")
			n := rapid.Int64Range(0, 30).Draw(t, "records")
			unread := rapid.Int64Range(0, 3).Draw(t, "unread")
			h := Held{Topic: topic, Partition: partition, First: first, End: first + n + unread, Confirmed: first + n, Reported: reported}
			records += int(n + unread)
			for offset := first; offset < first+n; offset++ {
				fate := rapid.SampledFrom(fates).Draw(t, "fate")
				name := fmt.Sprintf("%sZTF%d/%d.avro", rapid.SampledFrom([]string{ours, other}).Draw(t, "folder"), partition, offset)
				if slices.Contains(fate.causes, Unledgered) || slices.Contains(fate.causes, FileGone) {
					name = file(fmt.Sprintf("ZTF%d/%d", partition, offset)) // of another night nobody would look for it
				}
				if fate.outcome != "" {
					counts[fate.outcome]++
					e := Entry{Topic: topic, Partition: partition, Offset: offset, Outcome: fate.outcome, Object: name}
					if fate.outcome == ledger.Rejected {
						e.Object, e.Reason = "", "private"
					}
					w.ledger = append(w.ledger, e)
					if rapid.Bool().Draw(t, "again") && fate.outcome == ledger.Stored {
						e.Outcome = ledger.Duplicate
						w.ledger = append(w.ledger, e)
					}
				}
				hasFile := fate.outcome != "" && fate.outcome != ledger.Rejected || slices.Contains(fate.causes, Unledgered)
				hasFile = hasFile && !slices.Contains(fate.causes, NoFile)
				if hasFile {
					w.files = append(w.files, name)
				}
				if hasFile && !slices.Contains(fate.causes, NoRow) || slices.Contains(fate.causes, FileGone) {
					w.rows = append(w.rows, name)
				}
				if hasFile && !slices.Contains(fate.causes, Unjudged) {
					w.evaluated = append(w.evaluated, name)
				}
				for _, cause := range fate.causes {
					switch cause {
					case Expired:
						h.Gaps = append(h.Gaps, Gap{offset, offset + 1})
						fallthrough
					case Unrecorded:
						spans[cause] = grow(spans[cause], partition, offset)
					case NoFile:
						spans[cause] = grow(spans[cause], partition, offset)
						names[cause] = append(names[cause], name)
					default:
						names[cause] = append(names[cause], name)
					}
				}
			}
			for offset := first + n; offset < h.End; offset++ {
				spans[Unread] = grow(spans[Unread], partition, offset)
			}
			w.held = append(w.held, h)
		}
		for _, list := range []*[]string{&w.files, &w.rows, &w.evaluated} {
			if len(*list) > 0 {
				*list = append(rapid.Permutation(*list).Draw(t, "order"), (*list)[0])
			}
		}
		if len(w.ledger) > 0 {
			w.ledger = rapid.Permutation(w.ledger).Draw(t, "order of the ledger")
		}

		w.early = rapid.Bool().Draw(t, "files before the ledger")
		a := w.account(t)
		got := a.Close(dawn, time.Time{})
		missing := 0
		for _, cause := range Causes() {
			slices.Sort(names[cause])
			l := got.Lost(cause)
			if diff := cmp.Diff(names[cause], l.Names, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("names of %s (-want +got):\n%s", cause, diff)
			}
			if diff := cmp.Diff(spans[cause], l.Spans, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("records of %s (-want +got):\n%s", cause, diff)
			}
			missing += l.Count
		}
		if got.Missing != missing || got.Records != records || got.Stored != counts[ledger.Stored] ||
			got.Conflicts != counts[ledger.Conflict] || got.Rejected != counts[ledger.Rejected] {
			t.Errorf("%d records, %d missing, %+v; want %d, %d, %v", got.Records, got.Missing, got, records, missing, counts)
		}
		want := append(slices.Clone(names[NoRow]), names[Unjudged]...)
		slices.Sort(want)
		unfinished, all := a.Unfinished("", 1000)
		if diff := cmp.Diff(slices.Compact(want), unfinished, cmpopts.EquateEmpty()); diff != "" || all != len(unfinished) {
			t.Errorf("%d unfinished (-want +got):\n%s", all, diff)
		}
	})
}

// grow adds an offset to spans, as people write them.
func grow(spans []Span, partition, offset int64) []Span {
	if n := len(spans); n > 0 && spans[n-1].Partition == partition && spans[n-1].Last == offset-1 {
		spans[n-1].Last = offset
		return spans
	}
	return append(spans, Span{topic, partition, offset, offset})
}

// TestUnfinished goes round the files that lack something, a part at a time.
func TestUnfinished(t *testing.T) {
	t.Parallel()
	a := New("ztf", night)
	for i := range 95 {
		a.File(file(fmt.Sprintf("ZTF/%02d", i)))
	}
	a.Row(file("ZTF/50"), time.Second)
	a.Evaluation(file("ZTF/50"))
	after, seen := "", map[string]int{}
	for range 5 {
		names, all := a.Unfinished(after, 20)
		if all != 94 || len(names) != 20 {
			t.Fatalf("%d of %d", len(names), all)
		}
		for _, name := range names {
			seen[name]++
		}
		after = names[len(names)-1]
	}
	if len(seen) != 94 || seen[file("ZTF/00")] != 2 || seen[file("ZTF/93")] != 1 || after != file("ZTF/05") {
		t.Errorf("%d seen, up to %s", len(seen), after)
	}
}

// TestFirsts keeps the first names of many.
func TestFirsts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfDistinct(rapid.StringN(0, 3, 3), rapid.ID).Draw(t, "names")
		limit := rapid.IntRange(1, 10).Draw(t, "limit")
		f := firsts{limit: limit}
		for _, name := range names {
			f.add(name)
		}
		slices.Sort(names)
		if diff := cmp.Diff(names[:min(len(names), limit)], f.sorted(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("firsts (-want +got):\n%s", diff)
		}
	})
}

func TestSplits(t *testing.T) {
	t.Parallel()
	a := New("ztf", night)
	for i := range sampled / 4 {
		a.Record(Entry{Topic: topic, Outcome: ledger.Stored, Object: file(fmt.Sprintf("ZTF%05d/1", i))})
	}
	want := []string{file("ZTF01250/1"), file("ZTF02500/1"), file("ZTF03750/1")}
	if diff := cmp.Diff(want, a.Splits(ours, 4)); diff != "" {
		t.Errorf("splits (-want +got):\n%s", diff)
	}
	if got := a.Splits(other, 4); got != nil {
		t.Errorf("splits of a folder that nobody knows: %q", got)
	}
}
