package supernova

import (
	"strconv"
	"time"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/supernova"
	"nightwire.dev/shared/survey"
)

// work is the fit of one alert, and what becomes of it.
type work struct {
	alert  *alert.Alert
	object event.Object
	night  string
	replay bool
	at     time.Time

	fitter                *supernova.Fitter
	fit                   supernova.Fit
	saltCPU, transientCPU time.Duration

	told bool // Pub/Sub has confirmed the message, now or before
}

func newWork(fitter *supernova.Fitter, a *alert.Alert, o event.Object, replay bool, now time.Time) *work {
	w := &work{alert: a, object: o, night: survey.Night(a), replay: replay, at: now, fitter: fitter}
	curve := lightcurve.ForFit(a)
	w.fit.Curve = curve
	w.saltCPU = processorTime(func() { w.fit.SALT = fitter.SALT(curve) })
	w.transientCPU = processorTime(func() { w.fit.Transient = fitter.Transient(curve) })
	return w
}

func (w *work) model() *models.Set { return w.fitter.Model() }

func (w *work) candid() string { return strconv.FormatInt(w.alert.Candid, 10) }

// id names the fit: the alert, the model and the settings.
func (w *work) id() string {
	const digits = 12
	return w.candid() + "-" + w.model().Hash[:digits] + "-" + w.fitter.Settings()
}

// plotName is the plot's in the bucket of products; empty where there is none.
func (w *work) plotName() string {
	if !w.fit.Drawn() {
		return ""
	}
	return names.PlotObject(w.night, w.alert.ObjectID, w.candid())
}
