package names

// The attributes by which messages say which archived file they are about, and
// how they came.
const (
	AttributeBucket     = "nightwire.bucket"
	AttributeObject     = "nightwire.object"
	AttributeGeneration = "nightwire.generation"

	// AttributeReplay is "true" where the alert is no news.
	AttributeReplay = "nightwire.replay"

	// AttributeNotify is on a notification that somebody sends again, and names
	// the filters whose matches are to be notified all the same: "*", or names
	// with commas between.
	AttributeNotify = "nightwire.notify"

	// NotifyAll is its value for all filters.
	NotifyAll = "*"

	// AttributeNotice is on a message of a filter's topic that is no match, and
	// says what it is: "paused".
	AttributeNotice = "nightwire.notice"
)
