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

// Views returns the views of a survey's streams that follow from Tables: alerts, one row an alert.
//
// The night stands beside the key in PARTITION BY so that BigQuery may look at one night's partition when asked for
// one night; an alert has one night, so this keeps no row more.
func Views(survey string) []View {
	var views []View
	for _, table := range Tables(survey) {
		if table.Name != "alerts_stream" {
			continue
		}
		key := table.PartitionBy + ", " + strings.Join(table.PrimaryKey, ", ")
		views = append(views, View{
			Name:        "alerts",
			Description: "Alerts as the survey sent them, without cutouts: one row an alert, the first archived.",
			Query: "SELECT *\n" +
				"FROM `{dataset}." + table.Name + "`\n" +
				"WHERE TRUE\n" +
				"QUALIFY ROW_NUMBER() OVER (PARTITION BY " + key + " ORDER BY nightwire.archived_at, nightwire.generation) = 1\n",
		})
	}
	return views
}
