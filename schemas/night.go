package schemas

// nightTable is the table that the function night writes, the same for every survey.
func nightTable() Table {
	return Table{
		Name:        "nights",
		Description: "What was found at dawn: a row for each certificate that closed a night, so the last row of a night holds.",
		Columns: []Column{
			required(column("night", Date, "The night.")),
			required(column("made_at", Timestamp, "When the certificate was made.")),
			required(column("state", String, "clean: nothing is missing; missing; or unproven: nobody told how far Kafka went, or too much is rejected.")),
			column("records", Integer, "Records that Kafka had of the night."),
			column("stored", Integer, "Records that became a file."),
			column("duplicates", Integer, "Records whose bytes were in the archive already."),
			column("conflicts", Integer, "Records with the identity of another and other bytes: both are kept."),
			column("rejected", Integer, "Records that are no alerts of the stream: kept as dead letters."),
			column("files", Integer, "Files of the night."),
			column("rows", Integer, "Files that have a row."),
			column("evaluated", Integer, "Files whose alert the filters have judged."),
			column("missing", Integer, "All that is missing: the sum over its causes."),
			repeated(column("causes", Record, "What is missing, by cause.",
				column("cause", String, "Why it is missing."),
				column("count", Integer, "How many."),
			)),
			repeated(column("doubts", String, "Why the night is unproven.")),
			column("sent", Integer, "Notifications that were sent again."),
			column("repaired", Integer, "How much less is missing than at the worst look."),
			column("latency", Record, "From Kafka's timestamp to the making of the row [s].",
				column("p50", Float, "Median [s]."),
				column("p90", Float, "90 % took no longer [s]."),
				column("p99", Float, "99 % took no longer [s]."),
				column("max", Float, "The longest [s]."),
			),
			column("certificate", String, "Name of the certificate in the bucket of products."),
		},
		PartitionBy: "night",
		PrimaryKey:  []string{"night"},
	}
}

// nightView is the view of that table.
func nightView() View {
	return View{
		Name:        "certificates",
		Description: "How each night was closed: one row a night, the last.",
		Query:       first("nights", []string{"night"}, "made_at DESC"),
	}
}
