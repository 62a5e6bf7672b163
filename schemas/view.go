package schemas

import "strings"

// View is a query that people use as a table.
type View struct {
	Name        string
	Description string
	Query       string // GoogleSQL, with {dataset} where the dataset's name belongs
}

// In returns the view's query for one dataset, "project.dataset" or "dataset".
func (v View) In(dataset string) string {
	return strings.ReplaceAll(v.Query, "{dataset}", dataset)
}

// Views returns the views of a survey's streams that follow from Tables: alerts, one row an alert, records, one row a
// Kafka record, evaluated, one row an alert, matches, one row an alert, a filter and its version, the fits of light
// curves, and what was seen of each object. The tables behind them may have a row twice.
//
// The night stands beside the alert's key in PARTITION BY so that BigQuery may look at one night's partition when asked
// for one night, and ZTF's objectId so that it may look at one object's blocks; an alert has one of each, so this keeps
// no row more. A record that was tried again ended as the best that was said of it.
func Views(survey string) []View {
	tables := map[string]Table{}
	for _, table := range Tables(survey) {
		tables[table.Name] = table
	}
	alerts, ok := tables["alerts_stream"]
	if !ok {
		return nil
	}
	key := []string{alerts.PartitionBy}
	if survey == ZTF { // LSST's table is clustered by a GEOGRAPHY, which cannot stand in PARTITION BY
		key = append(key, alerts.ClusterBy...)
	}
	what := "*"
	if survey == LSST { // until version 7.4 alertId
		what = "* REPLACE (IFNULL(diaSourceId, alertId) AS diaSourceId)"
	}
	ledger, evaluations, matches := tables["ledger"], tables["evaluations"], tables["filter_matches"]
	views := []View{
		{
			Name:        "alerts",
			Description: "Alerts as the survey sent them, without cutouts: one row an alert, the first archived.",
			Query:       firstOf(what, alerts.Name, append(key, alerts.PrimaryKey...), "nightwire.archived_at, nightwire.generation"),
		},
		{
			Name:        "records",
			Description: "What became of every Kafka record: one row a record.",
			Query:       first(ledger.Name, ledger.PrimaryKey, byOutcome()+", recorded_at"),
		},
		{
			Name:        "evaluated",
			Description: "What the filters said of every archived alert: one row an alert, the last, with all that were ever notified.",
			Query:       evaluated(evaluations),
		},
		{
			Name:        "matches",
			Description: "Alerts that filters chose: one row an alert, a filter and its version, the first that was no replay.",
			Query:       first(matches.Name, append([]string{matches.PartitionBy}, matches.PrimaryKey...), "replay, matched_at"),
		},
	}
	views = append(views, supernovaViews()...)
	views = append(views, nightView())
	return append(views, photometryViews(survey)...)
}

// first is a query for the first row of each key.
func first(table string, key []string, order string) string {
	return firstOf("*", table, key, order)
}

// firstOf is a query for what it says of the first row of each key.
func firstOf(what, table string, key []string, order string) string {
	return "SELECT " + what + "\n" +
		"FROM `{dataset}." + table + "`\n" +
		"WHERE TRUE\n" +
		"QUALIFY ROW_NUMBER() OVER (PARTITION BY " + strings.Join(key, ", ") + " ORDER BY " + order + ") = 1\n"
}

// evaluated is a query for the last row of each alert. A later one may not know who was notified before it, so it has
// what all of them say.
func evaluated(evaluations Table) string {
	key := append([]string{evaluations.PartitionBy}, evaluations.PrimaryKey...)
	alerts := strings.Join(key, ", ")
	return "SELECT * EXCEPT (told) REPLACE (\n" +
		"  ARRAY(SELECT DISTINCT id FROM UNNEST(told) AS t, UNNEST(t.notified) AS id ORDER BY id) AS notified)\n" +
		"FROM (\n" +
		"  SELECT *, ARRAY_AGG(STRUCT(notified)) OVER (PARTITION BY " + alerts + ") AS told\n" +
		"  FROM `{dataset}." + evaluations.Name + "`\n" +
		"  WHERE TRUE\n" +
		"  QUALIFY ROW_NUMBER() OVER (PARTITION BY " + alerts + " ORDER BY evaluated_at DESC) = 1)\n"
}
