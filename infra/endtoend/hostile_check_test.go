package endtoend

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"nightwire.dev/infra/local/stack"
	"nightwire.dev/shared/event"
)

// checkFiles looks for what the archive must have, byte by byte.
func checkFiles(t *testing.T, h *hostile, files haystack) {
	t.Helper()
	held := func(content []byte) (n int) {
		for _, file := range files {
			if bytes.Equal(file, content) {
				n++
			}
		}
		return n
	}
	for what, content := range map[string][]byte{
		"the alert": h.good, "the other of its candid": h.conflict, "the packet with the large stamp": h.large,
	} {
		if n := held(content); n != 1 {
			t.Errorf("%s, %d bytes, is kept %d times as it was sent, want once", what, len(content), n)
		}
	}
	t.Logf("two alerts of one candid are kept, %d and %d bytes, and the packet of %d bytes whole", len(h.good), len(h.conflict), len(h.large))
}

// checkPrivate searches all outputs for the private alert. That the search can
// find an alert, a public one shows.
func checkPrivate(t *testing.T, h *hostile, e stack.Endpoints, places map[string]haystack, heard taps) {
	t.Helper()
	searched := map[string]int{}
	shown := map[string]int{}
	for place, things := range places {
		for name, content := range things {
			if topic, _, _ := strings.Cut(name, " message"); place == "topics" && (topic == e.Resources().RawTopic() || topic == e.Resources().DeadLetterTopic()) {
				continue // what came in as it came, and where the private alert belongs
			}
			searched[place]++
			if h.public.in(content) {
				shown[place]++
			}
			if h.secret.in(content) {
				t.Errorf("the private alert is in %s: %s", place, name)
			}
		}
	}
	for _, place := range []string{"buckets", "tables", "topics", "logs"} {
		if shown[place] == 0 {
			t.Errorf("of %d things in %s none is of the public alert: the search is blind", searched[place], place)
		}
	}
	letters := 0
	for _, letter := range heard[e.Resources().DeadLetterTopic()] {
		if bytes.Equal(letter.GetData(), h.private) && strings.Contains(letter.GetAttributes()[event.AttributeReason], "programid 3") {
			letters++
		}
	}
	if letters == 0 {
		t.Error("no dead letter has the private alert's bytes")
	}
	alarms := 0
	for line := range bytes.Lines(places["logs"]["functions.log"]) {
		var said struct {
			Alarm    bool
			Message  string
			Severity string
			Topic    string
			Offset   *int64
		}
		if json.Unmarshal(line, &said) == nil && said.Alarm && said.Message == "private alert on a public stream" {
			alarms++
			if said.Severity != "ERROR" || said.Topic == "" || said.Offset == nil {
				t.Errorf("the alarm does not say where in Kafka the alert is: %s", line)
			}
		}
	}
	if alarms == 0 {
		t.Error("there is no alarm in the log")
	}
	t.Logf("the private alert is in 0 of %v; dead letters with its bytes: %d, alarms in the log: %d", searched, letters, alarms)
}

// digests are those of the files of alerts.
func digests(files haystack) map[string]string {
	all := map[string]string{}
	for name, content := range files {
		if strings.Contains(name, "-alerts/") {
			all[name] = digest(content)
		}
	}
	return all
}
