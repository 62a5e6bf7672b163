package queries_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/queries"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/sky"
	"nightwire.dev/shared/warehouse"
)

// place is one alert's place on the sky.
type place struct {
	candid  int64
	ra, dec float64
}

// crowded are places where a search may go wrong: the poles, the seam at right
// ascension 0, and its antipode, where longitude changes its sign.
var crowded = [][2]float64{{0, 90}, {123, -90}, {0, 0}, {360, 45}, {180, -20}, {150.1, 2.2}}

// around draws a place within some 20 arcseconds of another.
func around(r *rand.Rand, ra, dec float64) (float64, float64) {
	const size = 20.0 / 3600
	distance, angle := size*r.Float64(), 2*math.Pi*r.Float64()
	dec += distance * math.Sin(angle)
	if math.Abs(dec) > 90-2*size { // near a pole all right ascensions are near
		dec = math.Copysign(90-distance, dec)
		return 360 * r.Float64(), dec
	}
	ra += distance * math.Cos(angle) / math.Cos(dec*math.Pi/180)
	return math.Mod(ra+360, 360), dec
}

// TestConeAgainstAll compares the alerts within circles with those that a look
// at every alert finds.
func TestConeAgainstAll(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var places []place
	for i := range 240 {
		ra, dec := around(r, crowded[i%len(crowded)][0], crowded[i%len(crowded)][1])
		places = append(places, place{int64(i + 1), ra, dec})
	}
	s := build(t, names.ZTF)
	var rows []warehouse.Row
	for _, p := range places {
		rows = append(rows, s.ztfAlert("an object", detected(p.candid, jd(3), 1, p.ra, p.dec, 18, "t")))
	}
	s.insert(t, "alerts_stream", rows...)
	s.insert(t, "alerts_stream", rows[:50]...) // written twice
	found := 0
	for i := range 60 {
		ra, dec := around(r, crowded[i%len(crowded)][0], crowded[i%len(crowded)][1])
		c := queries.Cone{RADeg: ra, DecDeg: dec, RadiusArcsec: 1 + 20*r.Float64()}
		var want []int64
		for _, p := range places {
			away := sky.Separation(ra, dec, p.ra, p.dec) * 3600
			if math.Abs(away-c.RadiusArcsec) < 1e-6 {
				t.Fatalf("place %d lies on the circle: choose another seed", p.candid)
			}
			if away < c.RadiusArcsec {
				want = append(want, p.candid)
			}
		}
		found += len(want)
		q, err := c.Of(queries.Query{Name: "q", SQL: "SELECT candid, separation_arcsec, candidate.ra, candidate.dec FROM cone"}, schemas.ZTF)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, row := range s.run(t, q, nil) {
			got = append(got, row[0].(int64))
			away := sky.Separation(ra, dec, row[2].(float64), row[3].(float64)) * 3600
			if math.Abs(away-row[1].(float64)) > 1e-6 {
				t.Errorf("%v: candid %v is %v arcsec away, want %v", c, row[0], row[1], away)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("alerts within %v (-want +got):\n%s", c, diff)
		}
	}
	if found < 300 {
		t.Errorf("all circles together have %d alerts: the test sees too few", found)
	}
}

// run asks a query with values that a person gave.
func (s *store) run(t testing.TB, q queries.Query, given map[string]string) [][]any {
	t.Helper()
	values, err := q.Values(given, time.Date(2026, 9, 1, 23, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return s.ask(t, q.SQL, values)
}

// TestConeOf puts circles before queries that begin in various ways.
func TestConeOf(t *testing.T) {
	t.Parallel()
	s := build(t, names.ZTF)
	s.insert(t, "alerts_stream", s.ztfAlert("here", detected(1, jd(3), 1, 10, 20, 18, "t")), s.ztfAlert("there", detected(2, jd(3), 1, 11, 20, 18, "t")))
	circle := queries.Cone{RADeg: 10, DecDeg: 20, RadiusArcsec: 1}
	for name, sql := range map[string]string{
		"select":    "SELECT COUNT(*) FROM cone",
		"comments":  "-- WITH\n/* WITH */ # SELECT\n select COUNT(*) FROM cone",
		"bracket":   "(SELECT COUNT(*) FROM cone)",
		"with":      "WITH a AS (SELECT * FROM cone) SELECT COUNT(*) FROM a",
		"recursive": "WITH RECURSIVE a AS (SELECT 1 AS n) SELECT COUNT(*) FROM cone, a",
		"parameter": "-- @object STRING = here\nSELECT COUNT(*) FROM cone WHERE objectId = @object",
	} {
		q, err := queries.Parse("q", sql)
		if err != nil {
			t.Fatal(err)
		}
		if q, err = circle.Of(q, schemas.ZTF); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]any{{int64(1)}}, s.run(t, q, nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	nearest, err := circle.Of(queries.Nearest(schemas.ZTF), schemas.ZTF)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]any{{0.0, "here", int64(1), time.Date(2026, 9, 1, 3, 0, 0, 0, time.UTC), 10.0, 20.0, "g", 18.0}}
	if diff := cmp.Diff(want, s.run(t, nearest, nil)); diff != "" {
		t.Errorf("nearest (-want +got):\n%s", diff)
	}
	for sql, says := range map[string]string{
		"TABLE cone":                           "begins with SELECT or WITH",
		"-- @ra FLOAT64\nSELECT @ra FROM cone": "the cone has a parameter ra as well",
	} {
		q, err := queries.Parse("q", sql)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := circle.Of(q, schemas.ZTF); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want it to say %q", sql, err, says)
		}
	}
}

func TestParseCone(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text string
		want queries.Cone
		says string
	}{
		{"150.1,2.2,5", queries.Cone{RADeg: 150.1, DecDeg: 2.2, RadiusArcsec: 5}, ""},
		{" 0 , -90 , 3600", queries.Cone{RADeg: 0, DecDeg: -90, RadiusArcsec: 3600}, ""},
		{"360,90,1e-3", queries.Cone{RADeg: 360, DecDeg: 90, RadiusArcsec: 1e-3}, ""},
		{text: "150.1,2.2", says: "want RA,DEC,RADIUS"},
		{text: "10h,2,5", says: `"10h" is not a number`},
		{text: "-1,2,5", says: "between 0 and 360"},
		{text: "1,91,5", says: "between -90 and 90"},
		{text: "1,2,0", says: "between 0 and 3600 arcseconds"},
		{text: "1,2,3601", says: "between 0 and 3600 arcseconds"},
		{text: "nan,2,5", says: "between 0 and 360"},
	}
	for _, c := range cases {
		got, err := queries.ParseCone(c.text)
		switch {
		case c.says == "" && (err != nil || got != c.want):
			t.Errorf("%q is %v, %v, want %v", c.text, got, err, c.want)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%q: %v, want it to say %q", c.text, err, c.says)
		}
	}
}
