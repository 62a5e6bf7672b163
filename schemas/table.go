package schemas

// Table is what BigQuery has to be told to make a table.
type Table struct {
	Name        string
	Description string
	Columns     []Column
	PartitionBy string   // a DATE column
	ClusterBy   []string // at most four columns, top level, not repeated

	// PrimaryKey names the values, by dotted path, that tell one thing from another: alerts, or Kafka records. A row
	// may come twice, so the key must not be declared to BigQuery, whose optimiser would believe it; Views keep one.
	PrimaryKey []string
}

// Tables returns the tables of a survey's streams: the alerts, what became of each Kafka record, what was seen of
// Kafka, what the filters said
// of each alert, and the fits of its light curve.
//
// alerts_stream of ZTF is clustered by objectId. LSST's diaObjectId lies inside diaSource, where BigQuery cannot
// cluster; there position comes first, which gathers the alerts of one object as well and lets cone searches skip
// what is far away, and then diaSourceId.
func Tables(survey string) []Table {
	alerts := Table{
		Name:        "alerts_stream",
		Description: "Alerts as the survey sent them, without cutouts: at least one row an alert.",
		Columns:     AlertsStream(survey),
		PartitionBy: "night",
	}
	switch survey {
	case ZTF:
		alerts.ClusterBy = []string{"objectId"}
		alerts.PrimaryKey = []string{"candid"}
	case LSST:
		alerts.ClusterBy = []string{"position", "diaSourceId"}
		alerts.PrimaryKey = []string{"diaSource.diaSourceId"}
	default:
		return nil
	}
	ledger := Table{
		Name:        "ledger",
		Description: "What became of every Kafka record: at least one row a record.",
		Columns:     Ledger(),
		PartitionBy: "night",
		ClusterBy:   []string{"outcome"},
		PrimaryKey:  []string{"kafka.topic", "kafka.partition", "kafka.offset"},
	}
	tables := append([]Table{alerts, ledger, watermarkTable()}, filterTables()...)
	return append(append(tables, supernovaTables()...), nightTable())
}

// Cutouts lists the fields that hold images, under the same names in both surveys. The tables leave them out: the
// archive keeps them, and stamps are files.
func Cutouts() []string {
	return []string{"cutoutScience", "cutoutTemplate", "cutoutDifference"}
}

// AlertsStream returns the columns of a survey's alerts_stream: what any embedded version of its schema has, without
// cutouts, and what Nightwire adds. It is nil for a survey that we do not know.
func AlertsStream(survey string) []Column {
	columns, ok := library().streams[survey]
	if !ok {
		return nil
	}
	return append(cloneColumns(columns), additions()...)
}

// Ledger returns the columns of the ledger, the same for every survey.
func Ledger() []Column {
	return []Column{
		required(column("outcome", String, "What became of the record: stored, duplicate, conflict or rejected.")),
		column("reason", String, "Why the record was rejected, or what it conflicts with."),
		column("objectId", String, "The object, as the archive's path has it; absent if the record is unreadable."),
		column("candid", Integer, "The alert's number: ZTF's candid, LSST's diaSourceId."),
		column("object", String, "Name of the file in the bucket of alerts."),
		column("generation", Integer, "Generation of that file."),
		column("night", Date, "Night of the observation."),
		kafka(),
		column("sha256", String, "SHA-256 of the record's bytes as sent, in hexadecimal."),
		column("bytes", Integer, "Length of the record as sent [byte]."),
		required(column("recorded_at", Timestamp, "When this row was written.")),
	}
}

// additions are the columns that Nightwire adds to the survey's.
func additions() []Column {
	return []Column{
		column("night", Date, "Night of the observation."),
		column("observed_at", Timestamp, "When the observation was made, UTC."),
		column("position", Geography, "Where on the sky: longitude is right ascension, -180 to 180, latitude declination [deg]."),
		column("nightwire", Record, "How the alert came here.",
			column("object", String, "Name of the file in the bucket of alerts."),
			column("generation", Integer, "Generation of that file."),
			kafka(),
			column("archived_at", Timestamp, "When the file was written."),
			column("ingested_at", Timestamp, "When this row was made."),
			column("schema", String, "Version of the survey's schema."),
			column("sha256", String, "SHA-256 of the record's bytes as sent, in hexadecimal."),
		),
	}
}

// kafka is a record's coordinates in the survey's Kafka.
func kafka() Column {
	return column("kafka", Record, "Where the record stood in the survey's Kafka.",
		column("topic", String, "Topic."),
		column("partition", Integer, "Partition of the topic."),
		column("offset", Integer, "Offset in the partition."),
		column("timestamp", Timestamp, "When Kafka took the record."),
	)
}

func column(name, typ, description string, fields ...Column) Column {
	return Column{Name: name, Type: typ, Mode: Nullable, Description: description, Fields: fields}
}

func required(c Column) Column {
	c.Mode = Required
	return c
}
