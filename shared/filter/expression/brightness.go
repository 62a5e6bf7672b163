package expression

import (
	"nightwire.dev/shared/lightcurve"
)

// brightness is the functions of the detection that triggered the alert. They
// are the same for every survey, whatever it calls its fields.
var brightness = []Function{
	{
		Name: "mag", About: "AB magnitude of this detection's flux on the difference image.", Example: "mag() < 18.5",
		overloads: ofTrigger(number, func(p lightcurve.Point) item { mag, _ := p.Mag(); return ofNumber(mag) }),
	},
	{
		Name: "mag_err", About: "Error of mag() [mag, 1 sigma].", Example: "mag_err() < 0.1",
		overloads: ofTrigger(number, func(p lightcurve.Point) item { _, sigma := p.Mag(); return ofNumber(sigma) }),
	},
	{
		Name: "flux_ujy", About: "Flux of this detection on the difference image [microjansky], negative where the reference was brighter.",
		Example:   "flux_ujy() > 100.0",
		overloads: ofTrigger(number, func(p lightcurve.Point) item { return ofNumber(p.FluxUJy) }),
	},
	{
		Name: "snr", About: "Flux of this detection in units of its error, signed.", Example: "snr() > 10.0",
		overloads: ofTrigger(number, func(p lightcurve.Point) item { return ofNumber(p.SNR()) }),
	},
	{
		Name: "band", About: "Band of this detection: g, r, i (ZTF), u, g, r, i, z, y (LSST).", Example: "band() == 'r'",
		overloads: ofTrigger(text, func(p lightcurve.Point) item { return ofText([]byte(p.Band)) }),
		values:    func(l *Language) []string { return bands[l.Survey] },
	},
	{
		Name: "is_positive", About: "Whether the object is brighter now than in the reference. It settles ZTF's isdiffpos, which is t or 1.",
		Example:   "is_positive()",
		overloads: ofTrigger(boolean, func(p lightcurve.Point) item { return ofBool(p.Positive()) }),
	},
	{
		Name: "real_bogus", About: "The survey's own score of this detection, 0 an artefact, 1 real: ZTF's drb, else its rb; LSST's reliability.",
		Example: "real_bogus() > 0.8",
		overloads: []overload{{result: number, weight: 5, call: func(r *Run, _ []item) item {
			for _, path := range scores {
				if score := r.program.language.item(r.alert.Record.Get(path...), number); score.known {
					return score
				}
			}
			return item{}
		}}},
	},
}

// ofTrigger is a function of the detection that triggered the alert. It is
// missing where the survey sent no flux.
func ofTrigger(result kind, of func(lightcurve.Point) item) []overload {
	return []overload{{result: result, weight: historyWeight, call: func(r *Run, _ []item) item {
		for _, p := range r.curve().Points {
			if p.Trigger {
				return of(p)
			}
		}
		return item{}
	}}}
}

// scores are where surveys keep their real-bogus scores, the best first.
var scores = [][]string{{"candidate", "drb"}, {"candidate", "rb"}, {"diaSource", "reliability"}}
