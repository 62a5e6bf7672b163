package expression

import (
	"bytes"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Function is a function of the language, as its reference describes it.
type Function struct {
	Name      string
	About     string // what it gives, with units
	Example   string // an expression that uses it
	overloads []overload
	values    func(*Language) []string // the texts that it chooses from, if it does
}

// overload is one way to call a function.
type overload struct {
	parameters []parameter
	result     kind
	call       func(r *Run, a []item) item        // with a list, its items follow the other arguments
	weight     int                                // about what it costs beside its arguments
	check      func(l *Language, a []code) string // what is wrong with constant arguments
}

// parameter is one argument, or a list of such.
type parameter struct {
	name string
	kind kind
	list bool
}

func (p parameter) declared() *types.Type {
	if p.list {
		return types.NewListType(p.kind.declared())
	}
	return p.kind.declared()
}

// signature is how a function is called: sep_arcsec(ra1 double, ...) double.
func (f Function) signature(o overload) string {
	var parameters []string
	for _, p := range o.parameters {
		parameters = append(parameters, p.name+" "+typeName(p.declared()))
	}
	return fmt.Sprintf("%s(%s) %s", f.Name, strings.Join(parameters, ", "), typeName(o.result.declared()))
}

// Signatures are all ways to call the function.
func (f Function) Signatures() []string {
	var all []string
	for _, o := range f.overloads {
		all = append(all, f.signature(o))
	}
	return all
}

// Functions lists the functions in the order of the reference.
func Functions() []Function { return slices.Concat(place, brightness, history, neighbourhood, numbers) }

// library is the functions by name.
var library = func() map[string]Function {
	named := map[string]Function{}
	for _, f := range Functions() {
		named[f.Name] = f
	}
	return named
}()

// declarations tell CEL's checker the functions, and that a double and an int
// may be computed with.
func declarations() []cel.EnvOption {
	var options []cel.EnvOption
	for _, f := range Functions() {
		var overloads []cel.FunctionOpt
		for i, o := range f.overloads {
			var arguments []*types.Type
			for _, p := range o.parameters {
				arguments = append(arguments, p.declared())
			}
			overloads = append(overloads, cel.Overload(fmt.Sprintf("nightwire_%s_%d", f.Name, i), arguments, o.result.declared()))
		}
		options = append(options, cel.Function(f.Name, overloads...))
	}
	options = append(options, cel.Function(widening,
		cel.Overload("number_int", []*types.Type{types.IntType}, types.DoubleType),
		cel.Overload("number_double", []*types.Type{types.DoubleType}, types.DoubleType),
	))
	for operator, name := range map[string]string{
		operators.Add: "add", operators.Subtract: "subtract", operators.Multiply: "multiply", operators.Divide: "divide",
	} {
		options = append(options, cel.Function(operator,
			cel.Overload(name+"_double_int", []*types.Type{types.DoubleType, types.IntType}, types.DoubleType),
			cel.Overload(name+"_int_double", []*types.Type{types.IntType, types.DoubleType}, types.DoubleType),
		))
	}
	return options
}

// function calls one of the library's.
func (c *compiler) function(e ast.Expr, name string, arguments []ast.Expr) code {
	f, ok := library[name]
	if !ok {
		return c.refuse(e, "a filter has no %s", name)
	}
	var compiled []code
	for _, a := range arguments {
		compiled = append(compiled, c.expr(a))
	}
	for _, o := range f.overloads {
		if o.takes(compiled) {
			if o.check != nil {
				if wrong := o.check(c.language, compiled); wrong != "" {
					return c.refuse(e, "%s: %s", name, wrong)
				}
			}
			answer := o.apply(compiled)
			if f.values != nil {
				answer.values = f.values(c.language)
			}
			return c.share(e, answer)
		}
	}
	return c.refuse(e, "%s does not take these; it is %s", name, strings.Join(f.Signatures(), " or "))
}

func (o overload) takes(arguments []code) bool {
	if len(arguments) != len(o.parameters) {
		return false
	}
	for i, p := range o.parameters {
		a := arguments[i]
		if p.list != (a.kind == list) || p.list && a.item != p.kind && a.item != nothing || !p.list && a.kind != p.kind {
			return false
		}
	}
	return true
}

// apply is the call. A function of missing arguments is missing; of a list it
// gets the items that are there.
func (o overload) apply(arguments []code) code {
	spent := cost{o.weight, o.weight}
	for _, a := range arguments {
		spent = spent.plus(a.cost)
	}
	return code{kind: o.result, cost: spent, eval: func(r *Run) item {
		base := len(r.stack)
		defer func() { r.stack = r.stack[:base] }()
		for _, a := range arguments {
			if a.list != nil {
				for _, it := range a.list(r) {
					if it.known {
						r.stack = append(r.stack, it)
					}
				}
				continue
			}
			it := a.eval(r)
			if !it.known {
				return item{}
			}
			r.stack = append(r.stack, it)
		}
		if !r.spend(o.weight + len(r.stack) - base) {
			return item{}
		}
		return o.call(r, r.stack[base:])
	}}
}

// method compiles what CEL itself has for texts, lists and conversions.
func (c *compiler) method(e ast.Expr, name string, arguments []ast.Expr) (code, bool) {
	switch name {
	case "size":
		return c.size(arguments[0]), true
	case "startsWith", "endsWith", "contains":
		return c.textMethod(textMethods[name], arguments), true
	case "matches":
		return c.matches(e, arguments), true
	case "double", "int", widening:
		return c.conversion(e, name, c.scalar(arguments[0])), true
	default:
		return code{}, false
	}
}

// size is the number of a list's items or of a text's characters.
func (c *compiler) size(of ast.Expr) code {
	compiled := c.expr(of)
	if compiled.list != nil {
		return code{kind: integer, cost: compiled.cost.plus(cost{}), eval: func(r *Run) item { return ofInt(int64(len(compiled.list(r)))) }}
	}
	return code{kind: integer, cost: compiled.cost.plus(cost{}), eval: func(r *Run) item {
		v := compiled.eval(r)
		if !v.known || !r.spend(1+len(v.text)/8) {
			return item{}
		}
		return ofInt(int64(utf8.RuneCount(v.text)))
	}}
}

var textMethods = map[string]func(a, b []byte) bool{
	"startsWith": bytes.HasPrefix, "endsWith": bytes.HasSuffix, "contains": bytes.Contains,
}

func (c *compiler) textMethod(holds func(a, b []byte) bool, arguments []ast.Expr) code {
	a, b := c.scalar(arguments[0]), c.scalar(arguments[1])
	return code{kind: boolean, cost: a.cost.plus(b.cost), eval: func(r *Run) item {
		x, y := a.eval(r), b.eval(r)
		return ofBool(x.known && y.known && r.spend(1+len(x.text)/8) && holds(x.text, y.text))
	}}
}

// The limits of a regular expression, and of the texts that it is asked about.
// Its time is at worst their product.
const (
	maxPattern = 1000 // instructions
	maxSubject = 4096 // bytes
)

// matches looks for a regular expression, which is compiled once (RE2). A
// longer text than any field of an alert is missing for it.
func (c *compiler) matches(e ast.Expr, arguments []ast.Expr) code {
	subject, pattern := c.scalar(arguments[0]), c.scalar(arguments[1])
	if pattern.literal == nil {
		return c.refuse(e, "the pattern of matches has to be written out")
	}
	instructions, err := patternSize(string(pattern.literal.text))
	if err != nil {
		return c.refuse(e, "%v", err)
	}
	if instructions > maxPattern {
		return c.refuse(e, "the pattern is too large: it takes %d steps a letter, %d at most", instructions, maxPattern)
	}
	expression, err := regexp.Compile(string(pattern.literal.text))
	if err != nil {
		return c.refuse(e, "%v", err)
	}
	return code{kind: boolean, cost: subject.cost.plus(cost{10, 10}), eval: func(r *Run) item {
		v := subject.eval(r)
		if !v.known || len(v.text) > maxSubject || !r.spend(1+len(v.text)*instructions/32) {
			return item{}
		}
		return ofBool(expression.Match(v.text))
	}}
}

// patternSize is how many instructions a regular expression has.
func patternSize(pattern string) (int, error) {
	// Repetitions multiply what they repeat; the parser bounds them to 1000
	// of each, and the text's own length bounds the rest.
	const maxText = 200
	if len(pattern) > maxText {
		return 0, fmt.Errorf("the pattern has %d letters, %d at most", len(pattern), maxText)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0, err
	}
	return len(program.Inst), nil
}

// conversion is double() or int(), which rounds towards zero.
func (c *compiler) conversion(e ast.Expr, to string, of code) code {
	switch {
	case to != "int" && isNumeric(of):
		return toNumber(of)
	case to == "int" && of.kind == integer:
		return of
	case to == "int" && of.kind == number:
		return code{kind: integer, cost: of.cost.plus(cost{}), eval: func(r *Run) item {
			v := of.eval(r)
			if !v.known || v.number() >= 1<<63 || v.number() <= -1<<63 {
				return item{}
			}
			return ofInt(int64(v.number()))
		}}
	default:
		return c.refuse(e, "%s() converts numbers", to)
	}
}
