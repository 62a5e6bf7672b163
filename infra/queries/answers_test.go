package queries_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/infra/queries"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// answer compares what the library's query of a name answers, in some of its
// columns, with what is wanted.
func (s *store) answer(t testing.TB, name string, given map[string]string, columns string, want [][]any) {
	t.Helper()
	q, err := queries.Find(name, s.stream.Survey())
	if err != nil {
		t.Fatal(err)
	}
	s.run(t, q, given) // as it stands, with its own order
	q.SQL = "SELECT " + columns + " FROM (\n" + q.SQL + ")"
	if diff := cmp.Diff(want, s.run(t, q, given), cmpopts.EquateApprox(0, 1e-4)); diff != "" {
		t.Errorf("%s %v (-want +got):\n%s", name, given, diff)
	}
}

// with is a candidate with more of its fields.
func with(v, more warehouse.Values) warehouse.Values {
	for name, value := range more {
		v[name] = value
	}
	return v
}

// ztfNight puts a night into ZTF's tables: two new objects, one that a star is
// at, one that ZTF has long known, one that is a known asteroid, and one whose
// score is low. The alert of another night is two days older.
func (s *store) ztfNight(t testing.TB) {
	t.Helper()
	fresh := warehouse.Values{"jdstarthist": jd(2), "ndethist": int64(2), "drb": 0.9, "distpsnr1": 5.0, "sgscore1": 0.9, "ssdistnr": -999.0}
	candidate := func(candid int64, hours float64, mag float64, more warehouse.Values) warehouse.Values {
		return with(with(detected(candid, jd(hours), 1, 100, 10, mag, "t"), fresh), more)
	}
	s.insert(t, "alerts_stream",
		s.ztfAlert("new", candidate(1, 3, 18, nil), detected(2, jd(2), 1, 100, 10, 18.4, "1")),
		s.ztfAlert("rising", candidate(3, 4, 17, warehouse.Values{"sgscore2": 0.1, "distpsnr2": 2.5}),
			detected(4, jd(-24), 1, 100, 10, 18.25, "t"), detected(5, jd(-23), 1, 100, 10, 18.5, "t"), // the second is fainter
			detected(6, jd(-80), 1, 100, 10, 20, "t"), detected(7, jd(-22), 2, 100, 10, 20, "t"), detected(8, jd(-21), 1, 100, 10, 20, "f")),
		s.ztfAlert("star", candidate(9, 3, 18, warehouse.Values{"distpsnr1": 0.2})),
		s.ztfAlert("known", candidate(10, 3, 18, warehouse.Values{"jdstarthist": jd(-500)})),
		s.ztfAlert("asteroid", candidate(11, 3, 18, warehouse.Values{"ssdistnr": 1.0})),
		s.ztfAlert("bogus", candidate(12, 3, 19.5, warehouse.Values{"drb": 0.1, "isdiffpos": "f", "distpsnr1": 1.5, "sgscore1": 0.2})),
		s.ztfAlert("once", candidate(13, 3, 18, warehouse.Values{"ndethist": int64(1)})),
		s.ztfAlert("before", candidate(14, 3-48, 18, warehouse.Values{"fid": int64(2)})),
	)
}

func TestZTFAnswers(t *testing.T) {
	t.Parallel()
	s := build(t, names.ZTF)
	s.ztfNight(t)
	s.answer(t, "alerts-per-night", nil, "CAST(night AS STRING), band, alerts, objects, negative, brightest_mag, faintest_mag", [][]any{
		{"2026-08-30", "r", int64(1), int64(1), int64(0), 18.0, 18.0}, {"2026-09-01", "g", int64(7), int64(7), int64(1), 17.0, 19.5},
	})
	s.answer(t, "alerts-per-night", map[string]string{"from": "today-3", "to": "2026-08-31"}, "alerts", [][]any{{int64(1)}})
	s.answer(t, "light-curve", map[string]string{"object": "new"}, "band, kind, mag, candid", [][]any{
		{"g", "detection", 18.4, int64(2)}, {"g", "detection", 18.0, int64(1)},
	})
	s.answer(t, "new-transients", nil, "objectId, alerts, brightest_mag, real_bogus", [][]any{
		{"new", int64(1), 18.0, 0.9}, {"rising", int64(1), 17.0, 0.9},
	})
	s.answer(t, "new-transients", map[string]string{"detections": "1", "real_bogus": "0.05"}, "objectId", [][]any{{"new"}, {"once"}, {"rising"}})
	s.answer(t, "new-transients", map[string]string{"until": "2026-09-01T01:00:00"}, "objectId", nil)
	s.answer(t, "brightening", nil, "objectId, candid, band, before_mag, mag, rise_mag, rise_err, days", [][]any{
		{"rising", int64(3), "g", 18.5, 17.0, 1.5, math.Sqrt2 / 10, 27.0 / 24},
	})
	s.answer(t, "brightening", map[string]string{"rise": "0.3", "days": "1"}, "objectId, rise_mag", [][]any{{"new", 0.4}})
	s.answer(t, "brightening", map[string]string{"days": "4"}, "objectId, rise_mag", [][]any{{"rising", 3.0}})
	s.answer(t, "cone", map[string]string{"ra": "100", "dec": "10.0001", "radius_arcsec": "1"}, "COUNT(*), MAX(separation_arcsec)",
		[][]any{{int64(8), 0.36}})

	night := warehouse.Values{"night": "2026-09-01", "matched_at": archivedAt, "ra": 100.0, "dec": 10.0, "filter": "young", "version": int64(1)}
	for object, candid := range map[string]int64{"new": 1, "rising": 3, "bogus": 12} {
		match := with(warehouse.Values{"objectId": object, "candid": candid}, night)
		s.insert(t, "filter_matches", warehouse.Row{Values: match}, warehouse.Row{Values: match})
	}
	s.answer(t, "matches-by-host", map[string]string{"filter": "young"}, "objectId, version, mag, host_arcsec", [][]any{
		{"bogus", int64(1), 19.5, 1.5}, {"rising", int64(1), 17.0, 2.5},
	})
	s.answer(t, "matches-by-host", map[string]string{"filter": "young", "within": "2"}, "objectId", [][]any{{"bogus"}})
	s.answer(t, "matches-by-host", map[string]string{"filter": "old"}, "objectId", nil)
}

func TestLSSTAnswers(t *testing.T) {
	t.Parallel()
	s := build(t, names.LSST)
	s.lsstObjects(t)
	const id = int64(313761043604045880)
	s.answer(t, "alerts-per-night", nil, "CAST(night AS STRING), band, alerts, objects, negative, brightest_mag", [][]any{
		{"2026-08-31", "g", int64(1), int64(1), int64(0), 22.5},
		{"2026-08-31", "i", int64(2), int64(0), int64(0), 23.9},
		{"2026-08-31", "r", int64(1), int64(1), int64(1), 22.5},
		{"2026-09-01", "g", int64(1), int64(1), int64(0), 20.0},
	})
	s.answer(t, "light-curve", map[string]string{"object": "313761043604045880"}, "band, kind, mag, candid", [][]any{
		{"g", "limit", 23.9, nil}, {"g", "detection", 22.5, int64(101)}, {"g", "detection", 20.0, int64(103)},
	})
	s.answer(t, "new-transients", map[string]string{"until": "2026-09-02T01:00:00"}, "diaObjectId, alerts, brightest_mag, real_bogus", [][]any{{id, int64(2), 20.0, 0.9}})
	s.answer(t, "new-transients", map[string]string{"until": "2026-09-02T01:00:00", "hours": "20"}, "diaObjectId", nil)
	s.answer(t, "brightening", nil, "diaObjectId, diaSourceId, band, before_mag, mag, rise_mag, rise_err, days", [][]any{
		{id, int64(103), "g", 22.5, 20.0, 2.5, 2.5 / math.Ln10 * math.Hypot(100./3631, 100./36310), 0.8},
	})
	s.answer(t, "brightening", map[string]string{"night": "2026-08-31"}, "diaObjectId", nil)
	s.answer(t, "cone", map[string]string{"ra": "10", "dec": "-30", "radius_arcsec": "1"}, "COUNT(*)", [][]any{{int64(5)}})
	s.insert(t, "filter_matches", warehouse.Row{Values: warehouse.Values{
		"night": "2026-09-01", "matched_at": archivedAt, "filter": "young", "version": int64(2),
		"objectId": "313761043604045880", "candid": int64(103),
	}})
	s.answer(t, "matches-by-host", map[string]string{"filter": "young"}, "candid, version, mag, host, host_arcsec",
		[][]any{{int64(103), int64(2), 20.0, int64(77), 1.25}})
}

// TestMissingAlerts has a night with a file that got no row, one that got no
// verdict, a record that was refused, and three offsets that nobody has seen.
func TestMissingAlerts(t *testing.T) {
	t.Parallel()
	for _, stream := range []names.Stream{names.ZTF, names.LSST} {
		t.Run(string(stream), func(t *testing.T) {
			t.Parallel()
			s := build(t, stream)
			record := func(night, outcome, object string, offset int64) {
				v := warehouse.Values{"outcome": outcome, "recorded_at": archivedAt, "kafka": warehouse.Values{
					"topic": "alerts", "partition": int64(0), "offset": offset,
				}}
				if night != "" {
					v["night"] = night
				}
				if object != "" {
					v["object"] = object
				}
				s.insert(t, "ledger", warehouse.Row{Values: v})
			}
			record("2026-08-31", "stored", "a", 0)
			record("2026-08-31", "duplicate", "a", 1)
			record("2026-09-01", "stored", "b", 2)
			record("2026-09-01", "stored", "b", 2) // written twice
			record("", "rejected", "", 3)
			record("2026-09-01", "rejected", "", 4)
			record("2026-09-01", "stored", "c", 8)
			for object, night := range map[string]string{"a": "2026-08-31", "b": "2026-09-01"} {
				row := warehouse.Values{"night": night, "nightwire": warehouse.Values{"object": object}}
				switch stream {
				case names.LSST:
					row["diaSource"] = warehouse.Values{"diaSourceId": int64(1)}
				default:
					row["objectId"], row["candid"] = "o", int64(1)
				}
				s.insert(t, "alerts_stream", warehouse.Row{Values: row})
			}
			s.insert(t, "evaluations", warehouse.Row{Values: warehouse.Values{
				"night": "2026-08-31", "objectId": "o", "candid": int64(1), "object": "a", "evaluated_at": archivedAt,
			}})
			const columns = "CAST(night AS STRING), stored, without_row, without_verdict, rejected, skipped_offsets"
			s.answer(t, "missing-alerts", nil, columns, [][]any{
				{"2026-08-31", int64(1), int64(0), int64(0), int64(0), int64(0)},
				{"2026-09-01", int64(2), int64(1), int64(2), int64(1), int64(3)},
			})
		})
	}
}

// TestSupernovaFits asks for the fits of three objects: of one a second fit of
// the same alert and one of a later alert, of one that is none of type Ia, and
// one that failed.
func TestSupernovaFits(t *testing.T) {
	t.Parallel()
	s := build(t, names.ZTF)
	fit := func(object string, candid int64, day, fitted int, x1 float64, plausible bool, reason string) {
		v := warehouse.Values{
			"night": "2026-09-01", "objectId": object, "candid": candid, "model": "m", "model_hash": "h",
			"observed_at": time.Date(2026, 9, 1, day, 0, 0, 0, time.UTC), "fitted_at": archivedAt.Add(time.Duration(fitted) * time.Hour),
			"x1": x1, "plausible_ia": plausible,
		}
		if reason != "" {
			v["reason"] = reason
		}
		s.insert(t, "supernova_fits", warehouse.Row{Values: v})
	}
	fit("a", 1, 3, 1, 1, true, "")
	fit("a", 2, 4, 1, 2, true, "")
	fit("a", 2, 4, 2, 3, true, "")
	fit("b", 3, 5, 1, 9, false, "")
	fit("c", 4, 6, 1, 0, false, "too few points")
	s.answer(t, "supernova-fits", nil, "objectId, candid, x1", [][]any{{"a", int64(2), 3.0}})
	s.answer(t, "supernova-fits", map[string]string{"plausible": "false"}, "objectId, candid, x1",
		[][]any{{"b", int64(3), 9.0}, {"a", int64(2), 3.0}})
	s.answer(t, "supernova-fits", map[string]string{"to": "2026-08-31"}, "objectId", nil)
}
