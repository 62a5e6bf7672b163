package lightcurve

import (
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"

	"nightwire.dev/shared/alert"
)

// row is one line of a table.
type row struct {
	table   *csv.Reader
	columns columns
	fields  []string
}

func (r row) point() (Point, error) {
	mjd, err := r.number("mjd")
	if err != nil {
		return Point{}, err
	}
	if alert.Time(mjd).IsZero() {
		return Point{}, r.errorf("mjd", "%v is not a Modified Julian Date", mjd)
	}
	p := Point{MJD: mjd, Band: bandName(r.text("band"))}
	if rank(p.Band) == len(wavelengthOrder) {
		return Point{}, r.errorf("band", "%q is not one of u, g, r, i, z, y", r.text("band"))
	}
	if _, isFlux := r.columns["flux"]; isFlux {
		p.FluxUJy, p.FluxErrUJy, err = r.flux()
	} else {
		p.FluxUJy, p.FluxErrUJy, err = r.magnitude()
	}
	return p, err
}

func (r row) flux() (fluxUJy, fluxErrUJy float64, err error) {
	flux, err := r.number("flux")
	if err != nil {
		return 0, 0, err
	}
	sigma, err := r.positive("fluxerr")
	if err != nil {
		return 0, 0, err
	}
	if _, scaled := r.columns["zp"]; !scaled {
		return flux, sigma, nil
	}
	zeroPoint, err := r.magnitudeIn("zp")
	if err != nil {
		return 0, 0, err
	}
	unit := alert.UnitUJy(zeroPoint)
	return flux * unit, sigma * unit, nil
}

func (r row) magnitude() (fluxUJy, fluxErrUJy float64, err error) {
	mag, err := r.magnitudeIn("mag")
	if err != nil {
		return 0, 0, err
	}
	sigma, err := r.positive("magerr")
	if err != nil {
		return 0, 0, err
	}
	fluxUJy, fluxErrUJy = alert.Flux(mag, sigma)
	return fluxUJy, fluxErrUJy, nil
}

func (r row) text(column string) string { return strings.TrimSpace(r.fields[r.columns[column]]) }

// number is a finite number.
func (r row) number(column string) (float64, error) {
	x, err := strconv.ParseFloat(r.text(column), 64)
	if err != nil || !finite(x) {
		return 0, r.errorf(column, "%q is not a number", r.text(column))
	}
	if math.Abs(x) > 1e30 {
		return 0, r.errorf(column, "%v is too large", x)
	}
	return x, nil
}

func (r row) positive(column string) (float64, error) {
	x, err := r.number(column)
	if err == nil && x < 1e-30 {
		return 0, r.errorf(column, "%v is not above zero", x)
	}
	return x, err
}

// magnitudeIn is a magnitude that something in the sky, or a scale, may have.
func (r row) magnitudeIn(column string) (float64, error) {
	x, err := r.number(column)
	if err == nil && math.Abs(x) > 50 {
		return 0, r.errorf(column, "%v is not a magnitude between -50 and 50", x)
	}
	return x, err
}

func (r row) errorf(column, format string, values ...any) error {
	line, _ := r.table.FieldPos(r.columns[column])
	return fmt.Errorf("read light curve: line %d, column %s: %s", line, column, fmt.Sprintf(format, values...))
}

// bandName is the band of a name that may begin with the survey's.
func bandName(name string) string {
	for _, survey := range []string{"ztf", "lsst"} {
		if band, ok := strings.CutPrefix(name, survey); ok {
			return band
		}
	}
	return name
}
