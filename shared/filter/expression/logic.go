package expression

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/survey/ztf"
)

// logic compiles what joins conditions. A missing condition counts as false.
func (c *compiler) logic(e ast.Expr, operator string, arguments []ast.Expr) code {
	a := c.scalar(arguments[0])
	switch operator {
	case operators.LogicalNot:
		return code{kind: boolean, cost: a.cost.plus(cost{}), eval: func(r *Run) item { return ofBool(!a.eval(r).isTrue()) }}
	case operators.Conditional:
		return c.conditional(e, a, arguments[1], arguments[2])
	}
	b := c.scalar(arguments[1])
	both := code{kind: boolean, cost: a.cost.plus(b.cost)}
	if operator == operators.LogicalAnd {
		both.eval = func(r *Run) item { return ofBool(a.eval(r).isTrue() && b.eval(r).isTrue()) }
	} else {
		both.eval = func(r *Run) item { return ofBool(a.eval(r).isTrue() || b.eval(r).isTrue()) }
	}
	return both
}

func (c *compiler) conditional(e ast.Expr, condition code, yes, no ast.Expr) code {
	a, b := c.expr(yes), c.expr(no)
	if a.kind == nothing {
		a.kind = b.kind
	}
	if b.kind != nothing && a.kind != b.kind {
		return c.refuse(e, "the two values after ? are of different types")
	}
	if a.kind == list || a.kind == row {
		return c.refuse(e, "? chooses between single values, not between lists or records")
	}
	return code{kind: a.kind, cost: condition.cost.plus(a.cost).plus(b.cost), eval: func(r *Run) item {
		if condition.eval(r).isTrue() {
			return a.eval(r)
		}
		return b.eval(r)
	}}
}

// comparison compiles == != < <= > >=, false wherever a value is missing,
// unless it is null itself that is compared with.
func (c *compiler) comparison(e ast.Expr, operator string, arguments []ast.Expr) code {
	a, b := c.expr(arguments[0]), c.expr(arguments[1])
	if isNull(a) {
		a, b = b, a
	}
	if isNull(b) {
		there := c.present(e, a)
		if operator == operators.NotEquals {
			return there
		}
		return code{kind: boolean, cost: there.cost, eval: func(r *Run) item { return ofBool(!there.eval(r).isTrue()) }}
	}
	if a.eval == nil || b.eval == nil || a.kind == row || b.kind == row {
		return c.refuse(e, "lists and records cannot be compared")
	}
	compare := comparisons[operator]
	spent := a.cost.plus(b.cost)
	switch {
	case a.kind == integer && b.kind == integer:
		return compared(a, b, spent, func(x, y item) bool { return compare(order(x.int(), y.int())) })
	case isNumeric(a) && isNumeric(b):
		c.adviseNoMatch(e, a, b)
		return compareNumbers(operator, toNumber(a), toNumber(b), spent)
	case a.kind == text && b.kind == text:
		if wrong := neverEqual(a, b); wrong != "" {
			return c.refuse(e, "%s", wrong)
		}
		return compared(a, b, spent, func(x, y item) bool { return compare(bytes.Compare(x.text, y.text)) })
	case a.kind == boolean && b.kind == boolean:
		return compared(a, b, spent, func(x, y item) bool { return compare(order(x.bits, y.bits)) })
	default:
		return c.refuse(e, "these two cannot be compared")
	}
}

// adviseNoMatch tells who compares with ZTF's -999 that it is missing here.
func (c *compiler) adviseNoMatch(e ast.Expr, a, b code) {
	for _, side := range []code{toNumber(a), toNumber(b)} {
		if c.language.Survey == schemas.ZTF && side.literal != nil && side.literal.number() == ztf.NoMatch {
			c.advice = append(c.advice, c.problem(e, "the survey's -999 reads as missing here: compare with null"))
		}
	}
}

// neverEqual says that a function is compared with a text that it never gives.
func neverEqual(a, b code) string {
	if b.literal == nil {
		a, b = b, a
	}
	if a.values == nil || b.literal == nil || slices.Contains(a.values, string(b.literal.text)) {
		return ""
	}
	return fmt.Sprintf("this is never %q; it is %s", b.literal.text, strings.Join(a.values, ", "))
}

// comparisons say what each operator makes of -1, 0 or 1.
var comparisons = map[string]func(order int) bool{
	operators.Equals:        func(o int) bool { return o == 0 },
	operators.NotEquals:     func(o int) bool { return o != 0 },
	operators.Less:          func(o int) bool { return o < 0 },
	operators.LessEquals:    func(o int) bool { return o <= 0 },
	operators.Greater:       func(o int) bool { return o > 0 },
	operators.GreaterEquals: func(o int) bool { return o >= 0 },
}

func order[T int64 | uint64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

func compared(a, b code, spent cost, holds func(x, y item) bool) code {
	return code{kind: boolean, cost: spent, eval: func(r *Run) item {
		x, y := a.eval(r), b.eval(r)
		return ofBool(x.known && y.known && holds(x, y))
	}}
}

// compareNumbers is by far the most frequent comparison, so each operator has
// code of its own.
func compareNumbers(operator string, a, b code, spent cost) code {
	compared := code{kind: boolean, cost: spent}
	switch operator {
	case operators.Equals:
		compared.eval = func(r *Run) item {
			x, y := a.eval(r), b.eval(r)
			return ofBool(x.known && y.known && x.number() == y.number())
		}
	case operators.NotEquals:
		compared.eval = func(r *Run) item {
			x, y := a.eval(r), b.eval(r)
			return ofBool(x.known && y.known && x.number() != y.number())
		}
	case operators.Less:
		compared.eval = func(r *Run) item {
			x, y := a.eval(r), b.eval(r)
			return ofBool(x.known && y.known && x.number() < y.number())
		}
	case operators.LessEquals:
		compared.eval = func(r *Run) item {
			x, y := a.eval(r), b.eval(r)
			return ofBool(x.known && y.known && x.number() <= y.number())
		}
	case operators.Greater:
		compared.eval = func(r *Run) item {
			x, y := a.eval(r), b.eval(r)
			return ofBool(x.known && y.known && x.number() > y.number())
		}
	default:
		compared.eval = func(r *Run) item {
			x, y := a.eval(r), b.eval(r)
			return ofBool(x.known && y.known && x.number() >= y.number())
		}
	}
	return compared
}

// isNull says whether the code is the word null.
func isNull(c code) bool { return c.literal != nil && c.kind == nothing }
