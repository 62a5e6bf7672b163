package ztf

import (
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
)

// Forced are the fluxes measured at the object's place in the visits of the
// last month, in the packet's order; packets have them from schema 4.01 on.
func Forced(record packet.Value) []alert.Forced {
	var all []alert.Forced
	for _, visit := range record.Get("fp_hists").Items() {
		if f, ok := forced(visit); ok {
			all = append(all, f)
		}
	}
	return all
}

const (
	// noFlux is what forced photometry writes where it could not measure.
	noFlux = -99999
	// clean is the processing status without any warning; others tell of bad
	// pixels, of a doubtful calibration or of a failure (Masci et al. 2023,
	// arXiv:2305.16279).
	clean = "0"
)

func forced(visit packet.Value) (alert.Forced, bool) {
	flux, sigma, zeroPoint := visit.Get("forcediffimflux"), visit.Get("forcediffimfluxunc"), Number(visit.Get("magzpsci"))
	if flux.IsNull() || flux.Float() == noFlux || sigma.IsNull() || sigma.Float() == noFlux || !zeroPoint.Known || zeroPoint.Value == noFlux {
		return alert.Forced{}, false
	}
	if status := visit.Get("procstatus"); !status.IsNull() && status.Text() != clean {
		return alert.Forced{}, false
	}
	unit := alert.UnitUJy(zeroPoint.Value)
	return alert.Forced{
		MJD:        alert.MJDFromJD(visit.Get("jd").Float()),
		Band:       bands[visit.Get("fid").Int()],
		FluxUJy:    flux.Float() * unit,
		FluxErrUJy: sigma.Float() * unit,
	}, true
}
