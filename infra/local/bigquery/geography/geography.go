// Package geography reads and writes the points that GEOGRAPHY columns hold, as
// well-known text. The local BigQuery server calls it for rows, parameters and
// results.
package geography

import (
	"fmt"
	"strconv"
	"strings"
)

// Point is a GEOGRAPHY: longitude and latitude in degrees. Nightwire keeps a
// position on the sky as one, right ascension as longitude.
type Point struct{ Lon, Lat float64 }

// Parse reads well-known text: "POINT(longitude latitude)".
func Parse(text string) (Point, error) {
	s := strings.TrimSpace(text)
	if len(s) < 5 || !strings.EqualFold(s[:5], "POINT") {
		return Point{}, fmt.Errorf("parse geography %q: only a POINT is supported", text)
	}
	s = strings.TrimSpace(s[5:])
	if !strings.HasPrefix(s, "(") || !strings.HasSuffix(s, ")") {
		return Point{}, fmt.Errorf("parse geography %q: want POINT(longitude latitude)", text)
	}
	parts := strings.Fields(s[1 : len(s)-1])
	if len(parts) != 2 {
		return Point{}, fmt.Errorf("parse geography %q: want POINT(longitude latitude)", text)
	}
	lon, err := strconv.ParseFloat(parts[0], 64)
	if err != nil {
		return Point{}, fmt.Errorf("parse geography %q: %w", text, err)
	}
	lat, err := strconv.ParseFloat(parts[1], 64)
	if err != nil {
		return Point{}, fmt.Errorf("parse geography %q: %w", text, err)
	}
	if !(lat >= -90 && lat <= 90) || !(lon >= -360 && lon <= 360) {
		return Point{}, fmt.Errorf("parse geography %q: the latitude must be within 90 degrees and the longitude within 360", text)
	}
	if lon > 180 {
		lon -= 360
	} else if lon < -180 {
		lon += 360
	}
	return Point{lon, lat}, nil
}

// String is the point's well-known text.
func (p Point) String() string {
	return "POINT(" + strconv.FormatFloat(p.Lon, 'f', -1, 64) + " " + strconv.FormatFloat(p.Lat, 'f', -1, 64) + ")"
}
