package certificate

import (
	"fmt"
	"slices"
)

// Cause is why something is missing.
type Cause string

// The causes, in the order of an alert's way.
const (
	Expired    Cause = "expired"    // records that Kafka let go of before they were read
	Unread     Cause = "unread"     // records that Kafka has, and that are not yet read
	Unsent     Cause = "unsent"     // records that Kafka confirmed to the feeder, and that nobody knows
	Unrecorded Cause = "unrecorded" // records that were read, and of which the ledger says nothing
	Unledgered Cause = "unledgered" // files that no row of the ledger names
	NoFile     Cause = "no file"    // files that the ledger names and that are not there
	FileGone   Cause = "file gone"  // files that a row or an evaluation was made from and that are not there
	NoRow      Cause = "no row"     // files without a row
	Unjudged   Cause = "unjudged"   // files that the filters have not judged
)

// Causes lists them.
func Causes() []Cause {
	return []Cause{Expired, Unread, Unsent, Unrecorded, Unledgered, NoFile, FileGone, NoRow, Unjudged}
}

var meanings = map[Cause]string{
	Expired:    "records gone from Kafka before they were read",
	Unread:     "records in Kafka, not yet read",
	Unsent:     "records that were sent to Kafka, and that nobody knows",
	Unrecorded: "records read, without an outcome in the ledger",
	Unledgered: "files that no row of the ledger names",
	NoFile:     "files that the ledger names, and that are not there",
	FileGone:   "files that a row was made from, and that are not there",
	NoRow:      "files without a row",
	Unjudged:   "files that the filters have not judged",
}

// Meaning is the cause in words, in the plural.
func (c Cause) Meaning() string { return meanings[c] }

// MayPass says whether what is missing for this cause may come by itself or by
// sending notifications again.
func (c Cause) MayPass() bool {
	return slices.Contains([]Cause{Unread, Unrecorded, Unledgered, NoRow, Unjudged}, c)
}

// remedies are for a person, who reads them above the commands.
var remedies = map[Cause]string{
	Expired:    "Kafka has them no more. If the survey sends them again, or another cluster has them, this fetches them:",
	Unread:     "The connector has not read them: see that it runs. Then look again:",
	Unsent:     "Neither Kafka nor the ledger knows them: send them again with nightwire feed.",
	Unrecorded: "See the dead letters, and the errors of the function archive. This reads them from Kafka again:",
	Unledgered: "The function archive ended between file and ledger, and its message is to come again. Then look again:",
	NoFile: "Somebody has taken them out of the archive. A tarball of the night that was made before has them: nightwire replay sends it. " +
		"While Kafka has the night, this fetches them again:",
	FileGone: "Somebody has taken them out of the archive, and the ledger does not know which records they were. " +
		"A tarball of the night that was made before has them: nightwire replay sends it.",
	NoRow:    "Sent again in vain: see the dead letters, which name what the table refuses. Then look again:",
	Unjudged: "Sent again in vain: see the errors of the function filter. Then look again:",
}

// Remedy says what a person can do, in a sentence.
func (l Loss) Remedy() string { return remedies[l.Cause] }

// mostCommands bounds the commands that are shown for one cause.
const mostCommands = 20

// Commands repair a loss, as far as commands can: one a span of records, or one
// for the night. Of such records no reader of a filter has heard: they are to,
// and who has heard all the same is not told twice.
func (c *Certificate) Commands(l Loss) []string {
	switch l.Cause {
	case Expired, Unrecorded, NoFile:
		var commands []string
		for _, s := range l.Spans[:min(len(l.Spans), mostCommands)] {
			commands = append(commands, fmt.Sprintf("nightwire replay --kafka %s --partition %d --from %d --to %d --notify %s",
				s.Topic, s.Partition, s.First, s.Last+1, c.deployment()))
		}
		return commands
	case Unsent, FileGone:
		return nil
	}
	if c.Night == "" {
		return nil
	}
	return []string{fmt.Sprintf("nightwire dawn %s %s", c.Night, c.deployment())}
}

// deployment is the flags by which a command finds it.
func (c *Certificate) deployment() string {
	flags := "--stream " + c.Stream
	if c.Project != "" {
		flags += " --project " + c.Project
	}
	if c.Suffix != "" {
		flags += " --suffix " + c.Suffix
	}
	return flags
}
