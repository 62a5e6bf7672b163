// Package expression is the language in which people say what they look for in
// a survey's alerts: CEL, over the survey's own names, with functions for what
// the sky asks.
//
// What enters is an expression's text; Check gives it types, and refuses it
// with the line, the reason and a suggestion. A Program holds many expressions
// compiled together, and a Run evaluates them on one alert. The package filter
// calls it, for the function filter and for the command line.
//
// # Missing values
//
// A value is missing where the survey sent null, where it sent what it uses for
// "no match" (ZTF's -999), where a list is too short, and where arithmetic has
// no answer. Arithmetic with a missing value is missing. A comparison with a
// missing value is false, whichever way it is asked, also !=, and its opposite,
// !(...), therefore true. Nothing is an error. Whether a value is there is asked
// with == null, != null or has().
//
// # How it is evaluated
//
// The CEL library parses and checks the text. Its checked tree is compiled to
// closures here, since the library's own interpreter has no missing values and
// wants the alert unpacked into maps, which takes a hundred times as long as
// all of this (BenchmarkPeers). The
// closures read fields that were copied out of the record's bytes once for all
// expressions, and what several of them ask of the history is answered once.
// On alerts without missing values they agree with the library's interpreter,
// which a test compares them with.
//
// Reference: the Common Expression Language's definition, version 1.
package expression

import (
	"fmt"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"nightwire.dev/schemas"
)

// Language is what expressions over one survey's alerts may name.
type Language struct {
	Survey string

	env     *cel.Env
	records map[string]*record

	// checking: on the first unknown name CEL's checker lists the known ones, where
	// another check of the same environment may just read.
	checking sync.Mutex
}

// languages are made once: they follow from the embedded schemas.
var languages = map[string]func() (*Language, error){
	schemas.ZTF:  sync.OnceValues(func() (*Language, error) { return newLanguage(schemas.ZTF) }),
	schemas.LSST: sync.OnceValues(func() (*Language, error) { return newLanguage(schemas.LSST) }),
}

// For is the language of a survey.
func For(survey string) (*Language, error) {
	create, ok := languages[survey]
	if !ok {
		return nil, fmt.Errorf("no survey %q", survey)
	}
	return create()
}

// The limits of an expression's text. CEL's macros cannot be nested without
// end within them.
const (
	maxText  = 8192 // characters
	maxDepth = 64   // brackets within brackets
)

func newLanguage(survey string) (*Language, error) {
	records, err := readRecords(survey)
	if err != nil {
		return nil, fmt.Errorf("language of %s: %w", survey, err)
	}
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("language of %s: %w", survey, err)
	}
	options := []cel.EnvOption{
		cel.CustomTypeProvider(&provider{Registry: registry, records: records}),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(maxText),
		cel.ParserRecursionLimit(maxDepth),
	}
	for name, f := range records[root].fields {
		options = append(options, cel.Variable(name, f.declared()))
	}
	options = append(options, declarations()...)
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("language of %s: %w", survey, err)
	}
	return &Language{Survey: survey, env: env, records: records}, nil
}

// Expression is a text that was checked.
type Expression struct {
	Text string
	Type string // as the language names it: bool, int, double, string

	// Cost foretells what one evaluation spends, about one a step, where lists
	// have as many items as in a long history. MaxCost ends it.
	Cost int
	// Advice is what compiles, and is probably not what was meant.
	Advice Problems

	language *Language
	tree     *ast.AST
	kind     kind
	columns  map[string]*Expression
	key      string // the same for all that mean the same
}

// Check parses an expression and gives types to all that is in it. It may name
// the columns that are passed, which are expressions themselves. What is wrong
// with it comes as Problems.
func (l *Language) Check(text string, columns map[string]*Expression) (*Expression, error) {
	env := l.env
	if len(columns) > 0 {
		var variables []cel.EnvOption
		for name, column := range columns {
			variables = append(variables, cel.Variable(name, column.kind.declared()))
		}
		var err error
		if env, err = l.env.Extend(variables...); err != nil {
			return nil, fmt.Errorf("declare columns: %w", err)
		}
	}
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil, l.explain(issues, columns)
	}
	widen(parsed.NativeRep())
	l.checking.Lock()
	checked, issues := env.Check(parsed)
	l.checking.Unlock()
	if issues.Err() != nil {
		return nil, l.explain(issues, columns)
	}
	e := &Expression{
		Text: text, Type: typeName(checked.OutputType()),
		language: l, tree: checked.NativeRep(), kind: kindOf(checked.OutputType()), columns: columns,
	}
	e.key = e.digest()
	// What CEL knows and we do not is found by compiling.
	compiled, err := NewProgram(l).compile(e)
	if err != nil {
		return nil, err
	}
	e.Cost, e.Advice = compiled.cost.total, compiled.advice
	return e, nil
}

// IsCondition says whether the expression is true or false.
func (e *Expression) IsCondition() bool { return e.kind == boolean }

// IsScalar says whether the expression is one value, as a column has to be.
func (e *Expression) IsScalar() bool {
	return e.kind == boolean || e.kind == integer || e.kind == number || e.kind == text
}
