// Package geography reads and writes the points that GEOGRAPHY columns hold, as
// well-known text. The local BigQuery server calls it for rows, parameters and
// results.
package geography

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// Point is a GEOGRAPHY: longitude and latitude in degrees. Nightwire keeps a
// position on the sky as one, right ascension as longitude.
type Point struct{ Lon, Lat float64 }

var wellKnown = regexp.MustCompile(`(?i)^\s*POINT\s*\(\s*(\S+)\s+(\S+)\s*\)\s*$`)

// Parse reads well-known text: "POINT(longitude latitude)".
func Parse(text string) (Point, error) {
	parts := wellKnown.FindStringSubmatch(text)
	if parts == nil {
		return Point{}, fmt.Errorf("parse geography %q: only POINT(longitude latitude) is supported", text)
	}
	lon, err := strconv.ParseFloat(parts[1], 64)
	lat, err2 := strconv.ParseFloat(parts[2], 64)
	if err != nil || err2 != nil || !(math.Abs(lat) <= 90 && math.Abs(lon) <= 360) {
		return Point{}, fmt.Errorf("parse geography %q: want a longitude within 360 degrees and a latitude within 90", text)
	}
	if math.Abs(lon) > 180 {
		lon -= math.Copysign(360, lon)
	}
	return Point{lon, lat}, nil
}

// String is the point's well-known text.
func (p Point) String() string {
	return "POINT(" + strconv.FormatFloat(p.Lon, 'f', -1, 64) + " " + strconv.FormatFloat(p.Lat, 'f', -1, 64) + ")"
}
