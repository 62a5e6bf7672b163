package queries

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"nightwire.dev/schemas"
)

// Cone is a circle on the sky.
type Cone struct {
	RADeg, DecDeg, RadiusArcsec float64
}

// widest is the widest circle that is searched: a degree.
const widest = 3600

// ParseCone reads "RA,DEC,RADIUS": degrees, degrees, arcseconds.
func ParseCone(text string) (Cone, error) {
	parts := strings.Split(text, ",")
	if len(parts) != 3 {
		return Cone{}, fmt.Errorf("cone %q: want RA,DEC,RADIUS in degrees, degrees and arcseconds", text)
	}
	var numbers [3]float64
	for i, part := range parts {
		x, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			return Cone{}, fmt.Errorf("cone %q: %q is not a number", text, part)
		}
		numbers[i] = x
	}
	c := Cone{numbers[0], numbers[1], numbers[2]}
	switch {
	case !(c.RADeg >= 0 && c.RADeg <= 360):
		return c, fmt.Errorf("cone %q: the right ascension is not between 0 and 360 degrees", text)
	case !(c.DecDeg >= -90 && c.DecDeg <= 90):
		return c, fmt.Errorf("cone %q: the declination is not between -90 and 90 degrees", text)
	case !(c.RadiusArcsec > 0 && c.RadiusArcsec <= widest):
		return c, fmt.Errorf("cone %q: the radius is not between 0 and %d arcseconds", text, widest)
	}
	return c, nil
}

// Of is a query that has the alerts within the circle under the name cone. The
// circle becomes parameters of the query, whose values it is.
func (c Cone) Of(q Query, survey string) (Query, error) {
	cone, err := Find("cone", survey)
	if err != nil {
		return q, err
	}
	at := beginning.FindStringSubmatchIndex(q.SQL)
	if at == nil {
		return q, fmt.Errorf("query %s: a query of a cone begins with SELECT or WITH", q.Name)
	}
	values := map[string]float64{"ra": c.RADeg, "dec": c.DecDeg, "radius_arcsec": c.RadiusArcsec}
	for _, p := range cone.Parameters {
		if q.parameter(p.Name) != nil {
			return q, fmt.Errorf("query %s: the cone has a parameter %s as well: choose another name", q.Name, p.Name)
		}
		p.Default, p.Required = strconv.FormatFloat(values[p.Name], 'g', -1, 64), false
		q.Parameters = append(q.Parameters, p)
	}
	before, with, rest := q.SQL[:at[2]], "WITH cone AS (\n"+cone.SQL+")\n", q.SQL[at[2]:]
	if at[4] >= 0 { // a WITH of its own goes on after ours
		with, rest = q.SQL[at[4]:at[5]]+" cone AS (\n"+cone.SQL+"),", q.SQL[at[5]:]
	}
	q.SQL = before + with + rest
	return q, nil
}

// beginning is where a query begins after its comments, and its WITH if it has
// one. A bracket may come first.
var beginning = regexp.MustCompile(`(?is)^(?:\s|(?:--|#)[^\n]*(?:\n|$)|/\*.*?\*/)*((WITH(?:\s+RECURSIVE)?\b)|SELECT\b|\()`)

// Nearest is what is asked of a circle if nothing else is: its alerts, the
// nearest first.
func Nearest(survey string) Query { return Query{Name: "cone", SQL: nearest[survey]} }

var nearest = map[string]string{
	schemas.ZTF: `SELECT
  separation_arcsec, objectId, candid, observed_at, candidate.ra, candidate.dec,
  CASE candidate.fid WHEN 1 THEN 'g' WHEN 2 THEN 'r' WHEN 3 THEN 'i' END AS band, candidate.magpsf AS mag
FROM cone
ORDER BY separation_arcsec, candid`,
	schemas.LSST: `SELECT
  separation_arcsec, diaSource.diaObjectId, diaSource.diaSourceId, observed_at, diaSource.ra, diaSource.dec,
  diaSource.band, diaSource.psfFlux
FROM cone
ORDER BY separation_arcsec, diaSourceId`,
}
