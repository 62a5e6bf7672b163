package alert

import (
	"math"
	"time"
)

// mjdEpoch is the Julian date at which the Modified Julian Date is zero.
const mjdEpoch = 2400000.5

// taiMinusUTC is TAI - UTC since 2017-01-01, in days (IERS Bulletin C); no
// alert of LSST is older, and no leap second has been announced since.
const taiMinusUTC = 37.0 / 86400

// MJDFromJD converts a Julian date to a Modified Julian Date.
func MJDFromJD(jd float64) float64 { return jd - mjdEpoch }

// MJDFromTAI converts a Modified Julian Date in TAI to UTC.
func MJDFromTAI(mjd float64) float64 { return mjd - taiMinusUTC }

// Time is the instant of a Modified Julian Date (UTC), to the microsecond; the
// zero time if the date is beyond what a calendar has.
func Time(mjd float64) time.Time {
	const unixEpoch = 40587 // MJD of 1970-01-01
	days := mjd - unixEpoch
	if !(math.Abs(days) < 1e6) {
		return time.Time{}
	}
	return time.UnixMicro(int64(math.Round(days * 86400e6))).UTC()
}

// MJD is the Modified Julian Date (UTC) of an instant.
func MJD(t time.Time) float64 { return 40587 + float64(t.UnixMicro())/86400e6 }
