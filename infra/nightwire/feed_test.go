package main

import (
	"strings"
	"testing"
)

// TestFeedRefuses says what is wrong before anything is sent.
func TestFeedRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"a topic of no Kafka": {[]string{"--topic", "bad topic"}, `--topic: topic "bad topic": Kafka wants letters`},
		"two rhythms":         {[]string{"--rate", "1", "--visit", "1"}, "give one"},
		"backwards":           {[]string{"--rate=-1"}, "want alerts a second"},
		"never":               {[]string{"--repeat", "0"}, "want 1 or more"},
		"no stack":            {[]string{"--topic", "ztf_20260901_programid1"}, "start one with nightwire up --dir " + dir},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := line(t, append([]string{"feed", "--dir", dir}, c.arguments...)...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
}
