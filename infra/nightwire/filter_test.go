package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"nightwire.dev/infra/source"
	"nightwire.dev/shared/names"
)

// line runs a command line, and returns what it answered.
func line(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	parser, err := kong.New(new(commands), options(t.Context(), &out)...)
	if err != nil {
		t.Fatal(err)
	}
	command, err := parser.Parse(arguments)
	if err != nil {
		return "", err
	}
	err = command.Run()
	return out.String(), err
}

// says checks that an answer has these in it.
func says(t *testing.T, answer string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(answer, w) {
			t.Errorf("%q is not in the answer:\n%s", w, answer)
		}
	}
}

const youngFilter = `name: young
version: %d
owner: ada
description: New, and near a galaxy.
streams: [ztf]
where: is_positive() && age < %d.0 && counterpart() == 'galaxy'
columns:
  age: age_days()
max_matches_an_hour: 100
`

// save writes a file into a folder of its own.
func save(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func saveYoung(t *testing.T, version, age int) string {
	t.Helper()
	return save(t, "young.yaml", fmt.Sprintf(youngFilter, version, age))
}

func TestFilterCheck(t *testing.T) {
	t.Parallel()
	good := saveYoung(t, 1, 3)
	out, err := line(t, "filter", "check", good)
	if err != nil {
		t.Fatal(err)
	}
	says(t, out, good+" is right", "young@1 of ada; streams ztf\n", "ztf-young", "age double", "of 100000", "100 matches an hour")
	bad := save(t, "bad.yaml", strings.ReplaceAll(fmt.Sprintf(youngFilter, 1, 3), "age_days()", "age_dais()"))
	out, err = line(t, "filter", "check", bad, good)
	if err == nil || !strings.Contains(err.Error(), "1 of 2 files are wrong") {
		t.Errorf("error is %v", err)
	}
	says(t, out, bad+":8:", "did you mean age_days()?", good+" is right")
}

func TestFilterLanguage(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		arguments []string
		want      []string
	}{
		"all functions":  {[]string{"functions"}, []string{"A comparison", "comparison with it is false", "sep_arcsec(ra1 double", "near_known("}},
		"one function":   {[]string{"functions", "RISE_RATE"}, []string{"rise_rate(band string, days double) double", "[mag/d]", "Example: rise_rate("}},
		"fields":         {[]string{"fields", "deep network"}, []string{"candidate.drb", "double"}},
		"fields of LSST": {[]string{"fields", "--stream", "lsst", "psffluxerr"}, []string{"prvDiaSources[].psfFluxErr", "[nJy]"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := line(t, append([]string{"filter"}, c.arguments...)...)
			if err != nil {
				t.Fatal(err)
			}
			says(t, strings.ReplaceAll(out, "Arithmetic\nwith it is missing; a", "A"), c.want...)
		})
	}
}

func TestFilterTest(t *testing.T) {
	t.Parallel()
	young := saveYoung(t, 1, 3)
	out, err := line(t, "filter", "test", young, "--synthetic", "60", "--alerts-a-night", "120")
	if err != nil {
		t.Fatal(err)
	}
	says(t, out, "young@1 on a synthetic night of 2026-09-01", "of 60 alerts", "if it has 120 alerts", "truth")

	// The same alerts as a folder, and as the archive of a stack that does not
	// run.
	dir := t.TempDir()
	night := filepath.Join(dir, "storage", "nightwire-local-ztf-alerts", "objects", "v4.02", "night=2026-09-01", "ZTF26a")
	if err := os.MkdirAll(night, 0o700); err != nil {
		t.Fatal(err)
	}
	from, err := source.Synthetic(1, syntheticNight, 60)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for packet, err := range from.Packets {
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(night, fmt.Sprintf("%d.avro", n)), packet.Bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		n++
	}
	matches := out[strings.Index(out, "matches"):strings.Index(out, "in a night")]
	out, err = line(t, "filter", "test", young, "--alerts", dir, "--stream", "ztf")
	if err != nil {
		t.Fatal(err)
	}
	says(t, out, matches, "young@1 on "+dir, "if it has 100000 alerts")
	out, err = line(t, "filter", "test", young, "--night", "2026-09-01", "--dir", dir)
	if err != nil {
		t.Fatal(err)
	}
	says(t, out, matches, "on the night of 2026-09-01")
	if strings.Contains(out, "in a night") {
		t.Errorf("a whole night is extrapolated:\n%s", out)
	}
}

func TestFilterDiff(t *testing.T) {
	t.Parallel()
	out, err := line(t, "filter", "diff", saveYoung(t, 1, 3), saveYoung(t, 2, 300), "--synthetic", "60")
	if err != nil {
		t.Fatal(err)
	}
	says(t, out, "A = young@1 and B = young@2", "only A      0  0.0 %", "only B:")
}

// TestFilterRefuses checks that what cannot work says so, and what to do.
func TestFilterRefuses(t *testing.T) {
	t.Parallel()
	young, empty := saveYoung(t, 1, 3), t.TempDir()
	bad := save(t, "bad.yaml", "name: bad\n")
	lsst := save(t, "lsst.yaml", strings.ReplaceAll(fmt.Sprintf(youngFilter, 1, 3), "[ztf]", "[lsst]"))
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"no alerts named":       {[]string{"test", young}, "say on which alerts"},
		"alerts twice":          {[]string{"test", young, "--alerts", empty, "--night", "2026-09-01"}, "can't be used together"},
		"a folder without":      {[]string{"test", young, "--alerts", empty}, "holds no .avro file"},
		"no date":               {[]string{"test", young, "--night", "tomorrow", "--dir", empty}, "want YYYY-MM-DD"},
		"no night":              {[]string{"test", young, "--night", "2026-09-01", "--dir", empty}, "there are no alerts of it"},
		"fewer than none":       {[]string{"test", young, "--synthetic", "5", "--examples=-1"}, "want 0 or more"},
		"a wrong filter":        {[]string{"test", bad, "--synthetic", "5"}, "bad.yaml: version is missing"},
		"not of the stream":     {[]string{"test", young, "--synthetic", "5", "--stream", "lsst"}, "not every filter is of stream lsst"},
		"no synthetic LSST":     {[]string{"test", lsst, "--synthetic", "5"}, "there are synthetic nights of ztf only"},
		"nothing in common":     {[]string{"diff", young, lsst, "--synthetic", "5"}, "no stream in common"},
		"a wrong other filter":  {[]string{"diff", young, bad, "--synthetic", "5"}, "bad.yaml: version is missing"},
		"no function":           {[]string{"functions", "rise"}, "there is no function rise"},
		"no field":              {[]string{"fields", "xyzzy"}, `no field of ztf speaks of "xyzzy"`},
		"publish to no stack":   {[]string{"publish", young, "--dir", empty}, "no stack runs here: start one with nightwire up --dir " + empty},
		"publish a wrong one":   {[]string{"publish", bad, "--dir", empty}, "bad.yaml: version is missing"},
		"list of no stack":      {[]string{"list", "--dir", empty}, "no stack runs here"},
		"a suffix of no stack":  {[]string{"list", "--dir", empty, "--suffix", "a"}, "name the project"},
		"a project, no stream":  {[]string{"list", "--project", "p"}, "say which stream"},
		"a project, odd suffix": {[]string{"list", "--project", "p", "--stream", "ztf", "--suffix", "A"}, `suffix "A"`},
		"pause without reason":  {[]string{"pause", "young", "--dir", empty}, "--reason"},
		"resume since when":     {[]string{"resume", "young", "--since", "June", "--dir", empty}, "want YYYY-MM-DD"},
		"watch no stack":        {[]string{"watch", "young", "--dir", empty}, "no stack runs here"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := line(t, append([]string{"filter"}, c.arguments...)...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q in it; it answered\n%s", err, c.want, out)
			}
		})
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	if got, want := wrap("one two  three\nfour", 8), "one two\nthree\nfour"; got != want {
		t.Errorf("wrapped is %q, want %q", got, want)
	}
	if got := wrap("immeasurable", 4); got != "immeasurable" {
		t.Errorf("wrapped is %q", got)
	}
}

// TestAgain has the flags that other commands are told to be given.
func TestAgain(t *testing.T) {
	t.Parallel()
	usual, err := filepath.Abs(usualDir)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		at   deployment
		want string
	}{
		"the usual folder":  {deployment{state: state{Dir: usual}}, ""},
		"another":           {deployment{state: state{Dir: "/data/night"}}, " --dir /data/night"},
		"one with spaces":   {deployment{state: state{Dir: "/my data/ada's"}}, ` --dir '/my data/ada'\''s'`},
		"a project":         {deployment{state: state{Dir: "/data"}, Project: "p", Stream: names.LSST}, " --project p --stream lsst"},
		"a test deployment": {deployment{Project: "p", Stream: names.ZTF, Suffix: "t1"}, " --project p --stream ztf --suffix t1"},
	}
	for name, c := range cases {
		if got := c.at.again(); got != c.want {
			t.Errorf("%s: flags are %q, want %q", name, got, c.want)
		}
	}
}

var testResources = names.Resources{Project: "nightwire-local", Stream: names.ZTF}

// TestFilterDeployment takes a filter through its life in a project, which is
// here the local servers.
func TestFilterDeployment(t *testing.T) {
	serveProject(t)
	project := []string{"--project", testResources.Project, "--stream", "ztf"}
	run := func(arguments ...string) (string, error) {
		return line(t, append(append([]string{"filter"}, arguments...), project...)...)
	}
	steps := []struct {
		name      string
		arguments []string
		want      []string // in the answer, or in the error
		fails     bool
	}{
		{name: "empty", arguments: []string{"list"}, want: []string{"no filter is published on ztf"}},
		{name: "publish", arguments: []string{"publish", saveYoung(t, 1, 3)}, want: []string{"young@1 is published on ztf\n", "topics/ztf-young, made now", "filter watch young --project nightwire-local --stream ztf\n", "query --project nightwire-local --stream ztf \"SELECT"}},
		{name: "the same number", arguments: []string{"publish", saveYoung(t, 1, 4)}, want: []string{"raise the version to 2"}, fails: true},
		{name: "raised", arguments: []string{"publish", saveYoung(t, 2, 4)}, want: []string{"in place of version 1", "there already"}},
		{name: "again", arguments: []string{"publish", saveYoung(t, 2, 4)}, want: []string{"published on ztf already"}},
		{name: "list", arguments: []string{"list"}, want: []string{"young", "ada", "enabled"}},
		{name: "pause", arguments: []string{"pause", "young", "--reason", "the references change"}, want: []string{"filter resume young --backfill --project nightwire-local --stream ztf\n"}},
		{name: "list of paused", arguments: []string{"list"}, want: []string{"young is paused since", "the references change"}},
		{name: "publish while paused", arguments: []string{"publish", saveYoung(t, 3, 4)}, want: []string{"It is paused since", "filter resume young --project nightwire-local --stream ztf\n"}},
		{name: "pause of nothing", arguments: []string{"pause", "old", "--reason", "x"}, want: []string{"no filter old is published here"}, fails: true},
		{name: "resume", arguments: []string{"resume", "young"}, want: []string{"runs again within seconds", "it has missed no alerts"}},
		{name: "resume again", arguments: []string{"resume", "young", "--backfill"}, want: []string{"young was not paused", "it has missed no alerts"}},
	}
	for _, s := range steps {
		out, err := run(s.arguments...)
		if (err != nil) != s.fails {
			t.Fatalf("%s: %v\n%s", s.name, err, out)
		}
		if err != nil {
			out = err.Error()
		}
		says(t, out, s.want...)
	}
	missAlert(t)
	out, err := run("resume", "young")
	if err != nil {
		t.Fatal(err)
	}
	says(t, out, "it has missed 1 alerts; to send it these:")
	if out, err = run("resume", "young", "--backfill"); err != nil {
		t.Fatal(err)
	}
	says(t, out, "it has missed 1 alerts, which are sent", "all are sent")
	testProjectNight(t, run)
}

// testProjectNight tries a filter on a night of the project's archive.
func testProjectNight(t *testing.T, run func(...string) (string, error)) {
	t.Helper()
	out, err := run("test", saveYoung(t, 1, 3), "--night", "2026-09-01")
	if err != nil {
		t.Fatal(err)
	}
	says(t, out, "of 1 alerts", "on the night of 2026-09-01")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := &filterWatch{deployment: deployment{Project: testResources.Project, Stream: names.ZTF}, Name: "young"}
	if err := w.Run(ctx, new(bytes.Buffer)); err == nil {
		t.Error("watching goes on though it was interrupted")
	}
}
