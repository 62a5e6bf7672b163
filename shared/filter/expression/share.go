package expression

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/ast"
)

// share has the value of an expression kept, for itself and for all others that
// mean the same, while a run lasts. What depends on a loop's variable is not
// shared.
func (c *compiler) share(e ast.Expr, compiled code) code {
	key, closed := c.key(e)
	if !closed {
		return compiled
	}
	return c.shareAs(key, compiled)
}

// shareAs shares what has a key.
func (p *Program) shareAs(key string, compiled code) code {
	if compiled.literal != nil || compiled.kind == row {
		return compiled
	}
	i := p.answer(key)
	shared := compiled
	if compiled.list != nil {
		shared.list = func(r *Run) []item {
			a := &r.answers[i]
			if a.run == r.number {
				return a.list
			}
			return keep(r, a, answer{list: compiled.list(r)}).list
		}
		return shared
	}
	shared.eval = func(r *Run) item {
		a := &r.answers[i]
		if a.run == r.number {
			return a.item
		}
		return keep(r, a, answer{item: compiled.eval(r)}).item
	}
	return shared
}

// keep keeps an answer, unless the evaluation had to be given up: the next may
// have more to spend.
func keep(r *Run, to *answer, found answer) answer {
	if r.err == nil {
		found.run = r.number
		*to = found
	}
	return found
}

// key writes an expression so that those that mean the same are written the
// same. closed is false where it depends on the variable of a loop around it.
func (c *compiler) key(e ast.Expr) (key string, closed bool) {
	w := keyWriter{columns: c.keys, outside: c.loop, bound: map[string]int{}, closed: true}
	w.write(e)
	return w.String(), w.closed
}

type keyWriter struct {
	strings.Builder

	columns map[string]string
	outside map[string]code // the variables of the loops around
	bound   map[string]int  // the variables of the loops within
	closed  bool
}

func (w *keyWriter) write(e ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
		fmt.Fprintf(w, "%s:%#v", e.AsLiteral().Type().TypeName(), e.AsLiteral().Value())
	case ast.IdentKind:
		w.name(e.AsIdent())
	case ast.SelectKind:
		s := e.AsSelect()
		fmt.Fprintf(w, "%s/%t(", s.FieldName(), s.IsTestOnly())
		w.write(s.Operand())
		w.WriteByte(')')
	case ast.CallKind:
		call := e.AsCall()
		arguments := call.Args()
		if call.IsMemberFunction() {
			arguments = append([]ast.Expr{call.Target()}, arguments...)
		}
		w.all(call.FunctionName(), arguments)
	case ast.ListKind:
		w.all("list", e.AsList().Elements())
	case ast.ComprehensionKind:
		loop := e.AsComprehension()
		w.all("over", []ast.Expr{loop.IterRange()})
		w.bound[loop.IterVar()]++
		w.bound[loop.AccuVar()]++
		w.all("loop "+loop.IterVar(), []ast.Expr{loop.AccuInit(), loop.LoopStep(), loop.Result()})
		w.bound[loop.IterVar()]--
		w.bound[loop.AccuVar()]--
	default:
		w.closed = false
	}
}

func (w *keyWriter) all(name string, parts []ast.Expr) {
	w.WriteString(name)
	w.WriteByte('(')
	for _, part := range parts {
		w.write(part)
		w.WriteByte(',')
	}
	w.WriteByte(')')
}

// name writes a column as what it stands for, since two filters may call
// different things by one name.
func (w *keyWriter) name(name string) {
	column, isColumn := w.columns[name]
	_, isOutside := w.outside[name]
	switch {
	case w.bound[name] > 0:
		fmt.Fprintf(w, "variable %s", name)
	case isOutside:
		w.closed = false
	case isColumn:
		w.WriteString(column)
	case strings.HasPrefix(name, "."):
		w.WriteString(name[1:])
	default:
		w.WriteString(name)
	}
}
