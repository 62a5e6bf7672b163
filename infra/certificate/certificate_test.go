package certificate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/infra/cluster"
	"nightwire.dev/shared/ledger"
)

const topic = "ztf_20260901_programid1"

// entry is a ledger row of partition 0.
func entry(offset int64, outcome ledger.Outcome, object string) Entry {
	return Entry{Topic: topic, Offset: offset, Outcome: outcome, Object: object}
}

// kafka is partition 0 with the records from first up to, and without, end.
func kafka(first, end int64) []cluster.Partition {
	return []cluster.Partition{{Topic: topic, First: first, End: end}}
}

func rowsOf(objects ...string) map[string]float64 {
	rows := map[string]float64{}
	for i, object := range objects {
		rows[object] = float64(i + 1)
	}
	return rows
}

func TestCompare(t *testing.T) {
	t.Parallel()
	span := func(first, last int64) []Span { return []Span{{Topic: topic, First: first, Last: last}} }
	cases := map[string]struct {
		evidence Evidence
		want     Certificate
	}{
		"nothing": {},
		"all is well": {
			Evidence{
				Kafka: kafka(0, 4),
				Ledger: []Entry{
					entry(0, ledger.Stored, "a"), entry(1, ledger.Duplicate, "a"), entry(2, ledger.Conflict, "a.x"),
					{Topic: topic, Offset: 3, Outcome: ledger.Rejected, Reason: "private"},
				},
				Files: []string{"a", "a.x"}, Rows: rowsOf("a", "a.x"), Alerts: 1,
			},
			Certificate{
				Records: 4, Stored: 1, Duplicates: 1, Conflicts: 1, Rejected: 1, Files: 2, Rows: 1,
				Rejections: []Rejection{{"private", 1}},
			},
		},
		"records without an outcome": {
			Evidence{Kafka: kafka(0, 5), Ledger: []Entry{entry(2, ledger.Stored, "a")}, Files: []string{"a"}, Rows: rowsOf("a"), Alerts: 1},
			Certificate{Records: 5, Stored: 1, Files: 1, Rows: 1, Missing: 4, MissingRecords: append(span(0, 1), span(3, 4)...)},
		},
		"spans end with their partition": {
			Evidence{Kafka: []cluster.Partition{{Topic: topic, End: 2}, {Topic: topic, Partition: 1, First: 2, End: 3}}},
			Certificate{Records: 3, Missing: 3, MissingRecords: []Span{{topic, 0, 0, 1}, {topic, 1, 2, 2}}},
		},
		"a file that is gone": {
			Evidence{Kafka: kafka(0, 1), Ledger: []Entry{entry(0, ledger.Stored, "a")}, Rows: rowsOf("a"), Alerts: 1},
			Certificate{Records: 1, Stored: 1, Rows: 1, Missing: 1, MissingFiles: []string{"a"}},
		},
		"a row that is gone": {
			Evidence{Kafka: kafka(0, 1), Ledger: []Entry{entry(0, ledger.Stored, "a")}, Files: []string{"a"}},
			Certificate{Records: 1, Stored: 1, Files: 1, Missing: 1, MissingRows: []string{"a"}},
		},
		"a row of a file that nobody knows": {
			Evidence{Rows: rowsOf("b"), Alerts: 1},
			Certificate{Rows: 1, Missing: 1, MissingFiles: []string{"b"}},
		},
		"a file that no ledger row names": {
			Evidence{Files: []string{"b"}, Rows: rowsOf("b"), Alerts: 1},
			Certificate{Files: 1, Rows: 1},
		},
		"stored, but where": {
			Evidence{Kafka: kafka(0, 1), Ledger: []Entry{entry(0, ledger.Stored, "")}},
			Certificate{Records: 1, Stored: 1, Missing: 1, MissingFiles: []string{"of " + topic + "/0 offset 0, which the ledger does not name"}},
		},
		"ledger rows written twice": {
			Evidence{Kafka: kafka(0, 1), Ledger: []Entry{entry(0, ledger.Stored, "a"), entry(0, ledger.Stored, "a")}, Files: []string{"a"}, Rows: rowsOf("a"), Alerts: 1},
			Certificate{Records: 1, Stored: 1, Files: 1, Rows: 1},
		},
		"rejected first, and stored later": {
			Evidence{
				Kafka:  kafka(0, 1),
				Ledger: []Entry{entry(0, ledger.Stored, "a"), {Topic: topic, Outcome: ledger.Rejected, Reason: "unreadable"}},
				Files:  []string{"a"}, Rows: rowsOf("a"), Alerts: 1,
			},
			Certificate{Records: 1, Stored: 1, Files: 1, Rows: 1},
		},
		"an outcome that nobody knows": {
			Evidence{Kafka: kafka(0, 1), Ledger: []Entry{entry(0, "eaten", "a")}},
			Certificate{Records: 1, Missing: 1, MissingRecords: span(0, 0)},
		},
		"records that Kafka let go of before we read them": {
			Evidence{Kafka: kafka(3, 3), Ledger: []Entry{entry(0, ledger.Stored, "a")}, Files: []string{"a"}, Rows: rowsOf("a"), Alerts: 1},
			Certificate{Records: 3, Stored: 1, Files: 1, Rows: 1, Missing: 2, MissingRecords: span(1, 2)},
		},
		"all is evaluated": {
			Evidence{Files: []string{"a", "b"}, Rows: rowsOf("a", "b"), Alerts: 2, Filters: true, Evaluated: map[string]bool{"a": true, "b": true}},
			Certificate{Files: 2, Rows: 2, Evaluated: 2},
		},
		"an evaluation that is missing": {
			Evidence{Files: []string{"a", "b", "c"}, Rows: rowsOf("a", "b", "c"), Alerts: 3, Filters: true, Evaluated: map[string]bool{"b": true}},
			Certificate{Files: 3, Rows: 3, Evaluated: 1, Missing: 2, Unevaluated: []string{"a", "c"}},
		},
		"an evaluation of a file that is gone": {
			Evidence{Filters: true, Evaluated: map[string]bool{"a": true}},
			Certificate{Evaluated: 1, Missing: 1, MissingFiles: []string{"a"}},
		},
		"a deployment without filters": {
			Evidence{Files: []string{"a"}, Rows: rowsOf("a"), Alerts: 1},
			Certificate{Files: 1, Rows: 1},
		},
		"records that Kafka let go of before we began": {
			Evidence{Kafka: kafka(3, 4), Ledger: []Entry{entry(3, ledger.Stored, "a")}, Files: []string{"a"}, Rows: rowsOf("a"), Alerts: 1},
			Certificate{Records: 1, Stored: 1, Files: 1, Rows: 1},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Compare(c.evidence)
			ignored := cmpopts.IgnoreFields(Certificate{}, "Latency")
			if diff := cmp.Diff(&c.want, got, cmpopts.EquateEmpty(), ignored, cmpopts.IgnoreUnexported(Certificate{})); diff != "" {
				t.Errorf("certificate (-want +got):\n%s", diff)
			}
			var page strings.Builder
			got.Print(&page)
			if said := strings.Contains(page.String(), "nothing is missing"); said != (c.want.Missing == 0) {
				t.Errorf("%d missing, but the page says:\n%s", c.want.Missing, &page)
			}
			if said := strings.Contains(page.String(), "evaluated"); said != c.evidence.Filters {
				t.Errorf("filters: %v, but the page says:\n%s", c.evidence.Filters, &page)
			}
			for _, name := range c.want.Unevaluated {
				if !strings.Contains(page.String(), "missing: evaluation of "+name) {
					t.Errorf("the page does not name %s:\n%s", name, &page)
				}
			}
		})
	}
}

func TestCheckSent(t *testing.T) {
	t.Parallel()
	c := Compare(Evidence{
		Kafka: kafka(0, 2), Ledger: []Entry{entry(0, ledger.Stored, "a"), entry(1, ledger.Duplicate, "a")},
		Files: []string{"a"}, Rows: rowsOf("a"), Alerts: 1,
	})
	c.CheckSent(map[string]int{topic: 2})
	if c.Missing != 0 {
		t.Errorf("%d missing, though all that was sent is there", c.Missing)
	}
	c.CheckSent(map[string]int{topic: 3, "elsewhere": 4})
	want := []Sent{{"elsewhere", 4}, {topic, 1}}
	if diff := cmp.Diff(want, c.MissingSent); diff != "" || c.Missing != 5 {
		t.Errorf("%d missing (-want +got):\n%s", c.Missing, diff)
	}
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	var hundred []float64
	for i := range 100 {
		hundred = append(hundred, float64(100-i))
	}
	cases := map[string]struct {
		seconds []float64
		want    Latency
	}{
		"none":    {nil, Latency{}},
		"one":     {[]float64{2}, Latency{2, 2, 2, 2}},
		"hundred": {hundred, Latency{50, 90, 99, 100}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, percentiles(c.seconds)); diff != "" {
				t.Errorf("latency (-want +got):\n%s", diff)
			}
		})
	}
}
