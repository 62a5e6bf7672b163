package simulate

import (
	"math"
	"math/rand/v2"
)

// matchRadius is how far ZTF looks for sources of the PS1 catalogue, arcsec.
const matchRadius = 30

// sourceColumns name the fields of one PS1 source.
type sourceColumns struct{ id, g, r, i, z, score, distance string }

var closest = [3]sourceColumns{
	{"objectidps1", "sgmag1", "srmag1", "simag1", "szmag1", "sgscore1", "distpsnr1"},
	{"objectidps2", "sgmag2", "srmag2", "simag2", "szmag2", "sgscore2", "distpsnr2"},
	{"objectidps3", "sgmag3", "srmag3", "simag3", "szmag3", "sgscore3", "distpsnr3"},
}

// source is an entry of the PS1 catalogue.
type source struct {
	distance float64 // arcsec
	mag      float64 // in r
	score    float64 // 0 galaxy, 1 star
}

// catalogue fills in the closest PS1 sources: first the neighbour in the
// reference image, then others ever farther away.
func (o *object) catalogue(record map[string]any, r *rand.Rand) {
	s := source{
		distance: o.near.distance*pixelArcsec + math.Abs(normal(r, 0, 0.03)),
		mag:      o.near.mag,
		score:    1 - min(0.4, math.Abs(normal(r, 0, 0.06))),
	}
	if o.near.galaxy {
		s.score = math.Abs(normal(r, 0.04, 0.08))
	}
	matches := 0
	for _, columns := range closest {
		if s.distance <= matchRadius {
			matches++
			o.enter(record, columns, s, r)
		} else {
			leaveEmpty(record, columns)
		}
		s = source{
			distance: s.distance + uniform(r, 1.5, 12),
			mag:      uniform(r, 17, 22.3),
			score:    r.Float64(),
		}
	}
	if matches == len(closest) {
		matches += r.IntN(40)
	}
	record["nmtchps"] = int32(matches)
}

func (o *object) enter(record map[string]any, c sourceColumns, s source, r *rand.Rand) {
	colour := uniform(r, 0.1, 0.9)
	arc, angle := s.distance/3600, uniform(r, 0, 2*math.Pi)
	ra := wrap(o.ra + arc*math.Cos(angle)/math.Cos(radians(o.dec)))
	record[c.id] = panStarrsID(ra, o.dec+arc*math.Sin(angle), r.IntN(10_000))
	record[c.g] = single(s.mag+colour, 4)
	record[c.r] = single(s.mag, 4)
	record[c.i] = single(s.mag-0.4*colour, 4)
	record[c.z] = single(s.mag-0.6*colour, 4)
	if r.IntN(8) == 0 {
		record[c.z] = float32(missing) // not every source was measured in every band
	}
	record[c.score] = single(s.score, 6)
	record[c.distance] = single(s.distance, 6)
}

func leaveEmpty(record map[string]any, c sourceColumns) {
	record[c.id] = int64(missing)
	for _, column := range [...]string{c.g, c.r, c.i, c.z, c.score, c.distance} {
		record[column] = float32(missing)
	}
}
