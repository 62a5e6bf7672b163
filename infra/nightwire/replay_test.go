package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"nightwire.dev/infra/deadletter"
)

// TestReplayRefuses has what cannot be meant answered in one sentence, before
// anything is connected to.
func TestReplayRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"nothing":                     {nil, "say which alerts"},
		"a tarball and a night":       {[]string{"night.tar.gz", "--night", "2026-09-01"}, "goes with no flag"},
		"Kafka and candids":           {[]string{"--kafka", "t", "--candid", "1"}, "give one"},
		"offsets of no topic":         {[]string{"--from", "1", "--night", "2026-09-01"}, "name it with --kafka"},
		"no stack":                    {[]string{"--night", "2026-09-01"}, "no stack runs here"},
		"a suffix without a project":  {[]string{"--night", "2026-09-01", "--suffix", "t"}, "name the project"},
		"a project without a stream":  {[]string{"--night", "2026-09-01", "--project", "p"}, "say which stream"},
		"a partition that is no part": {[]string{"--kafka", "t", "--partition", "x"}, "--partition"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := line(t, append([]string{"replay", "--dir", t.TempDir()}, c.arguments...)...)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is %v, want it to say %q; printed:\n%s", err, c.want, out)
			}
		})
	}
}

// TestReplayOfNothing says in one sentence that there is nothing, and shows no
// plan of it.
func TestReplayOfNothing(t *testing.T) {
	serveProject(t)
	for arguments, want := range map[string]string{
		"--night 2027-01-01":              "there is nothing to send from the archive of ztf: night 2027-01-01",
		"--object ZTF18none --dry-run":    "there is nothing to send from the archive of ztf: object ZTF18none",
		"--cone 150,2,5 --candid 1 --yes": "there is nothing to send from the archive of ztf: candid 1, within 5 arcsec of 150, 2",
	} {
		out, err := line(t, append([]string{"replay", "--project", testResources.Project, "--stream", "ztf"}, strings.Fields(arguments)...)...)
		if err == nil || !strings.HasPrefix(err.Error(), want) || out != "" {
			t.Errorf("%s: error is %v, want %q; printed:\n%s", arguments, err, want, out)
		}
	}
}

// TestReplayAsks sends a large number only to whoever said that it is meant.
func TestReplayAsks(t *testing.T) {
	t.Parallel()
	nowhere, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nowhere.Close() })
	cases := map[string]struct {
		count   int
		yes     bool
		refused bool
	}{
		"few":                    {many, false, false},
		"many":                   {many + 1, false, true},
		"many, which were meant": {many + 1, true, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := (&replayCommand{Yes: c.yes}).confirm(t.Context(), c.count, nowhere, os.Stderr)
			if (err != nil) != c.refused || c.refused && !strings.Contains(err.Error(), "give --yes") {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestDeadletterRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"no stack":        {[]string{"list"}, "no stack runs here"},
		"since yesterday": {[]string{"list", "--since", "yesterday"}, "want a time ago as in 2h"},
		"no rows":         {[]string{"list", "--rows=-1"}, "want 1 or more, and 0 or more"},
		"no letter":       {[]string{"show"}, "<id>"},
		"no folder":       {[]string{"export"}, "<dir>"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := line(t, append([]string{"deadletter"}, append(c.arguments, "--dir", t.TempDir())...)...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
}

// TestDeadletterList shows groups first, then the letters, and says what is not
// shown.
func TestDeadletterList(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 3, 0, 0, 0, time.UTC)
	list := &deadletter.Listing{Walked: deadletter.Walked{Seen: 9, Newer: 2}, Full: true}
	for i, reason := range []string{"decode: byte 17", "decode: byte 18", "programid 3"} {
		list.Letters = append(list.Letters, &deadletter.Letter{
			ID: "10" + string(rune('0'+i)), At: now.Add(-time.Duration(i) * time.Hour), Function: "archive", Reason: reason, Bytes: 10,
			Attributes: map[string]string{"kafka.topic": "t", "kafka.partition": "0", "kafka.offset": "5"},
		})
	}
	var out strings.Builder
	if err := (&deadletterList{Rows: 2}).print(&out, list, now); err != nil {
		t.Fatal(err)
	}
	const want = `3 of 9 letters, and there may be more: --limit takes more in

count  function  oldest  newest  bytes  reason
2      archive   1h      0s      20     decode: byte …
1      archive   2h      2h      10     programid 3

letter  age  function  from   bytes  reason
100     0s   archive   t/0@5  10     decode: byte 17
101     1h   archive   t/0@5  10     decode: byte 18
... and 1 more: --rows shows them
2 letters came meanwhile, and are left as they are
`
	if got := out.String(); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}
