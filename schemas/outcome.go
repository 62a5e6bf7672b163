package schemas

import (
	"fmt"
	"strings"
)

// Outcomes lists what may become of a Kafka record, the best first: a record that was tried more than once ended as the
// best that was said of it. The view records and the certificate of a night both go by this order.
func Outcomes() []string { return []string{"stored", "conflict", "duplicate", "rejected"} }

// byOutcome sorts rows of the ledger, the best first.
func byOutcome() string {
	var b strings.Builder
	b.WriteString("CASE outcome")
	for i, outcome := range Outcomes() {
		fmt.Fprintf(&b, " WHEN '%s' THEN %d", outcome, i+1)
	}
	fmt.Fprintf(&b, " ELSE %d END", len(Outcomes())+1)
	return b.String()
}
