package offsets

// Gap is a range of a partition's offsets that Kafka does not have when they
// are to be read; To is not included.
type Gap struct {
	From, To int64
	Reason   string
}

// Why a range of offsets cannot be read.
const (
	// ReasonExpired: the log starts after the offset that we were to read next.
	ReasonExpired = "gap"
	// ReasonRewound: the log ends before that offset, as after a topic was
	// deleted and made again. It is then read from its start.
	ReasonRewound = "rewound"
)
