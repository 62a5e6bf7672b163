package expression

import "math"

// numbers is the functions of numbers and of lists of numbers. Of a list they
// take the values that are there; of a list without any they are missing.
var numbers = []Function{
	{
		Name: "abs", About: "The absolute value.", Example: "abs(candidate.magdiff) <= 0.1",
		overloads: []overload{
			ofNumbers(math.Abs),
			{parameters: []parameter{{name: "x", kind: integer}}, result: integer, weight: 1, call: func(_ *Run, a []item) item {
				if a[0].int() == math.MinInt64 {
					return item{}
				}
				return ofInt(max(a[0].int(), -a[0].int()))
			}},
		},
	},
	{Name: "sqrt", About: "The square root.", Example: "sqrt(ra() * ra() + 1.0) > 1.0", overloads: []overload{ofNumbers(math.Sqrt)}},
	{Name: "log10", About: "The logarithm to base 10.", Example: "-2.5 * log10(flux_ujy()) + 23.9 < 19.0", overloads: []overload{ofNumbers(math.Log10)}},
	{Name: "ln", About: "The natural logarithm.", Example: "ln(flux_ujy()) > 3.0", overloads: []overload{ofNumbers(math.Log)}},
	{Name: "exp", About: "The exponential function.", Example: "exp(-age_days() / 5.0) > 0.5", overloads: []overload{ofNumbers(math.Exp)}},
	{Name: "pow", About: "x to the power y.", Example: "pow(10, (23.9 - mag()) / 2.5) > 50.0", overloads: []overload{{
		parameters: numbersNamed("x", "y"), result: number, weight: 5,
		call: func(_ *Run, a []item) item { return ofNumber(math.Pow(a[0].number(), a[1].number())) },
	}}},
	{Name: "floor", About: "The largest whole number that is not above x.", Example: "floor(dec()) == 12.0", overloads: []overload{ofNumbers(math.Floor)}},
	{Name: "min", About: "The smaller of two, or the smallest of a list.", Example: "min(prv_candidates.map(p, p.magpsf)) < 18.0", overloads: reductions(math.Min)},
	{Name: "max", About: "The larger of two, or the largest of a list.", Example: "max(prv_candidates.map(p, p.magpsf)) < 20.0", overloads: reductions(math.Max)},
	{Name: "sum", About: "The sum of a list.", Example: "sum(prv_candidates.map(p, p.scorr)) > 100.0", overloads: []overload{ofList(total)}},
	{Name: "mean", About: "The mean of a list.", Example: "mean(prv_candidates.map(p, p.rb)) > 0.7", overloads: []overload{ofList(func(a []item) float64 {
		return total(a) / float64(len(a))
	})}},
}

// ofNumbers is a function of one number.
func ofNumbers(of func(float64) float64) overload {
	return overload{parameters: numbersNamed("x"), result: number, weight: 5, call: func(_ *Run, a []item) item { return ofNumber(of(a[0].number())) }}
}

// ofList is a function of a list of doubles.
func ofList(of func(a []item) float64) overload {
	return overload{
		parameters: []parameter{{name: "values", kind: number, list: true}}, result: number, weight: 5,
		call: func(_ *Run, a []item) item {
			if len(a) == 0 {
				return item{}
			}
			return ofNumber(of(a))
		},
	}
}

// reductions are the ways to call min and max.
func reductions(choose func(a, b float64) float64) []overload {
	return []overload{
		{
			parameters: numbersNamed("x", "y"), result: number, weight: 1,
			call: func(_ *Run, a []item) item { return ofNumber(choose(a[0].number(), a[1].number())) },
		},
		ofList(func(a []item) float64 {
			chosen := a[0].number()
			for _, it := range a[1:] {
				chosen = choose(chosen, it.number())
			}
			return chosen
		}),
	}
}

func total(a []item) float64 {
	sum := 0.0
	for _, it := range a {
		sum += it.number()
	}
	return sum
}
