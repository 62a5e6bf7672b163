package supernova

import (
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/warehouse"
)

// bazinModel is what transient_fits says was fitted.
const bazinModel = "bazin2009"

// saltRow is the row of supernova_fits.
func (w *work) saltRow() warehouse.Values {
	s, set := &w.fit.SALT, w.model()
	row := w.row(w.saltCPU)
	row["model"], row["model_hash"], row["demonstration"] = set.Name, set.Hash, set.Demonstration
	row["settings"] = w.fitter.Settings()
	row["n_significant"], row["n_used"] = int64(s.Significant), int64(s.Points)
	row["data"] = w.data(func(i int) bool { return s.Used[i] })
	row["plausible_ia"], row["z_fixed"] = s.Plausible, s.ZFixed
	if !s.OK() {
		row["reason"] = string(s.Reason)
		return row
	}
	row["doubts"] = s.Doubts
	row["chi2"], row["ndof"], row["p_value"] = s.ChiSquare, int64(s.NDOF), s.PValue
	values := [...]float64{s.Z, s.T0, s.X0, s.X1, s.C}
	errors := [...]float64{s.Errors.Z, s.Errors.T0, s.Errors.X0, s.Errors.X1, s.Errors.C}
	covariance := warehouse.Values{}
	names := schemas.SALTParameters()
	for i, a := range names {
		row[a], row[a+"_err"] = values[i], errors[i]
		for j, b := range names[i:] {
			covariance[a+"_"+b] = s.Covariance[i][i+j]
		}
	}
	row["covariance"] = covariance
	if m := s.PeakMag; m.Known {
		row["peak_mag"], row["peak_mag_err"] = m.Value.Mag, m.Value.Err
	}
	if m := s.PeakAbsMag; m.Known {
		row["peak_abs_mag"], row["peak_abs_mag_err"] = m.Value.Mag, m.Value.Err
	}
	return row
}

// transientRow is the row of transient_fits.
func (w *work) transientRow() warehouse.Values {
	t := &w.fit.Transient
	row := w.row(w.transientCPU)
	row["model"], row["n_significant"], row["n_used"] = bazinModel, int64(t.Significant), int64(t.Points)
	fitted := map[string]bool{}
	for _, b := range t.Bands {
		fitted[b.Name] = true
	}
	row["data"] = w.data(func(i int) bool { return fitted[w.fit.Curve.Points[i].Band] })
	if t.Reason != "" {
		row["reason"] = string(t.Reason)
		return row
	}
	row["chi2"], row["ndof"], row["p_value"] = t.ChiSquare, int64(t.NDOF), t.PValue
	row["peak"], row["peak_err"] = t.Peak, t.PeakErr
	row["t0"], row["t0_err"] = t.T0, t.T0Err
	row["rise"], row["rise_err"] = t.Rise, t.RiseErr
	row["fall"], row["fall_err"] = t.Fall, t.FallErr
	row["held"], row["bands"], row["covariance"] = w.held(), w.bands(), w.transientCovariance()
	if blue, red, ok := w.bluest(); ok {
		if colour, sigma, known := t.ColourAtPeak(blue, red); known {
			row["colour_bands"], row["colour"], row["colour_err"] = blue+"-"+red, colour, sigma
		}
	}
	return row
}

// row has what both tables have.
func (w *work) row(cpu time.Duration) warehouse.Values {
	row := warehouse.Values{
		"night": w.night, "objectId": w.alert.ObjectID, "candid": w.alert.Candid,
		"object": w.object.Name, "generation": w.object.Generation,
		"observed_at": w.alert.ObservedAt, "ra": w.alert.RADeg, "dec": w.alert.DecDeg,
		"position":  warehouse.Point(w.alert.RADeg, w.alert.DecDeg),
		"fitted_at": w.at, "cpu_ms": float64(cpu) / float64(time.Millisecond), "replay": w.replay,
	}
	if plot := w.plotName(); plot != "" {
		row["plot"] = plot
	}
	return row
}

// data is the light curve, and which of its points were used.
func (w *work) data(used func(i int) bool) []warehouse.Values {
	points := make([]warehouse.Values, len(w.fit.Curve.Points))
	for i, p := range w.fit.Curve.Points {
		points[i] = warehouse.Values{
			"mjd": p.MJD, "band": p.Band, "flux": p.FluxUJy, "flux_err": p.FluxErrUJy, "forced": p.Forced, "used": used(i),
		}
	}
	return points
}

// held are the coordinates of the search that ended on a bound.
func (w *work) held() (held []string) {
	t := &w.fit.Transient
	if t.Held.Peak {
		held = append(held, "peak")
	}
	if t.Held.Rise {
		held = append(held, "rise")
	}
	if t.Held.Fall {
		held = append(held, "fall")
	}
	return held
}

func (w *work) bands() []warehouse.Values {
	var all []warehouse.Values
	for _, b := range w.fit.Transient.Bands {
		band := warehouse.Values{
			"band": b.Name, "amplitude": b.Amplitude, "amplitude_err": b.AmplitudeErr,
			"peak_flux": b.PeakFlux, "peak_flux_err": b.PeakFluxErr, "points": int64(b.Points),
		}
		if b.PeakFlux > 0 {
			band["peak_mag"], _ = alert.Mag(b.PeakFlux, b.PeakFluxErr)
		}
		all = append(all, band)
	}
	return all
}

// bluest are the two bluest bands.
func (w *work) bluest() (blue, red string, ok bool) {
	bands := w.fit.Transient.Bands
	if len(bands) < 2 {
		return "", "", false
	}
	return bands[0].Name, bands[1].Name, true
}

// transientCovariance has each pair once; the offsets are held.
func (w *work) transientCovariance() []warehouse.Values {
	t := &w.fit.Transient
	parameters := []string{"t0", "rise", "fall"}
	at := []int{0, 1, 2}
	for i, b := range t.Bands {
		parameters, at = append(parameters, "amplitude_"+b.Name), append(at, 3+2*i)
	}
	var pairs []warehouse.Values
	for i, a := range parameters {
		for j := i; j < len(parameters); j++ {
			pairs = append(pairs, warehouse.Values{"a": a, "b": parameters[j], "value": t.Covariance[at[i]][at[j]]})
		}
	}
	return pairs
}
