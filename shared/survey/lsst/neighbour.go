package lsst

import (
	"math"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
)

// nearby are the fields of the nearest catalogued objects, which packets had
// up to 7.4. What they are, star or galaxy, the survey does not say.
var nearby = [...]string{"nearbyObj1Dist", "nearbyObj2Dist", "nearbyObj3Dist"}

// Neighbours are the solar system object to which the detection belongs, and
// the nearest catalogued objects where the packet has them.
func Neighbours(record packet.Value) []alert.Neighbour {
	var found []alert.Neighbour
	ours := record.Get("ssSource")
	if record.Get("diaSource", "ssObjectId").Int() != 0 || ours.Get("ssObjectId").Int() != 0 {
		// The survey has associated the two; how far apart they are it says
		// only from schema 10.0 on.
		offset := ours.Get("ephOffset").Float()
		if math.IsNaN(offset) {
			offset = 0
		}
		found = append(found, alert.Neighbour{Kind: alert.SolarSystem, SepArcsec: math.Abs(offset)})
	}
	for _, field := range nearby {
		if d := record.Get("diaObject", field); !d.IsNull() && d.Float() >= 0 {
			found = append(found, alert.Neighbour{Kind: alert.Unresolved, SepArcsec: d.Float()})
		}
	}
	return found
}
