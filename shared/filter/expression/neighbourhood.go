package expression

import (
	"fmt"
	"slices"
	"strings"

	"nightwire.dev/shared/alert"
)

// neighbourhood is the functions of catalogued objects near the detection.
var neighbourhood = []Function{
	{
		Name: "near_known", About: "Whether a catalogued object of a kind lies within so many arcseconds, as the survey found it: star or galaxy " +
			"(ZTF: Pan-STARRS1 within 30 arcsec, told apart by sgscore), solar-system, or any.",
		Example: "!near_known('star', 1.5)",
		overloads: []overload{{
			parameters: []parameter{{name: "kind", kind: text}, {name: "arcsec", kind: number}}, result: boolean, weight: 20, check: checkNeighbour,
			call: func(r *Run, a []item) item {
				for _, n := range r.near() {
					if n.SepArcsec <= a[1].number() && (string(a[0].text) == anyNeighbour || string(a[0].text) == string(n.Kind)) {
						return ofBool(true)
					}
				}
				return ofBool(false)
			},
		}},
	},
	{
		Name: "counterpart", About: "What lies at the detection's place: solar-system (within 5 arcsec), star or unknown (within 1.5 arcsec), " +
			"galaxy (within 10 arcsec), or none; the first that holds.",
		Example: "counterpart() == 'none'",
		overloads: []overload{{result: text, weight: 20, call: func(r *Run, _ []item) item {
			for _, c := range counterparts {
				for _, n := range r.near() {
					if n.Kind == c.kind && n.SepArcsec <= c.withinArcsec {
						return ofText([]byte(n.Kind))
					}
				}
			}
			return ofText([]byte(noCounterpart))
		}}},
		values: func(*Language) []string {
			values := []string{noCounterpart}
			for _, c := range counterparts {
				values = append(values, string(c.kind))
			}
			return values
		},
	},
}

const (
	anyNeighbour  = "any"
	noCounterpart = "none"
)

// counterparts says how near a neighbour of each kind has to be to count as
// what was seen, in the order in which they are tried. A supernova may stand
// far out in its galaxy.
var counterparts = []struct {
	kind         alert.NeighbourKind
	withinArcsec float64
}{
	{alert.SolarSystem, 5}, {alert.Star, 1.5}, {alert.Unresolved, 1.5}, {alert.Galaxy, 10},
}

// checkNeighbour refuses a kind that there is not.
func checkNeighbour(_ *Language, arguments []code) string {
	known := []string{string(alert.Star), string(alert.Galaxy), string(alert.SolarSystem), string(alert.Unresolved), anyNeighbour}
	if l := arguments[0].literal; l != nil && !slices.Contains(known, string(l.text)) {
		return fmt.Sprintf("there is no kind %q; it is %s", l.text, strings.Join(known, ", "))
	}
	return ""
}
