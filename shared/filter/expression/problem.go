package expression

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"nightwire.dev/shared/spelling"
)

// Problem is what is wrong with an expression, and where.
type Problem struct {
	Line, Column int // from 1, within the expression's text
	Reason       string
}

func (p Problem) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Reason)
}

// Problems are all that is wrong with an expression.
type Problems []Problem

func (p Problems) Error() string {
	var lines []string
	for _, problem := range p {
		lines = append(lines, problem.Error())
	}
	return strings.Join(lines, "\n")
}

// What CEL says, where we can say it better.
var (
	unknownField = regexp.MustCompile(`^undefined field '(\w+)'`)
	unknownName  = regexp.MustCompile(`^undeclared reference to '([\w.]+)'`)
	noOverload   = regexp.MustCompile(`^found no matching overload for '([^']+)' applied to '(.*)'`)
	nullable     = regexp.MustCompile(`wrapper\((\w+)\)`)
	wordOperator = regexp.MustCompile(`(?:mismatched|extraneous) input '(and|or|not)'`)
	operatorName = regexp.MustCompile(`^_?(@?[^_\w]+|@in)_?$`)
)

// explain says what CEL found wrong, with what may have been meant.
func (l *Language) explain(issues *cel.Issues, columns map[string]*Expression) Problems {
	var problems Problems
	line := 0
	for _, e := range issues.Errors() {
		// A second one in a line follows from the first, nearly always.
		if strings.Contains(e.Message, "!error!") || e.Location.Line() == line {
			continue
		}
		line = e.Location.Line()
		problems = append(problems, Problem{
			Line: e.Location.Line(), Column: max(e.Location.Column()+1, 1), Reason: l.reword(e.Message, columns),
		})
	}
	return problems
}

func (l *Language) reword(message string, columns map[string]*Expression) string {
	message = nullable.ReplaceAllString(message, "$1")
	if m := unknownField.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("there is no field %s here%s", m[1], l.suggest(m[1], nil))
	}
	if m := unknownName.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("nothing is called %s%s", m[1], l.suggest(m[1], columns))
	}
	if m := noOverload.FindStringSubmatch(message); m != nil {
		return rewordOverload(m[1], m[2])
	}
	if strings.Contains(message, "token recognition error at: '=") {
		return "a comparison is written with =="
	}
	if m := wordOperator.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s is written %s", m[1], map[string]string{"and": "&&", "or": "||", "not": "!"}[m[1]])
	}
	if strings.Contains(message, "mismatched input '<EOF>'") {
		return "the expression is not complete"
	}
	return message
}

func rewordOverload(function, arguments string) string {
	if function == widening {
		return fmt.Sprintf("a number is wanted here, not %s", strings.Trim(arguments, "()"))
	}
	name := function
	if m := operatorName.FindStringSubmatch(function); m != nil {
		name = strings.TrimPrefix(m[1], "@")
	}
	if f, ok := library[function]; ok {
		var forms []string
		for _, o := range f.overloads {
			forms = append(forms, f.signature(o))
		}
		return fmt.Sprintf("%s does not take %s; it is %s", name, arguments, strings.Join(forms, " or "))
	}
	reason := fmt.Sprintf("%s does not go with %s", name, arguments)
	if strings.Contains(arguments, "null") {
		return reason + ": ask whether a field, a function or a column is null, not what is computed with it"
	}
	if strings.Contains(arguments, "double") && strings.Contains(arguments, "int") {
		reason += ": write the whole number with a decimal point, as in 0.0, or convert with double()"
	}
	return reason
}

// builtIn is what CEL itself has and we evaluate.
var builtIn = []string{
	"all", "contains", "double", "endsWith", "exists", "exists_one", "filter", "has", "int", "map", "matches", "size", "startsWith",
}

// suggest names what is spelt most like a name that is not there.
func (l *Language) suggest(name string, columns map[string]*Expression) string {
	var known []string
	for _, r := range l.records {
		prefix := strings.TrimPrefix(strings.TrimPrefix(r.path, root), ".")
		for field := range r.fields {
			known = append(known, strings.TrimPrefix(prefix+"."+field, "."))
		}
	}
	for function := range library {
		known = append(known, function+"()")
	}
	for column := range columns {
		known = append(known, column)
	}
	known = append(known, builtIn...)
	best, found := max(1, len(name)/4), []string{}
	for _, candidate := range known {
		last := candidate[strings.LastIndexByte(candidate, '.')+1:]
		d := spelling.Distance(strings.ToLower(name), strings.ToLower(strings.TrimSuffix(last, "()")))
		if d < best {
			best, found = d, nil
		}
		if d == best {
			found = append(found, candidate)
		}
	}
	if len(found) == 0 || len(found) > 3 {
		return ""
	}
	slices.Sort(found)
	return "; did you mean " + strings.Join(found, " or ") + "?"
}
