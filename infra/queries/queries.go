// Package queries is a library of questions that astronomers and operators ask
// of a stream's tables, and how such a question is written: a file of GoogleSQL
// whose leading comment asks the question in words and declares the parameters.
//
//	-- How did the object brighten and fade?
//	--
//	-- @object STRING  name of the object
//	-- @from DATE = today-30  first night
//	SELECT ...
//
// A file's text enters; a Query leaves, and the typed values of its parameters
// from the text that a person gave. The command line calls it. A file NAME.sql
// is for every survey, NAME.ztf.sql and NAME.lsst.sql ask the same of one
// survey's own columns.
package queries

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

//go:embed *.sql
var files embed.FS

// Query is one question.
type Query struct {
	Name       string
	Question   string // in words
	SQL        string // GoogleSQL with named parameters
	Parameters []Parameter
}

// All lists the library's queries for a survey in the order of their names.
func All(survey string) ([]Query, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read queries: %w", err)
	}
	var all []Query
	for _, entry := range entries {
		name, only, _ := strings.Cut(strings.TrimSuffix(entry.Name(), ".sql"), ".")
		if only != "" && only != survey {
			continue
		}
		text, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read queries: %w", err)
		}
		q, err := Parse(name, string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b Query) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Find is the library's query of a name, which may be that of its file.
func Find(name, survey string) (Query, error) {
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".sql"), "."+survey)
	all, err := All(survey)
	if err != nil {
		return Query{}, err
	}
	var names []string
	for _, q := range all {
		if q.Name == name {
			return q, nil
		}
		names = append(names, q.Name)
	}
	meant := ""
	if found := near(name, names); len(found) > 0 {
		meant = "did you mean " + strings.Join(found, " or ") + "? "
	}
	return Query{}, fmt.Errorf("find query %s: neither a file nor one of the library for %s: %sit has %s", name, survey, meant, strings.Join(names, ", "))
}

// Parse reads a query's text. Its leading comment has to declare what
// parameters it has, and no others.
func Parse(name, text string) (Query, error) {
	q := Query{Name: name, SQL: text}
	var words []string
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "--")
		if !ok {
			break
		}
		comment = strings.TrimSpace(comment)
		if !strings.HasPrefix(comment, "@") {
			words = append(words, comment)
			continue
		}
		p, err := parseParameter(comment)
		if err != nil {
			return q, fmt.Errorf("query %s: %w", name, err)
		}
		if q.parameter(p.Name) != nil {
			return q, fmt.Errorf("query %s: parameter %s is declared twice", name, p.Name)
		}
		q.Parameters = append(q.Parameters, p)
	}
	q.Question = strings.TrimSpace(strings.Join(words, " "))
	return q, q.checkUse()
}

// checkUse compares the parameters that are declared with those that stand in
// the query.
func (q Query) checkUse() error {
	used := map[string]bool{}
	for _, match := range reference.FindAllStringSubmatch(aside.ReplaceAllString(q.SQL, " "), -1) {
		used[strings.ToLower(match[1])] = true
		if q.parameter(match[1]) == nil {
			return fmt.Errorf("query %s: parameter %s is not declared: begin the query with a line \"-- @%s TYPE\"", q.Name, match[1], match[1])
		}
	}
	for _, p := range q.Parameters {
		if !used[strings.ToLower(p.Name)] {
			return fmt.Errorf("query %s: parameter %s is declared and not used", q.Name, p.Name)
		}
	}
	return nil
}

// aside is what holds no parameters: comments, literals, quoted names.
var aside = regexp.MustCompile("(?s)--[^\n]*|#[^\n]*|/\\*.*?\\*/|'(\\\\.|[^'\\\\])*'|\"(\\\\.|[^\"\\\\])*\"|`[^`]*`")

// reference is a parameter in a query; @@name is a variable of the system.
var reference = regexp.MustCompile(`(?:^|[^@\w])@(\w+)`)

// parameter finds a parameter; BigQuery takes no notice of case.
func (q Query) parameter(name string) *Parameter {
	for i := range q.Parameters {
		if strings.EqualFold(q.Parameters[i].Name, name) {
			return &q.Parameters[i]
		}
	}
	return nil
}
