package simulate

// Truth is what the simulator knows about one alert.
type Truth struct {
	Class      Class   `json:"class"`
	ObjectID   string  `json:"objectId"`
	Candid     int64   `json:"candid"`
	JD         float64 `json:"jd"`
	FilterID   int32   `json:"fid"`
	RADeg      float64 `json:"ra"`
	DecDeg     float64 `json:"dec"`
	Mag        float64 `json:"magpsf"`
	Positive   bool    `json:"positive"`
	Detections int     `json:"n_prv_det"` // in prv_candidates
	Limits     int     `json:"n_prv_lim"` // in prv_candidates
	Repeat     bool    `json:"repeat"`    // the object's second alert of the night
}

// Truth tells what alert i shows. It is much cheaper than Alert.
func (n *Night) Truth(i int) Truth {
	o, m := n.observe(i)
	t := Truth{
		Class: o.class, ObjectID: o.name, Candid: m.candid(),
		JD: m.jd, FilterID: m.fid, RADeg: m.ra, DecDeg: m.dec,
		Mag: decimals(m.mag(), 4), Positive: m.positive(),
		Repeat: m.pass == 1 && o.alertsIn(0),
	}
	past := n.past(&o, &m)
	if !o.hasHistory(past) {
		return t
	}
	for _, p := range past {
		if p.detected() {
			t.Detections++
		} else {
			t.Limits++
		}
	}
	return t
}
