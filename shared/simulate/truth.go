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

	// Light is what a supernova is in the demonstration model, else nil.
	Light *Light `json:"light,omitempty"`
}

// Light is the parameters of a supernova, those of salt2.Params.
type Light struct {
	Z  float64 `json:"z"`
	T0 float64 `json:"t0"` // MJD
	X0 float64 `json:"x0"`
	X1 float64 `json:"x1"`
	C  float64 `json:"c"`
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
	if o.class == Supernova {
		light := Light(o.light)
		t.Light = &light
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
