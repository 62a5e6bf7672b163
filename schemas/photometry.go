package schemas

import (
	"embed"
	"path"
)

// The views that people ask for photometry, in GoogleSQL. Those of a survey's own folder make detections and limits,
// in columns that both surveys have, of what is native; the others stand on these and are the same for both.
//
//go:embed ztf/*.sql lsst/*.sql *.sql
var queries embed.FS

// photometryViews are the views of what was seen of each object. They are for one object or for a short stretch of
// nights: a question that names an objectId reads of ZTF's table, which is clustered by it, that object's blocks, and any
// other reads the histories of all alerts.
func photometryViews(survey string) []View {
	views := []View{
		{
			Name:        "detections",
			Description: "Each detection once, of alerts and of their histories, with its signed flux in microjansky and its AB magnitude.",
			Query:       mustQuery(path.Join(survey, "detections.sql")),
		},
		{
			Name:        "limits",
			Description: "Each observation once, of the alerts' histories, that saw nothing of an object, with its limiting magnitude.",
			Query:       mustQuery(path.Join(survey, "limits.sql")),
		},
		{
			Name:        "light_curves",
			Description: "One row an object: its detections as an array in order of time.",
			Query:       mustQuery("light_curves.sql"),
		},
		{
			Name:        "objects",
			Description: "One row an object: first and last detection, counts, mean position, brightest detection and colour there.",
			Query:       mustQuery("objects.sql"),
		},
	}
	if survey == LSST {
		views = append(views, View{
			Name:        "solar_system",
			Description: "Alerts of bodies of the solar system, with their orbits: one row an alert, under one name what LSST renamed.",
			Query:       mustQuery("lsst/solar_system.sql"),
		})
	}
	return views
}

// mustQuery reads an embedded query: one that is absent is a fault of the build.
func mustQuery(name string) string {
	text, err := queries.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return string(text)
}
