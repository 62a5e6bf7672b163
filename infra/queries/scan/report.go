package scan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nightwire.dev/infra/queries"
	"nightwire.dev/schemas"
)

// Report is how large a night's rows are, and how much of them the library's
// queries read.
type Report struct {
	Night   string      `json:"night,omitempty"` // empty: all that is there
	Alerts  int64       `json:"alerts"`          // rows of alerts_stream
	Tables  []TableSize `json:"tables"`
	Queries []QueryScan `json:"queries"`
}

// TableSize is the logical size of a table's rows.
type TableSize struct {
	Table  string           `json:"table"`
	Rows   int64            `json:"rows"`
	Bytes  int64            `json:"bytes"`
	Arrays map[string]Array `json:"arrays,omitempty"` // by dotted path
}

// Array is what a table's rows have in an array.
type Array struct {
	Items int64 `json:"items"`
	Bytes int64 `json:"bytes"`
}

// PerRow is the mean size of a row.
func (t TableSize) PerRow() float64 { return float64(t.Bytes) / float64(max(t.Rows, 1)) }

// QueryScan is what one query of the library reads of the night.
type QueryScan struct {
	Query    string   `json:"query"`
	Tables   []string `json:"tables"`
	Columns  int      `json:"columns"`
	Bytes    int64    `json:"bytes"`
	PerAlert float64  `json:"bytes_per_alert"`
}

// leastBilled is what BigQuery bills at least for each table of a query.
const leastBilled = 10 << 20

// Billed is what is billed for the query of a night of so many alerts.
func (q QueryScan) Billed(alerts float64) float64 {
	return max(q.PerAlert*alerts, float64(leastBilled*len(q.Tables)))
}

// Library measures a survey's tables, and what the library's queries read of
// them, over the rows of one night, or over all.
func Library(ctx context.Context, ask asker, survey, night string) (*Report, error) {
	catalogue, err := NewCatalogue(survey)
	if err != nil {
		return nil, err
	}
	all, err := queries.All(survey)
	if err != nil {
		return nil, err
	}
	report, sizes := &Report{Night: night}, map[string]Sizes{}
	for _, table := range schemas.Tables(survey) {
		s, err := Measure(ctx, ask, table, night)
		if err != nil {
			return nil, err
		}
		sizes[table.Name] = s
		report.Tables = append(report.Tables, TableSize{table.Name, s.Rows, s.Total(), s.arrays()})
	}
	report.Alerts = sizes["alerts_stream"].Rows
	if report.Alerts == 0 {
		return nil, fmt.Errorf("measure the tables of %s: there are no alerts in them", survey)
	}
	for _, q := range all {
		columns, err := catalogue.Of(q.SQL)
		if err != nil {
			return nil, fmt.Errorf("query %s: %w", q.Name, err)
		}
		report.Queries = append(report.Queries, report.scan(q.Name, columns, sizes))
	}
	return report, nil
}

func (r *Report) scan(name string, columns Columns, sizes map[string]Sizes) QueryScan {
	s := QueryScan{Query: name}
	for table, paths := range columns {
		s.Tables = append(s.Tables, table)
		s.Columns += len(paths)
		s.Bytes += sizes[table].Of(paths)
	}
	slices.Sort(s.Tables)
	s.PerAlert = float64(s.Bytes) / float64(r.Alerts)
	return s
}

// arrays sums up what is in each array that is not within another.
func (s Sizes) arrays() map[string]Array {
	all := map[string]Array{}
	for path, items := range s.Items {
		a := Array{Items: items}
		for column, bytes := range s.Bytes {
			if column == path || strings.HasPrefix(column, path+".") {
				a.Bytes += bytes
			}
		}
		all[path] = a
	}
	return all
}
