package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

var (
	inBlock = regexp.MustCompile(`(?:^|[\s(])(?:bin/)?nightwire (.+)`)
	inText  = regexp.MustCompile("`(?:bin/)?nightwire ([^`]+)`")
)

// told is a command line that people are told to type.
type told struct {
	text  string // without the program
	whole bool   // it stands in a block, to be typed as it is; else it may leave arguments to the reader
}

// tells finds the command lines in a text of Markdown.
func tells(text string) (found []told) {
	fenced := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if fenced || strings.HasPrefix(line, "    ") {
			if m := inBlock.FindStringSubmatch(line); m != nil {
				found = append(found, told{m[1], true})
			}
			continue
		}
		for _, m := range inText.FindAllStringSubmatch(line, -1) {
			found = append(found, told{m[1], false})
		}
	}
	return found
}

// words are those of a command as a shell parts them, to the command's end.
func words(text string) (all []string) {
	var word strings.Builder
	var quote rune
	begun := false
	end := func() {
		if begun {
			all = append(all, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, r := range text {
		switch {
		case r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, begun = r, true
		case r == ' ':
			end()
		case strings.ContainsRune("|>;&)", r) || r == '#' && !begun:
			end()
			return all
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	end()
	return all
}

// grammar is the command line's, to which every file exists.
func grammar(t *testing.T) *kong.Kong {
	t.Helper()
	registry := kong.NewRegistry().RegisterDefaults()
	path := registry.ForNamedType("path", reflect.TypeFor[string]())
	registry.RegisterName("existingfile", path) // which path asks for each of several
	parser, err := kong.New(new(commands), append(options(t.Context(), t.Output()), kong.NamedMapper("existingfile", path))...)
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

// check says what is wrong with a command line. One in the text may end with a
// flag that has a value, and leave it out.
func (c told) check(t *testing.T) error {
	parser := grammar(t) // it remembers what it has parsed
	if c.whole {
		_, err := parser.Parse(words(c.text))
		return err
	}
	var traced *kong.Context
	var err error
	for _, value := range [][]string{nil, {"value"}} {
		if traced, err = kong.Trace(parser, append(words(c.text), value...)); err != nil {
			return err
		}
		if traced.Error == nil {
			break
		}
	}
	return traced.Error
}

// TestCommandsThatAreTold parses every command line that the documents, the
// runbooks of the alarms and the commands' own help tell people to type.
func TestCommandsThatAreTold(t *testing.T) {
	t.Parallel()
	sources := map[string][]told{}
	for _, pattern := range []string{"README.md", "docs/*.md", "functions/README.md", "connector/README.md", "infra/README.md", "infra/*/README.md", "infra/dashboards/prometheus-rules.yaml"} {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d files", pattern, err, len(files))
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(file) == ".yaml" { // its lines are indented, and no blocks
				text = []byte(strings.Join(strings.Fields(string(text)), " "))
			}
			sources[file] = tells(string(text))
		}
	}
	helped(grammar(t).Model.Node, sources)
	for _, name := range []string{"README.md", "infra/README.md", "docs/filters.md", "infra/dashboards/prometheus-rules.yaml"} {
		if len(sources[filepath.Join("..", "..", filepath.FromSlash(name))]) == 0 {
			t.Errorf("%s tells no command", name)
		}
	}
	for source, all := range sources {
		for _, c := range all {
			if err := c.check(t); err != nil {
				t.Errorf("%s tells people to type: nightwire %s\n%v", source, c.text, err)
			}
		}
	}
}

// helped finds the examples in the help of a command and of those in it.
func helped(node *kong.Node, sources map[string][]told) {
	for line := range strings.Lines(node.Detail) {
		if text, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "  nightwire "); ok {
			name := "help of " + node.FullPath()
			sources[name] = append(sources[name], told{text, true})
		}
	}
	for _, child := range node.Children {
		helped(child, sources)
	}
}

// TestStreamIsToldAlike has every command say in the same words what a stream is,
// and then which it takes where none is named.
func TestStreamIsToldAlike(t *testing.T) {
	t.Parallel()
	found := 0
	var look func(*kong.Node)
	look = func(node *kong.Node) {
		for _, flag := range node.Flags {
			if flag.Name != "stream" {
				continue
			}
			found++
			then, alike := strings.CutPrefix(flag.Help, "Which stream: ztf, ztf-partnership or lsst.")
			if !alike || flag.Default == "" && !strings.HasPrefix(then, " Default: ") {
				t.Errorf("%s --stream: %s", node.FullPath(), flag.Help)
			}
		}
		for _, child := range node.Children {
			look(child)
		}
	}
	look(grammar(t).Model.Node)
	if found < 15 {
		t.Errorf("%d commands have a stream", found)
	}
}

func TestTells(t *testing.T) {
	t.Parallel()
	text := "Ask `nightwire fit`, not `bin/nightwire-connector`:\n\n```sh project\nbin/nightwire down\n```\n\n" +
		"    $ bin/nightwire status\n    eval \"$(bin/nightwire env)\"    # a comment\n    bin/nightwire-connector --check\n"
	want := []told{{"fit", false}, {"down", true}, {"status", true}, {"env)\"    # a comment", true}}
	if diff := cmp.Diff(want, tells(text), cmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("commands (-want +found):\n%s", diff)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		text string
		want []string
	}{
		"plain":                    {"replay --night 2026-09-01", []string{"replay", "--night", "2026-09-01"}},
		"quoted":                   {`query "SELECT 'a' > b" x`, []string{"query", "SELECT 'a' > b", "x"}},
		"within a word":            {`--only 'band = "g"'s`, []string{"--only", `band = "g"s`}},
		"empty":                    {`--reason ""`, []string{"--reason", ""}},
		"a comment":                {"status  # of all", []string{"status"}},
		"into a file":              {"watch a > b.jsonl", []string{"watch", "a"}},
		"inside of another's word": {`env)" && more`, []string{"env"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, words(c.text)); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCommandsThatAreWrong has the check refuse.
func TestCommandsThatAreWrong(t *testing.T) {
	t.Parallel()
	for text, whole := range map[string]bool{"deadletter replay": false, "replay --nights 2026-09-01": false, "filter publish --project p --stream ztf": true, "fit --alerts": true, "filter diff a.yaml": true, "feed --kafka-servers": false} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if err := (told{text, whole}).check(t); err == nil {
				t.Error("no error")
			}
		})
	}
}
