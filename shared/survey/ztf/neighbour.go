package ztf

import (
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
)

// stellar is the star-galaxy score above which a Pan-STARRS1 source counts as a
// star (Tachibana & Miller 2018); it runs from 0, extended, to 1.
const stellar = 0.5

// pointSources are the fields of the three nearest Pan-STARRS1 sources.
var pointSources = [...]struct{ distance, score string }{
	{"distpsnr1", "sgscore1"}, {"distpsnr2", "sgscore2"}, {"distpsnr3", "sgscore3"},
}

// Neighbours are the known solar system object and the Pan-STARRS1 sources
// near the detection: within 30 arcsec, as the survey searches.
func Neighbours(record packet.Value) []alert.Neighbour {
	candidate := record.Get("candidate")
	var found []alert.Neighbour
	// A negative distance is another way in which the survey says none.
	if d := Number(candidate.Get("ssdistnr")); d.Known && d.Value >= 0 {
		found = append(found, alert.Neighbour{Kind: alert.SolarSystem, SepArcsec: d.Value})
	}
	for _, source := range pointSources {
		d := Number(candidate.Get(source.distance))
		if !d.Known || d.Value < 0 {
			continue
		}
		found = append(found, alert.Neighbour{Kind: kind(Number(candidate.Get(source.score))), SepArcsec: d.Value})
	}
	return found
}

func kind(score alert.Maybe[float64]) alert.NeighbourKind {
	switch {
	case !score.Known:
		return alert.Unresolved
	case score.Value > stellar:
		return alert.Star
	default:
		return alert.Galaxy
	}
}
