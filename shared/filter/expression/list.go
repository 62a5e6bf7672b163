package expression

import (
	"bytes"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// buffer is where one list that is made on the way stands, run after run.
func (c *compiler) buffer() int {
	c.buffers++
	return c.buffers - 1
}

// listOf is a list that is written out.
func (c *compiler) listOf(e ast.Expr) code {
	compiled := code{kind: list}
	var elements []code
	for _, element := range e.AsList().Elements() {
		one := c.scalar(element)
		if one.kind == row {
			return c.refuse(element, "a list of records cannot be written out")
		}
		if len(elements) > 0 && one.kind != compiled.item {
			return c.refuse(element, "all items of a list are of one type: write 1.0 and not 1 among doubles")
		}
		compiled.item = one.kind
		compiled.cost = compiled.cost.plus(one.cost)
		elements = append(elements, one)
	}
	if fixed, ok := literals(elements); ok {
		compiled.list = func(*Run) []item { return fixed }
		return compiled
	}
	to := c.buffer()
	compiled.list = func(r *Run) []item {
		made := r.buffers[to][:0]
		for _, element := range elements {
			made = append(made, element.eval(r))
		}
		r.buffers[to] = made
		return made
	}
	return compiled
}

// literals are the values of a list of constants.
func literals(elements []code) ([]item, bool) {
	fixed := make([]item, len(elements))
	for i, element := range elements {
		if element.literal == nil {
			return nil, false
		}
		fixed[i] = *element.literal
	}
	return fixed, true
}

// concatenation is one list after the other.
func (c *compiler) concatenation(e ast.Expr, a, b code) code {
	if a.item != b.item || a.rows != b.rows {
		return c.refuse(e, "these two lists hold different things")
	}
	to := c.buffer()
	return code{kind: list, item: a.item, rows: a.rows, cost: a.cost.plus(b.cost), list: func(r *Run) []item {
		first, second := a.list(r), b.list(r)
		if !r.spend(1 + len(first) + len(second)) {
			return nil
		}
		r.buffers[to] = append(append(r.buffers[to][:0], first...), second...)
		return r.buffers[to]
	}}
}

// in says whether a value is among a list's. A missing one never is.
func (c *compiler) in(e ast.Expr, arguments []ast.Expr) code {
	value, among := c.scalar(arguments[0]), c.items(arguments[1])
	if among.kind != list {
		return c.refuse(e, "in looks into a list")
	}
	if value.kind != among.item && among.item != nothing || value.kind == row {
		return c.refuse(e, "in wants a list of the value's own type")
	}
	if value.values != nil && arguments[1].Kind() == ast.ListKind {
		for _, element := range arguments[1].AsList().Elements() {
			if wrong := neverEqual(value, c.scalar(element)); wrong != "" {
				return c.refuse(element, "%s", wrong)
			}
		}
	}
	return code{kind: boolean, cost: value.cost.plus(among.cost), eval: func(r *Run) item {
		v := value.eval(r)
		if !v.known {
			return ofBool(false)
		}
		items := among.list(r)
		if !r.spend(len(items)) {
			return item{}
		}
		for _, it := range items {
			if same(v, it, value.kind) {
				return ofBool(true)
			}
		}
		return ofBool(false)
	}}
}

// same says whether two values of one kind are equal and there.
func same(a, b item, k kind) bool {
	switch {
	case !a.known || !b.known:
		return false
	case k == text:
		return bytes.Equal(a.text, b.text)
	case k == number:
		return a.number() == b.number()
	default:
		return a.bits == b.bits
	}
}

// index is one item of a list, counted from 0: missing beyond its ends.
func (c *compiler) index(e ast.Expr, arguments []ast.Expr) code {
	from, at := c.items(arguments[0]), c.scalar(arguments[1])
	if from.kind != list || at.kind != integer {
		return c.refuse(e, "an item is taken from a list by a whole number")
	}
	return code{kind: from.item, rows: from.rows, cost: from.cost.plus(at.cost), eval: func(r *Run) item {
		items, i := from.list(r), at.eval(r)
		if !i.known || i.int() < 0 || i.int() >= int64(len(items)) {
			return item{}
		}
		return items[i.int()]
	}}
}

// comprehension is a loop: what CEL's macros exists, all, exists_one, filter
// and map have become by the time they are checked.
func (c *compiler) comprehension(e ast.Expr) code {
	loop := e.AsComprehension()
	over := c.items(loop.IterRange())
	if over.kind != list {
		return c.refuse(e, "a loop goes over a list")
	}
	outer, shadowed := c.loop[loop.IterVar()]
	variable := c.vars
	c.vars++
	c.loop[loop.IterVar()] = code{
		kind: over.item, rows: over.rows, eval: func(r *Run) item { return r.vars[variable] },
	}
	defer func() {
		if delete(c.loop, loop.IterVar()); shadowed {
			c.loop[loop.IterVar()] = outer
		}
	}()
	step := loop.LoopStep().AsCall()
	switch arguments := step.Args(); step.FunctionName() {
	case operators.LogicalOr:
		return c.quantifier(over, variable, c.scalar(arguments[1]), true)
	case operators.LogicalAnd:
		return c.quantifier(over, variable, c.scalar(arguments[1]), false)
	case operators.Conditional:
		condition := c.scalar(arguments[0])
		if appended := arguments[1].AsCall().Args()[1]; appended.Kind() == ast.ListKind {
			return c.collection(over, variable, &condition, c.scalar(appended.AsList().Elements()[0]))
		}
		return c.exactlyOne(over, variable, condition)
	case operators.Add:
		return c.collection(over, variable, nil, c.scalar(arguments[1].AsList().Elements()[0]))
	default:
		return c.refuse(e, "a filter has no such loop")
	}
}

// quantifier is exists (found is true) or all (found is false).
func (c *compiler) quantifier(over code, variable int, body code, found bool) code {
	charge := 1 + body.cost.straight
	return code{kind: boolean, cost: over.cost.times(body.cost), eval: func(r *Run) item {
		for _, it := range over.list(r) {
			if !r.spend(charge) {
				return item{}
			}
			r.vars[variable] = it
			if body.eval(r).isTrue() == found {
				return ofBool(found)
			}
		}
		return ofBool(!found)
	}}
}

func (c *compiler) exactlyOne(over code, variable int, body code) code {
	charge := 1 + body.cost.straight
	return code{kind: boolean, cost: over.cost.times(body.cost), eval: func(r *Run) item {
		count := 0
		for _, it := range over.list(r) {
			if !r.spend(charge) {
				return item{}
			}
			r.vars[variable] = it
			if body.eval(r).isTrue() {
				count++
			}
		}
		return ofBool(count == 1)
	}}
}

// collection is map, with a condition or without, or filter.
func (c *compiler) collection(over code, variable int, condition *code, value code) code {
	each := value.cost
	if condition != nil {
		each = each.plus(condition.cost)
	}
	charge := 1 + each.straight
	to := c.buffer()
	return code{kind: list, item: value.kind, rows: value.rows, cost: over.cost.times(each), list: func(r *Run) []item {
		made := r.buffers[to][:0]
		for _, it := range over.list(r) {
			if !r.spend(charge) {
				break
			}
			r.vars[variable] = it
			if condition == nil || condition.eval(r).isTrue() {
				made = append(made, value.eval(r))
			}
		}
		r.buffers[to] = made
		return made
	}}
}
