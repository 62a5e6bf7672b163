package watermark

import (
	"regexp"
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/names"
)

var digits = regexp.MustCompile(`[0-9]+`)

// TopicNight is the night of all records of a topic that has a date in its name,
// as ZTF's have (ztf_20260901_programid1). A night that goes on past midnight
// UTC, and a record that comes a day late, stay the topic's.
func TopicNight(topic string) (night string, ok bool) {
	for _, number := range digits.FindAllString(topic, -1) {
		if date, err := time.Parse("20060102", number); err == nil {
			return date.Format(time.DateOnly), true
		}
	}
	return "", false
}

// RecordNight is the night of a record in a topic that has none of its own, as
// LSST's: the date at the telescope, from noon to noon, UTC - 12 h, of the moment
// at which Kafka took the record.
func RecordNight(at time.Time) string {
	return at.UTC().Add(-12 * time.Hour).Format(time.DateOnly)
}

// Present is the night that it is for the stream's survey: ZTF counts by the
// date in UTC, within which a night at Palomar lies as a whole.
func Present(stream names.Stream, at time.Time) string {
	if stream.Survey() == schemas.LSST {
		return RecordNight(at)
	}
	return at.UTC().Format(time.DateOnly)
}
