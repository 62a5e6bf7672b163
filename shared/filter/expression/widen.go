package expression

import "cel.dev/cel-go/common/ast"

// widening is the hidden function that makes a double of an int.
const widening = "@number"

// widen lets an int stand wherever a function wants a double, as people write
// it: n_detections('r', 30). It changes the parsed tree before it is checked.
func widen(tree *ast.AST) {
	factory, info := ast.NewExprFactory(), tree.SourceInfo()
	fresh := int64(0)
	for id := range tree.IDs() {
		fresh = max(fresh, id)
	}
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		f, ok := library[call.FunctionName()]
		if !ok || call.IsMemberFunction() {
			return
		}
		for i, argument := range call.Args() {
			if !f.wantsNumber(i, len(call.Args())) {
				continue
			}
			fresh++
			outer, inner := argument.ID(), factory.CopyExpr(argument)
			inner.RenumberIDs(func(id int64) int64 {
				if id == outer {
					return fresh
				}
				return id
			})
			if at, ok := info.GetOffsetRange(outer); ok {
				info.SetOffsetRange(fresh, at)
			}
			argument.SetKindCase(factory.NewCall(outer, widening, inner))
		}
	}))
}

// wantsNumber says whether an argument is a double in all ways to call the
// function with so many arguments.
func (f Function) wantsNumber(i, arguments int) bool {
	wants := false
	for _, o := range f.overloads {
		if len(o.parameters) != arguments {
			continue
		}
		if p := o.parameters[i]; p.kind != number || p.list {
			return false
		}
		wants = true
	}
	return wants
}
