package simulate

import "math"

const (
	investigator   = "Nightwire"
	rbVersion      = "t17_f5_c3"
	missing        = -999 // no match, in ZTF's catalogue columns
	referenceImage = 120_000
	historyFields  = 57 // in an entry of prv_candidates
)

// detection gives the fields that a candidate and a detection in the history
// share. The candidate of an alert and its later appearance in a history come
// from the same call, so they agree.
func (n *Night) detection(o *object, m *measurement) map[string]any {
	s := n.shapeOf(o, m)
	mag, sigma := m.mag(), m.magSigma()
	aperture := mag + s.magdiff
	a := 0.3 * m.seeing * math.Sqrt(s.elong)
	b := a / s.elong
	record := n.coverage(&m.frame)
	record["candid"] = m.candid()
	record["isdiffpos"] = sign(m, "t", "f")
	record["tblid"] = int64(m.rank)
	record["xpos"] = single(m.x, 4)
	record["ypos"] = single(m.y, 4)
	record["ra"] = m.ra
	record["dec"] = m.dec
	record["magpsf"] = single(mag, 4)
	record["sigmapsf"] = single(sigma, 5)
	record["chipsf"] = single(s.chi, 4)
	record["magap"] = single(aperture, 4)
	record["sigmagap"] = single(1.1*sigma, 4)
	record["sky"] = single(0.1*m.pixelNoise()*(s.sumRatio-0.7), 5)
	record["magdiff"] = single(s.magdiff, 5)
	record["fwhm"] = single(s.fwhm, 3)
	record["classtar"] = single(s.classtar, 3)
	record["mindtoedge"] = single(m.toEdge(), 4)
	record["magfromlim"] = single(m.limit-aperture, 4)
	record["seeratio"] = single(s.fwhm/m.seeing, 4)
	record["aimage"] = single(a, 3)
	record["bimage"] = single(b, 3)
	record["aimagerat"] = single(a/s.fwhm, 5)
	record["bimagerat"] = single(b/s.fwhm, 5)
	record["elong"] = single(s.elong, 5)
	record["nneg"] = s.nneg
	record["nbad"] = s.nbad
	record["rb"] = single(min(s.rb, 1), 6)
	record["ssdistnr"] = nil
	record["ssmagnr"] = nil
	record["ssnamenr"] = nil
	record["sumrat"] = single(s.sumRatio, 6)
	record["magapbig"] = single(aperture-0.2*s.magdiff, 4)
	record["sigmagapbig"] = single(1.4*sigma, 4)
	record["scorr"] = decimals(m.signalToNoise(), 5)
	near := o.nearest(m.fid)
	record["distnr"] = near.distance
	record["magnr"] = near.mag
	record["sigmagnr"] = near.sigma
	record["chinr"] = near.chi
	record["sharpnr"] = near.sharp
	record["ranr"] = near.ra
	record["decnr"] = near.dec
	return record
}

// limit gives a visit that detected nothing: where and how deep the camera
// looked, and nulls.
func (n *Night) limit(m *measurement) map[string]any {
	record := n.coverage(&m.frame)
	for _, name := range nullInLimits {
		record[name] = nil
	}
	return record
}

var nullInLimits = [...]string{
	"candid", "isdiffpos", "tblid", "xpos", "ypos", "ra", "dec", "magpsf", "sigmapsf", "chipsf", "magap",
	"sigmagap", "distnr", "magnr", "sigmagnr", "chinr", "sharpnr", "sky", "magdiff", "fwhm", "classtar",
	"mindtoedge", "magfromlim", "seeratio", "aimage", "bimage", "aimagerat", "bimagerat", "elong", "nneg",
	"nbad", "rb", "ssdistnr", "ssmagnr", "ssnamenr", "sumrat", "magapbig", "sigmagapbig", "ranr", "decnr",
	"scorr",
}

// coverage gives the fields that every visit has, seen or not.
func (n *Night) coverage(f *frame) map[string]any {
	record := make(map[string]any, historyFields)
	record["jd"] = f.jd
	record["fid"] = f.fid
	record["pid"] = f.pid
	record["diffmaglim"] = single(f.limit, 4)
	record["pdiffimfilename"] = imageName(f)
	if f.daysAgo > 0 {
		record["pdiffimfilename"] = archivedName(f)
	}
	record["programpi"] = investigator
	record["programid"] = n.programID
	record["nid"] = int32(f.nid)
	record["rcid"] = f.readout
	record["field"] = f.fieldID
	record["magzpsci"] = single(f.zeroPoint, 4)
	record["magzpsciunc"] = single(f.calibration/4000, 8)
	record["magzpscirms"] = single(f.calibration, 6)
	record["clrcoeff"] = single(f.colourTerm, 6)
	record["clrcounc"] = single(f.calibration/3000, 8)
	record["rbversion"] = rbVersion
	return record
}

// reference is the nearest source in the reference image of a filter.
type reference struct {
	distance, mag, sigma, chi, sharp float32
	ra, dec                          float64
}

func (o *object) nearest(fid int32) reference {
	mag := o.near.mag + colours{1: 0.4, 2: 0, 3: -0.15}[fid]
	r := reference{
		distance: single(o.near.distance, 5),
		mag:      single(mag, 3),
		sigma:    single(0.012+0.1*magFlux(21.5)/magFlux(mag), 3),
		chi:      single(0.4+0.02*fraction(100*mag), 3),
		sharp:    single(-0.03+0.04*fraction(10*mag), 3),
	}
	if o.near.galaxy {
		r.chi, r.sharp = r.chi+1.2, r.sharp+0.35
	}
	arc := o.near.distance * pixelArcsec / 3600
	r.ra = decimals(wrap(o.ra+arc*math.Cos(o.near.angle)/math.Cos(radians(o.dec))), 7)
	r.dec = decimals(o.dec+arc*math.Sin(o.near.angle), 7)
	return r
}

func sign(m *measurement, positive, negative string) string {
	if m.positive() {
		return positive
	}
	return negative
}
