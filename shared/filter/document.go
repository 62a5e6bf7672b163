package filter

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// document is a filter's file as it is written, with the places of what is in
// it.
type document struct {
	file                            string
	name, owner, description, topic entry
	version, most                   entry
	enabled                         entry
	streams                         entry
	where                           entry
	columns                         []entry
}

// entry is one value of the file.
type entry struct {
	key          string
	line, column int  // where the value begins, from 1
	block        bool // the text stands on lines of its own, as in the file
	text         string
	number       int
	truth        bool
	list         []entry
}

// maxFile bounds a file: filters are read by people.
const maxFile = 16 << 10

// maxNesting bounds brackets within brackets, of which the YAML library takes
// ever longer to read.
const maxNesting = 64

// deepest counts brackets within brackets, wherever they stand.
func deepest(content []byte) int {
	depth, most := 0, 0
	for _, c := range content {
		switch c {
		case '[', '{', '(':
			depth++
			most = max(most, depth)
		case ']', '}', ')':
			depth = max(depth-1, 0)
		}
	}
	return most
}

// syntaxError is what the YAML library says of what is no YAML.
type syntaxError interface {
	error
	GetMessage() string
}

// readDocument reads the YAML. Unknown and repeated keys are faults, since a
// misspelt one would go unnoticed.
func readDocument(file string, content []byte) (*document, Faults) {
	d := &document{file: file, enabled: entry{truth: true}}
	if len(content) > maxFile {
		return nil, Faults{{File: file, Reason: fmt.Sprintf("%d bytes: a filter has %d at most", len(content), maxFile)}}
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if deepest(content) > maxNesting {
		return nil, Faults{{File: file, Reason: fmt.Sprintf("brackets within brackets: %d at most", maxNesting)}}
	}
	parsed, err := parser.ParseBytes(content, 0)
	if err != nil {
		return nil, Faults{syntaxFault(file, err)}
	}
	if len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		return nil, Faults{{File: file, Reason: "want one YAML document"}}
	}
	var pairs []*ast.MappingValueNode
	switch body := parsed.Docs[0].Body.(type) {
	case *ast.MappingNode:
		pairs = body.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{body}
	default:
		return nil, Faults{{File: file, Line: 1, Column: 1, Reason: "want keys and values: name, where and so on"}}
	}
	lines := strings.Split(string(content), "\n")
	var faults Faults
	seen := map[string]bool{}
	for _, pair := range pairs {
		if err := d.take(pair, lines); err != nil {
			at := pair.Key.GetToken().Position
			faults = append(faults, Fault{file, at.Line, at.Column, err.Error()})
		}
		seen[keyOf(pair)] = true
	}
	for _, key := range []string{"name", "version", "owner", "description", "streams", "where"} {
		if !seen[key] {
			faults = append(faults, Fault{File: file, Reason: key + " is missing"})
		}
	}
	return d, faults
}

func syntaxFault(file string, err error) Fault {
	fault := Fault{File: file, Reason: err.Error()}
	var syntax syntaxError
	if errors.As(err, &syntax) {
		fault.Reason = syntax.GetMessage()
	}
	var positioned *yaml.SyntaxError
	if errors.As(err, &positioned) && positioned.Token != nil {
		fault.Line, fault.Column = positioned.Token.Position.Line, positioned.Token.Position.Column
	}
	return fault
}

// take reads one key and its value.
func (d *document) take(pair *ast.MappingValueNode, lines []string) error {
	key := keyOf(pair)
	texts := map[string]*entry{
		"name": &d.name, "owner": &d.owner, "description": &d.description, "topic": &d.topic, "where": &d.where,
	}
	numbers := map[string]*entry{"version": &d.version, "max_matches_an_hour": &d.most}
	read := newEntry(key, pair.Value, lines)
	switch {
	case texts[key] != nil:
		*texts[key] = read
		return read.wantText()
	case numbers[key] != nil:
		if err := yaml.NodeToValue(pair.Value, &read.number); err != nil {
			return fmt.Errorf("%s: want a whole number", key)
		}
		*numbers[key] = read
	case key == "enabled":
		if err := yaml.NodeToValue(pair.Value, &read.truth); err != nil {
			return errors.New("enabled: want true or false")
		}
		d.enabled = read
	case key == "streams":
		return d.takeStreams(pair.Value, lines)
	case key == "columns":
		return d.takeColumns(pair.Value, lines)
	default:
		return fmt.Errorf("a filter has no %s; it has %s", key, strings.Join(keys, ", "))
	}
	return nil
}

// keyOf is a pair's key, without quotes.
func keyOf(pair *ast.MappingValueNode) string { return pair.Key.GetToken().Value }

// keys are all that a filter's file may have.
var keys = []string{"name", "version", "owner", "description", "streams", "where", "columns", "max_matches_an_hour", "topic", "enabled"}

func (d *document) takeStreams(value ast.Node, lines []string) error {
	sequence, ok := value.(*ast.SequenceNode)
	if !ok || len(sequence.Values) == 0 {
		return errors.New("streams: want a list such as [ztf]")
	}
	for _, item := range sequence.Values {
		d.streams.list = append(d.streams.list, newEntry("streams", item, lines))
	}
	return nil
}

func (d *document) takeColumns(value ast.Node, lines []string) error {
	var pairs []*ast.MappingValueNode
	switch value := value.(type) {
	case *ast.MappingNode:
		pairs = value.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{value}
	default:
		return errors.New("columns: want a name and an expression on each line")
	}
	for _, pair := range pairs {
		column := newEntry(keyOf(pair), pair.Value, lines)
		if err := column.wantText(); err != nil {
			return fmt.Errorf("columns: %w", err)
		}
		d.columns = append(d.columns, column)
	}
	return nil
}

// newEntry reads a value's text and where it stands. A block of lines is taken
// as it stands in the file, so that places in it are places in the file.
func newEntry(key string, value ast.Node, lines []string) entry {
	at := value.GetToken().Position
	e := entry{key: key, line: at.Line, column: at.Column}
	switch value := value.(type) {
	case *ast.LiteralNode:
		e.line, e.column, e.block = at.Line+1, 1, true
		e.text = blockText(lines, at.Line)
	case *ast.StringNode:
		e.text = value.Value
		if value.GetToken().Origin != value.Value && strings.ContainsAny(value.GetToken().Origin, `"'`) {
			e.column++
		}
	case *ast.NullNode:
	default:
		e.text = value.String()
	}
	return e
}

// blockText is the lines after the given one that are indented deeper.
func blockText(lines []string, header int) string {
	if header > len(lines) {
		return ""
	}
	indent := indentation(lines[header-1])
	end := header
	for end < len(lines) && (strings.TrimSpace(lines[end]) == "" || indentation(lines[end]) > indent) {
		end++
	}
	return strings.Join(lines[header:end], "\n")
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

func (e entry) wantText() error {
	if strings.TrimSpace(e.text) == "" {
		return fmt.Errorf("%s: want a text", e.key)
	}
	return nil
}
