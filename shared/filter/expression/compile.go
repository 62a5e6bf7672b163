package expression

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// code is a compiled expression.
type code struct {
	kind kind
	item kind            // of a list's items
	rows *table          // of a row, or of a list of rows
	path string          // of a record within its row
	eval func(*Run) item // a scalar, or the number of a row
	list func(*Run) []item

	cost    cost
	literal *item    // of a constant
	values  []string // all the texts that it can be, where they are known
	advice  Problems // what compiles, and is probably not meant
}

// cost is about the number of steps of one evaluation.
type cost struct {
	straight int // outside of loops, which charge for themselves
	total    int // in all, where lists have typicalItems
}

// dearest is where costs are not told apart any more.
const dearest = 1 << 40

// plus is the cost of two parts and of what joins them.
func (c cost) plus(other cost) cost {
	return cost{min(c.straight+other.straight+1, dearest), min(c.total+other.total+1, dearest)}
}

// times is the cost of going over a list with this body.
func (c cost) times(body cost) cost {
	return cost{c.straight + 1, min(c.total+typicalItems*(1+body.total), dearest)}
}

// typicalItems is how long a list is taken to be when costs are foretold: the
// history of a well observed object.
const typicalItems = 100

// compiler turns one checked tree into code.
type compiler struct {
	*Program

	tree     *ast.AST
	columns  map[string]code
	keys     map[string]string // of the columns
	loop     map[string]code   // variables of the loops around
	problems Problems
	advice   Problems
}

// compile compiles an expression, and the columns that it names before it, each
// of which is compiled once for the whole program.
func (p *Program) compile(e *Expression) (code, error) {
	if known, ok := p.compiled[e]; ok {
		return known, nil
	}
	c := compiler{Program: p, tree: e.tree, columns: map[string]code{}, keys: map[string]string{}, loop: map[string]code{}}
	for name, column := range e.columns {
		compiled, err := p.compile(column)
		if err != nil {
			return code{}, err
		}
		c.columns[name], c.keys[name] = p.shareAs(column.key, compiled), column.key
	}
	compiled := c.expr(e.tree.Expr())
	if len(c.problems) > 0 {
		return code{}, c.problems[:1] // the others may follow from it
	}
	compiled.advice = c.advice
	p.compiled[e] = compiled
	return compiled, nil
}

// digest is a short text that is the same for all expressions that mean the
// same.
func (e *Expression) digest() string {
	c := compiler{tree: e.tree, keys: map[string]string{}}
	for name, column := range e.columns {
		c.keys[name] = column.key
	}
	key, _ := c.key(e.tree.Expr())
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// refuse notes what we cannot compile.
func (c *compiler) refuse(e ast.Expr, format string, arguments ...any) code {
	c.problems = append(c.problems, c.problem(e, format, arguments...))
	return code{eval: missing, list: noItems}
}

func (c *compiler) problem(e ast.Expr, format string, arguments ...any) Problem {
	at := c.tree.SourceInfo().GetStartLocation(e.ID())
	return Problem{Line: at.Line(), Column: at.Column() + 1, Reason: fmt.Sprintf(format, arguments...)}
}

func missing(*Run) item   { return item{} }
func noItems(*Run) []item { return nil }

// expr compiles any expression.
func (c *compiler) expr(e ast.Expr) code {
	switch e.Kind() {
	case ast.LiteralKind:
		return c.constant(e)
	case ast.IdentKind:
		return c.name(e)
	case ast.SelectKind:
		return c.selection(e)
	case ast.CallKind:
		return c.call(e)
	case ast.ListKind:
		return c.listOf(e)
	case ast.ComprehensionKind:
		return c.share(e, c.comprehension(e))
	default:
		return c.refuse(e, "maps and messages cannot be made in a filter")
	}
}

// scalar compiles an expression that has to be one value.
func (c *compiler) scalar(e ast.Expr) code {
	compiled := c.expr(e)
	if compiled.eval == nil {
		return c.refuse(e, "this is a list, where one value is wanted")
	}
	return compiled
}

// items compiles an expression that has to be a list.
func (c *compiler) items(e ast.Expr) code {
	compiled := c.expr(e)
	if compiled.list == nil {
		return c.refuse(e, "this is one value, where a list is wanted")
	}
	return compiled
}

func (c *compiler) constant(e ast.Expr) code {
	var k kind
	var it item
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		k, it = boolean, ofBool(bool(v))
	case types.Int:
		k, it = integer, ofInt(int64(v))
	case types.Double:
		k, it = number, ofNumber(float64(v))
	case types.String:
		k, it = text, ofText([]byte(v))
	case types.Null:
	default:
		return c.refuse(e, "a %s cannot be used in a filter", e.AsLiteral().Type().TypeName())
	}
	return code{kind: k, eval: func(*Run) item { return it }, literal: &it}
}

// name is a column, a loop's variable or a field of the alert.
func (c *compiler) name(e ast.Expr) code {
	name := e.AsIdent()
	if variable, ok := c.loop[name]; ok {
		return variable
	}
	if column, ok := c.columns[name]; ok {
		return column
	}
	name = strings.TrimPrefix(name, ".")
	f, ok := c.language.records[root].fields[name]
	if !ok {
		return c.refuse(e, "%s cannot be used here", name)
	}
	return c.field(e, code{kind: row, rows: c.fields, eval: firstRow}, name, f)
}

func firstRow(*Run) item { return ofInt(0) }

// selection is a field of a record, or has() of it.
func (c *compiler) selection(e ast.Expr) code {
	s := e.AsSelect()
	of := c.expr(s.Operand())
	if of.kind != row {
		return c.refuse(e, "only a record has fields")
	}
	typ := c.tree.GetType(s.Operand().ID())
	f, ok := c.language.records[typ.TypeName()].fields[s.FieldName()]
	if !ok {
		return c.refuse(e, "%s cannot be used here", s.FieldName())
	}
	selected := c.field(e, of, s.FieldName(), f)
	if !s.IsTestOnly() {
		return selected
	}
	return c.present(e, selected)
}

// present says whether a value is there. A record is, if any field of it is.
func (c *compiler) present(e ast.Expr, of code) code {
	if of.kind == row {
		return c.refuse(e, "ask for one of the record's fields")
	}
	if of.list != nil {
		return code{kind: boolean, cost: of.cost.plus(cost{}), eval: func(r *Run) item { return ofBool(len(of.list(r)) > 0) }}
	}
	return code{kind: boolean, cost: of.cost.plus(cost{}), eval: func(r *Run) item { return ofBool(of.eval(r).known) }}
}

// field is a field of a record: of the alert, or of a list's row.
func (c *compiler) field(e ast.Expr, of code, name string, f field) code {
	path := strings.TrimPrefix(of.path+"."+name, ".")
	switch {
	case f.kind == row:
		return code{kind: row, rows: of.rows, path: path, eval: of.eval, cost: of.cost}
	case f.kind == list && of.rows != c.fields:
		return c.refuse(e, "%s is a list within a list", path)
	case f.kind == list:
		t := c.listTable(root + "." + path)
		compiled := code{kind: list, item: f.item, cost: cost{1, 1}, list: func(r *Run) []item { return r.table(t).items }}
		if f.item == row {
			compiled.rows = t
		} else {
			t.slot("", f.item)
		}
		return compiled
	case of.rows == c.fields:
		slot := c.fields.slot(path, f.kind)
		return code{kind: f.kind, cost: cost{1, 1}, eval: func(r *Run) item { return r.fields[slot] }}
	default:
		t, slot := of.rows, of.rows.slot(path, f.kind)
		return code{kind: f.kind, cost: of.cost.plus(cost{}), eval: func(r *Run) item {
			row := of.eval(r)
			if !row.known {
				return item{}
			}
			return r.lists[t.index].cells[int(row.int())*len(t.kinds)+slot]
		}}
	}
}

// call is an operator, a method of texts or lists, or a function.
func (c *compiler) call(e ast.Expr) code {
	call := e.AsCall()
	arguments := call.Args()
	if call.IsMemberFunction() {
		arguments = append([]ast.Expr{call.Target()}, arguments...)
	}
	switch call.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional:
		return c.logic(e, call.FunctionName(), arguments)
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return c.comparison(e, call.FunctionName(), arguments)
	case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate:
		return c.arithmetic(e, call.FunctionName(), arguments)
	case operators.In:
		return c.in(e, arguments)
	case operators.Index:
		return c.index(e, arguments)
	}
	if compiled, ok := c.method(e, call.FunctionName(), arguments); ok {
		return compiled
	}
	return c.function(e, call.FunctionName(), arguments)
}
