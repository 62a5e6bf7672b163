package schemas

// filterTables are the tables that the function filter writes, the same for every survey.
func filterTables() []Table {
	return []Table{
		{
			Name:        "evaluations",
			Description: "What the filters said of every archived alert: at least one row an alert.",
			Columns:     evaluations(),
			PartitionBy: "night",
			ClusterBy:   []string{"objectId"},
			PrimaryKey:  []string{"candid"},
		},
		{
			Name:        "filter_matches",
			Description: "Alerts that filters chose: at least one row an alert, a filter and its version.",
			Columns:     filterMatches(),
			PartitionBy: "night",
			ClusterBy:   []string{"filter", "objectId"},
			PrimaryKey:  []string{"candid", "filter", "version"},
		},
	}
}

// alertColumns name the alert that a row of the filters' tables is about, and the file that was read.
func alertColumns() []Column {
	return []Column{
		column("night", Date, "Night of the observation."),
		required(column("objectId", String, "The object, as the archive's path has it.")),
		required(column("candid", Integer, "The alert's number: ZTF's candid, LSST's diaSourceId.")),
		column("object", String, "Name of the file in the bucket of alerts."),
		column("generation", Integer, "Generation of that file."),
	}
}

func evaluations() []Column {
	return append(alertColumns(),
		required(column("evaluated_at", Timestamp, "When the filters ran.")),
		column("catalogue", String, "Digest of the filters that ran, by name and version."),
		column("filters", Integer, "How many filters ran."),
		repeated(column("matched", String, "Filters that chose the alert: name@version.")),
		repeated(column("notified", String, "Those whose notification of this alert is known to be with Pub/Sub.")),
		repeated(column("paused", String, "Names of filters that are paused: they did not run, or what they chose was held back.")),
		repeated(column("failed", Record, "Filters that came to no verdict, or whose notification Pub/Sub refuses.",
			column("filter", String, "Name of the filter."),
			column("reason", String, "Why."),
		)),
		column("replay", Boolean, "Whether the alert was sent again on purpose: to nobody, or to the filters that were named."),
	)
}

func filterMatches() []Column {
	return append(alertColumns(),
		required(column("filter", String, "Name of the filter.")),
		required(column("version", Integer, "Version of the filter.")),
		required(column("matched_at", Timestamp, "When the filter ran.")),
		column("observed_at", Timestamp, "When the observation was made, UTC."),
		column("ra", Float, "Right ascension, J2000 [deg]."),
		column("dec", Float, "Declination, J2000 [deg]."),
		column("position", Geography, "Where on the sky: longitude is right ascension, -180 to 180, latitude declination [deg]."),
		column("computed", String, "The filter's computed columns, a JSON object; a text of more than 1 kB is cut and ends in an ellipsis."),
		column("replay", Boolean, "Whether the alert was sent again on purpose."),
	)
}

func repeated(c Column) Column {
	c.Mode = Repeated
	return c
}
