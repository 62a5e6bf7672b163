package queries_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/survey"
	"nightwire.dev/shared/warehouse"
)

// detected is a candidate or an entry of the history of ZTF.
func detected(candid int64, jd float64, fid int, ra, dec, mag float64, sign string) warehouse.Values {
	return warehouse.Values{
		"candid": candid, "jd": jd, "fid": int64(fid), "ra": ra, "dec": dec, "magpsf": mag, "sigmapsf": 0.1, "isdiffpos": sign,
	}
}

// ztfAlert is the row of an alert of ZTF, as far as a test needs it.
func (s *store) ztfAlert(object string, candidate warehouse.Values, history ...warehouse.Values) warehouse.Row {
	at := alert.Time(alert.MJDFromJD(candidate["jd"].(float64)))
	candid := candidate["candid"].(int64)
	values := s.added(at, names.Object{Schema: "4.02", Night: at.Format(time.DateOnly), ObjectID: object, Candid: "1"},
		candidate["ra"].(float64), candidate["dec"].(float64))
	values["objectId"], values["candid"], values["candidate"], values["prv_candidates"] = object, candid, candidate, history
	return warehouse.Row{Values: values}
}

// jd is a Julian date in the tests' night, 2026-09-01.
func jd(hours float64) float64 { return 2461284.5 + hours/24 }

// TestOddDetections has places, signs and dates that a sum or a date function
// may stumble over.
func TestOddDetections(t *testing.T) {
	t.Parallel()
	s := build(t, names.ZTF)
	s.insert(t, "alerts_stream",
		s.ztfAlert("seam", detected(1, jd(3), 1, 359.9999, 10, 18, "t"), detected(2, jd(2), 2, 0.0003, 10, 18.5, "1")),
		s.ztfAlert("pole", detected(3, jd(3), 1, 0, 89.9999, 18, "t"), detected(4, jd(2), 1, 180, 89.9999, 19, "t")),
		s.ztfAlert("faded", detected(5, jd(3), 3, 10, 0, 18, "f"), detected(6, jd(2), 1, 10, 0, 17, "0")),
		s.ztfAlert("far apart", detected(7, jd(3), 1, 20, 0, 18, "t"), detected(8, jd(3-24*3.1), 2, 20, 0, 18.5, "t")),
		s.ztfAlert("odd", detected(9, jd(3), 4, 30, -90, 18, "t"),
			detected(10, 1e300, 1, -999, -999, 18, "t"),
			detected(11, jd(2), 1, 30, -90, math.NaN(), "t"),
			warehouse.Values{"candid": int64(12), "jd": jd(1), "fid": int64(1), "magpsf": 18.0},
			warehouse.Values{"jd": jd(1), "fid": int64(1), "diffmaglim": 20.5},
			warehouse.Values{"jd": jd(1) + 5.0/86400, "fid": int64(1), "diffmaglim": 20.6}),
	)
	s.expect(t, [][]any{
		{"faded", int64(2), int64(0), 10.0, 0.0, nil, nil, nil},
		{"far apart", int64(2), int64(2), 20.0, 0.0, "g", 18.0, nil},
		{"pole", int64(2), int64(2), 0.0, 90.0, "g", 18.0, nil},
		{"seam", int64(2), int64(2), 0.0001, 10.0, "g", 18.0, -0.5},
	}, `SELECT objectId, n_detections, n_positive, IF(objectId = 'pole', 0, ra), dec, peak_band, peak_mag, peak_g_r
		FROM objects WHERE objectId != 'odd' ORDER BY objectId`, cmpopts.EquateApprox(0, 1e-9))
	s.expect(t, [][]any{
		{int64(9), nil, "2026-09-01"}, {int64(10), "g", nil},
	}, `SELECT candid, band, CAST(night AS STRING) FROM detections WHERE objectId = 'odd' ORDER BY candid`)
	s.expect(t, [][]any{{"odd", 20.5}}, "SELECT objectId, mag FROM limits")
}

// source is a diaSource of LSST.
func source(id int64, mjdTAI float64, band string, flux float64, more warehouse.Values) warehouse.Values {
	v := warehouse.Values{
		"diaSourceId": id, "midpointMjdTai": mjdTAI, "band": band, "psfFlux": flux, "psfFluxErr": 100.0, "ra": 10.0, "dec": -30.0,
		"reliability": 0.9,
	}
	for name, value := range more {
		v[name] = value
	}
	return v
}

// lsstAlert is the row of an alert of LSST.
func (s *store) lsstAlert(object string, trigger warehouse.Values, more warehouse.Values) warehouse.Row {
	at := alert.Time(alert.MJDFromTAI(trigger["midpointMjdTai"].(float64)))
	night := at.Add(-12 * time.Hour).Format(time.DateOnly)
	values := s.added(at, names.Object{Schema: "9.0", Night: night, ObjectID: object, Candid: "1"}, 10, -30)
	values["diaSource"] = trigger
	for name, value := range more {
		values[name] = value
	}
	return warehouse.Row{Values: values}
}

// lsstObjects puts three objects into LSST's table: one whose history has a
// detection that a later packet takes back, a body of the solar system, and a
// source of nothing known.
func (s *store) lsstObjects(t testing.TB) {
	t.Helper()
	const first = 61284.0
	object := warehouse.Values{
		"diaObjectId": int64(313761043604045880), "firstDiaSourceMjdTai": first + 0.2, "nDiaSources": int64(3),
		"nearbyObj1": int64(77), "nearbyObj1Dist": 1.25,
	}
	const id = "313761043604045880"
	s.insert(t, "alerts_stream",
		s.lsstAlert(id, source(101, first+0.2, "g", 3631, nil), warehouse.Values{"diaObject": object}),
		s.lsstAlert(id, source(102, first+0.3, "r", -3631, warehouse.Values{"is_negative": true}), warehouse.Values{
			"diaObject": object, "prvDiaSources": []warehouse.Values{source(101, first+0.2, "g", 3631, nil)},
			"prvDiaNondetectionLimits": []warehouse.Values{{"midpointMjdTai": first - 1, "band": "g", "diaNoise": 200.0}},
		}),
		s.lsstAlert(id, source(103, first+1, "g", 36310, warehouse.Values{"isNegative": false}), warehouse.Values{
			"diaObject": object, "prvDiaSources": []warehouse.Values{
				source(101, first+0.2, "g", 3631, nil),
				source(102, first+0.3, "r", -3631, warehouse.Values{"timeWithdrawnMjdTai": first + 0.9}),
			},
		}),
		s.lsstAlert("sso-42", source(201, first+0.25, "i", 1000, warehouse.Values{"ssObjectId": int64(42)}), nil),
		s.lsstAlert("unassociated", source(202, first+0.26, "i", 1000, nil), nil),
	)
}

// TestLSST checks the views of LSST: time in TAI, flux in nanojansky, sources
// that were withdrawn, and two names of one field.
func TestLSST(t *testing.T) {
	t.Parallel()
	s := build(t, names.LSST)
	s.lsstObjects(t)
	const tai = 37.0 / 86400
	loose := cmpopts.EquateApprox(0, 1e-4) // 23.9 is 2.5 log10(3631e6), rounded
	s.expect(t, [][]any{
		{"313761043604045880", int64(101), "2026-08-31", 61284.2 - tai, "g", 3.631, 0.1, 22.5, true, true, nil, 61284.2 - tai},
		{"313761043604045880", int64(103), "2026-09-01", 61285 - tai, "g", 36.31, 0.1, 20.0, true, true, false, 61284.2 - tai},
		{"sso-42", int64(201), "2026-08-31", 61284.25 - tai, "i", 1.0, 0.1, 23.9, true, true, nil, nil},
		{"unassociated", int64(202), "2026-08-31", 61284.26 - tai, "i", 1.0, 0.1, 23.9, true, true, nil, nil},
	}, `SELECT objectId, candid, CAST(night AS STRING), mjd, band, flux_ujy, flux_err_ujy, mag, positive, triggered,
		isNegative, known_since_mjd FROM detections ORDER BY candid`, loose)
	s.expect(t, [][]any{{"313761043604045880", 61283 - tai, "g", 23.9}}, "SELECT objectId, mjd, band, mag FROM limits", loose)
	s.expect(t, [][]any{{"313761043604045880", int64(2), 20.0}, {"sso-42", int64(1), 23.9}},
		"SELECT objectId, n_alerts, peak_mag FROM objects ORDER BY objectId", loose)
	s.expect(t, [][]any{{"313761043604045880", int64(2)}, {"sso-42", int64(1)}},
		"SELECT objectId, n_points FROM light_curves ORDER BY objectId")
}

// TestRealLSST compares the views of Rubin's samples of each schema with
// shared/lightcurve. The sample of 7.4 has no date that is one.
func TestRealLSST(t *testing.T) {
	t.Parallel()
	samples := realdata.Alerts(t, func(truth map[string]any) bool {
		return truth["survey"] == schemas.LSST && truth["schema_version"] != "7.4"
	})
	for _, sample := range samples {
		t.Run(sample.File, func(t *testing.T) {
			t.Parallel()
			p, err := new(packet.Decoder).Decode(t.Context(), sample.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := survey.Read(names.LSST, p); err != nil {
				t.Skip("the survey's sample is none that the archive takes: ", err)
			}
			s := build(t, names.LSST)
			compareViews(t, s, s.archive(t, p))
		})
	}
}
