package figure

import (
	"cmp"
	"slices"
	"strings"
)

// style is how a band is drawn.
type style struct {
	colour string
	shape  func(x, y, size float64) string // of its points: the data of a path
}

// styles have the bands from blue to red. Yellow, which is lost on white, is
// not among the colours.
var styles = map[string]style{
	"u": {"#56B4E9", triangleUp},
	"g": {"#009E73", circle},
	"r": {"#D55E00", square},
	"i": {"#7A3E9D", diamond},
	"z": {"#0072B2", triangleDown},
	"y": {"#000000", cross},
}

// other is how a band is drawn that no survey of ours has.
var other = style{"#666666", circle}

func styleOf(band string) style {
	if s, ok := styles[band]; ok {
		return s
	}
	return other
}

const wavelengthOrder = "ugrizy"

// bands are those of the figure, the bluest first.
func (f *Figure) bands() []string {
	var found []string
	add := func(band string) {
		if !slices.Contains(found, band) {
			found = append(found, band)
		}
	}
	for _, p := range f.Points {
		add(p.Band)
	}
	for _, c := range f.Curves {
		add(c.Band)
	}
	for _, l := range f.Limits {
		add(l.Band)
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return found
}

// rank is a band's place from blue to red; others come last.
func rank(band string) int {
	if i := strings.Index(wavelengthOrder, band); i >= 0 && len(band) == 1 {
		return i
	}
	return len(wavelengthOrder)
}

func circle(x, y, r float64) string {
	return sprint("M", x-r, " ", y, "a", r, " ", r, " 0 1 0 ", 2*r, " 0a", r, " ", r, " 0 1 0 ", -2*r, " 0z")
}

func square(x, y, r float64) string {
	r *= 0.89 // as much ink as a circle
	return sprint("M", x-r, " ", y-r, "h", 2*r, "v", 2*r, "h", -2*r, "z")
}

func diamond(x, y, r float64) string {
	r *= 1.25
	return sprint("M", x, " ", y-r, "l", r, " ", r, "l", -r, " ", r, "l", -r, " ", -r, "z")
}

func triangleUp(x, y, r float64) string {
	r *= 1.2
	return sprint("M", x, " ", y-r, "l", r, " ", 1.8*r, "h", -2*r, "z")
}

func triangleDown(x, y, r float64) string {
	r *= 1.2
	return sprint("M", x, " ", y+r, "l", r, " ", -1.8*r, "h", -2*r, "z")
}

func cross(x, y, r float64) string {
	const arm = 0.38
	a := arm * r
	return sprint("M", x-a, " ", y-r, "h", 2*a, "v", r-a, "h", r-a, "v", 2*a, "h", a-r, "v", r-a, "h", -2*a, "v", a-r, "h", a-r, "v", -2*a, "h", r-a, "z")
}
