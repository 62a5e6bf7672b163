package expression

import (
	"math"
	"math/bits"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

func isNumeric(c code) bool { return c.kind == integer || c.kind == number }

// toNumber widens an int to a double.
func toNumber(c code) code {
	if c.kind == number {
		return c
	}
	if c.literal != nil {
		it := ofNumber(float64(c.literal.int()))
		return code{kind: number, cost: c.cost, eval: func(*Run) item { return it }, literal: &it}
	}
	return code{kind: number, cost: c.cost, eval: func(r *Run) item {
		v := c.eval(r)
		if !v.known {
			return item{}
		}
		return ofNumber(float64(v.int()))
	}}
}

// arithmetic compiles + - * / % of numbers, and + of texts and of lists. What
// has no answer, an int beyond 64 bits among it, is missing.
func (c *compiler) arithmetic(e ast.Expr, operator string, arguments []ast.Expr) code {
	a := c.expr(arguments[0])
	if operator == operators.Negate {
		return c.negation(e, a)
	}
	b := c.expr(arguments[1])
	spent := a.cost.plus(b.cost)
	switch {
	case a.kind == list && b.kind == list:
		return c.concatenation(e, a, b)
	case a.kind == text && b.kind == text:
		return code{kind: text, cost: spent, eval: func(r *Run) item { return joined(r, a.eval(r), b.eval(r)) }}
	case a.kind == integer && b.kind == integer:
		compute := integerOperations[operator]
		if operator == operators.Divide && a.literal != nil && b.literal != nil && b.literal.int() != 0 && a.literal.int()%b.literal.int() != 0 {
			c.advice = append(c.advice, c.problem(e, "the quotient of whole numbers is a whole number, here %d: write %d.0", a.literal.int()/b.literal.int(), a.literal.int()))
		}
		return code{kind: integer, cost: spent, eval: func(r *Run) item {
			x, y := a.eval(r), b.eval(r)
			if !x.known || !y.known {
				return item{}
			}
			v, ok := compute(x.int(), y.int())
			if !ok {
				return item{}
			}
			return ofInt(v)
		}}
	case isNumeric(a) && isNumeric(b):
		compute, a, b := numberOperations[operator], toNumber(a), toNumber(b)
		return code{kind: number, cost: spent, eval: func(r *Run) item {
			x, y := a.eval(r), b.eval(r)
			if !x.known || !y.known {
				return item{}
			}
			return ofNumber(compute(x.number(), y.number()))
		}}
	default:
		return c.refuse(e, "these two cannot be computed with")
	}
}

func (c *compiler) negation(e ast.Expr, a code) code {
	switch a.kind {
	case integer:
		return code{kind: integer, cost: a.cost.plus(cost{}), eval: func(r *Run) item {
			x := a.eval(r)
			if !x.known || x.int() == math.MinInt64 {
				return item{}
			}
			return ofInt(-x.int())
		}}
	case number:
		return code{kind: number, cost: a.cost.plus(cost{}), eval: func(r *Run) item {
			x := a.eval(r)
			if !x.known {
				return item{}
			}
			return ofNumber(-x.number())
		}}
	default:
		return c.refuse(e, "only a number has an opposite")
	}
}

// joined is one text after the other. It is charged by its length, so that no
// expression fills the memory.
func joined(r *Run, a, b item) item {
	if !a.known || !b.known || !r.spend(1+(len(a.text)+len(b.text))/8) {
		return item{}
	}
	return ofText(append(append(make([]byte, 0, len(a.text)+len(b.text)), a.text...), b.text...))
}

var numberOperations = map[string]func(a, b float64) float64{
	operators.Add:      func(a, b float64) float64 { return a + b },
	operators.Subtract: func(a, b float64) float64 { return a - b },
	operators.Multiply: func(a, b float64) float64 { return a * b },
	operators.Divide:   func(a, b float64) float64 { return a / b },
}

var integerOperations = map[string]func(a, b int64) (int64, bool){
	operators.Add: func(a, b int64) (int64, bool) {
		return a + b, (a+b > a) == (b > 0)
	},
	operators.Subtract: func(a, b int64) (int64, bool) {
		return a - b, (a-b < a) == (b > 0)
	},
	operators.Multiply: func(a, b int64) (int64, bool) {
		high, low := bits.Mul64(magnitude(a), magnitude(b))
		if (a < 0) != (b < 0) {
			return a * b, high == 0 && low <= 1<<63
		}
		return a * b, high == 0 && low < 1<<63
	},
	operators.Divide: func(a, b int64) (int64, bool) {
		if b == 0 || a == math.MinInt64 && b == -1 {
			return 0, false
		}
		return a / b, true
	},
	operators.Modulo: func(a, b int64) (int64, bool) {
		if b == 0 || a == math.MinInt64 && b == -1 {
			return 0, false
		}
		return a % b, true
	},
}

// magnitude is the absolute value, which for the least int64 is none itself.
func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}
