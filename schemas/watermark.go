package schemas

// watermarkTable is what the connectors saw of Kafka, the same for every survey. An offset that ends a range is not
// part of it; first and last are offsets of records.
func watermarkTable() Table {
	return Table{
		Name: "watermarks",
		Description: "How far Kafka went and how far it was read, as the connectors reported: rows only accumulate, and " +
			"the least first and low and the greatest last, high and confirmed hold.",
		Columns: []Column{
			required(column("night", Date, "Night to which the topic's records belong; without a topic, that of the report.")),
			required(column("reported_at", Timestamp, "When the connector looked.")),
			required(column("connector", String, "The process that reported.")),
			column("drained", Boolean, "Whether it was the last report of a process that was told to end."),
			column("topic", String, "Topic; absent where there was none of the night, and the connector says that it is alive."),
			column("partition", Integer, "Partition of the topic; absent where the connector had none of it, and says that it is there."),
			column("partitions", Integer, "How many partitions the topic has, as Kafka lists it."),
			column("first", Integer, "Offset of the first record of the night that the process read; absent where it read none."),
			column("last", Integer, "Offset of the last."),
			column("low", Integer, "First offset that Kafka had when the process first looked."),
			column("high", Integer, "Offset that Kafka would give the next record."),
			column("confirmed", Integer, "Every offset before it is in Pub/Sub, or was reported as a gap."),
			repeated(column("gaps", Record, "Offsets that Kafka no longer had when they were to be read.",
				column("from", Integer, "First offset of the gap."),
				column("to", Integer, "First offset behind it."),
				column("reason", String, "gap: they have expired; rewound: the log was made again, and ends before them."),
			)),
			repeated(column("awaiting", String, "Topics that are wanted and not there yet.")),
		},
		PartitionBy: "night",
		ClusterBy:   []string{"topic", "partition"},
		PrimaryKey:  []string{"connector", "reported_at", "night", "topic", "partition"},
	}
}
