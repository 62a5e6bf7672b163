package simulate

// Photometry is forced on the history of three objects in four.
const (
	forcedOf = 4
	unforced = 3 // the remainder that has none
)

// previous is prv_candidates: detections and upper limits of the last month,
// the oldest first, or nil for a newcomer.
func (n *Night) previous(o *object, tonight *measurement) any {
	past := n.past(o, tonight)
	if !o.hasHistory(past) {
		return nil
	}
	list := make([]any, len(past))
	for i := range past {
		m := &past[i]
		if !m.detected() {
			list[i] = n.limit(m)
			continue
		}
		record := n.detection(o, m)
		if m.daysAgo == 0 {
			// Within the night ZTF writes digits where it writes letters later.
			record["isdiffpos"] = sign(m, "1", "0")
		}
		list[i] = record
	}
	return list
}

// forced is fp_hists: the flux at the object's place in every visit of the
// last month, this one not included, or nil.
func (n *Night) forced(o *object, tonight *measurement) any {
	past := n.past(o, tonight)
	if !o.hasHistory(past) || o.index%forcedOf == unforced {
		return nil
	}
	list := make([]any, len(past))
	for i := range past {
		list[i] = n.forcedPhotometry(o, &past[i])
	}
	return list
}

func (n *Night) forcedPhotometry(o *object, m *measurement) map[string]any {
	near := o.nearest(m.fid)
	return map[string]any{
		"field":              m.fieldID,
		"rcid":               m.readout,
		"fid":                m.fid,
		"pid":                m.pid,
		"rfid":               referenceID(&m.frame),
		"sciinpseeing":       single(m.seeing, 4),
		"scibckgnd":          single(m.background, 4),
		"scisigpix":          single(m.pixelNoise(), 5),
		"magzpsci":           single(m.zeroPoint, 4),
		"magzpsciunc":        single(m.calibration/4000, 8),
		"magzpscirms":        single(m.calibration, 6),
		"clrcoeff":           single(m.colourTerm, 6),
		"clrcounc":           single(m.calibration/3000, 8),
		"exptime":            float32(30),
		"adpctdif1":          single(0.06+0.4*m.calibration, 5),
		"adpctdif2":          single(0.06+0.5*m.calibration, 5),
		"diffmaglim":         single(m.limit, 4),
		"programid":          n.programID,
		"jd":                 m.jd,
		"forcediffimflux":    single(m.flux, 4),
		"forcediffimfluxunc": single(m.sigma, 4),
		"procstatus":         "0",
		"distnr":             near.distance * pixelArcsec,
		"ranr":               near.ra,
		"decnr":              near.dec,
		"magnr":              near.mag,
		"sigmagnr":           near.sigma,
		"chinr":              near.chi,
		"sharpnr":            near.sharp,
	}
}
