// Package conformance runs the suite of one service: a table of cases, each of
// which names a behaviour that the service documents and checks it with the
// official client.
//
// What enters is the table, and a function that prepares a fresh subject, the
// client and resources of one case. The suites of infra/local/pubsub, storage,
// bigquery and kafka call it. They run on the local server; with credentials
// and CONFORMANCE_PROJECT=my-project in the environment they run on Google's
// services, and with CONFORMANCE_KAFKA=broker:9092 on a real Kafka. Resources
// made there have random names and are deleted when their case ends.
//
// What needs the inside of a server (its files, its death) is no conformance and
// is tested beside the suite.
package conformance

import (
	"crypto/rand"
	"strings"
	"testing"
)

// Case is one documented behaviour.
type Case[S any] struct {
	Name  string // what is asked
	Says  string // what the service documents
	Local string // why only the local server is asked; empty if all are
	Check func(t *testing.T, subject S)
}

// Run runs the cases in parallel, each on a subject of its own. Remote is the
// project or the broker that is asked instead of the local server; empty, the
// local one is. Start gets it too.
func Run[S any](t *testing.T, remote string, start func(t *testing.T, remote string) S, cases []Case[S]) {
	t.Helper()
	seen := make(map[string]bool)
	for _, c := range cases {
		if seen[c.Name] || c.Says == "" {
			t.Errorf("case %q: want a name of its own, and what the service documents", c.Name)
		}
		seen[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if remote != "" && c.Local != "" {
				t.Skipf("not asked of %s: %s", remote, c.Local)
			}
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("documented: %s", c.Says)
				}
			})
			c.Check(t, start(t, remote))
		})
	}
}

// Suffix is for the names of resources: random, of lower-case letters and
// digits, and short enough for every service.
func Suffix() string {
	return strings.ToLower(rand.Text()[:12])
}
