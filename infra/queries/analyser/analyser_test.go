package analyser

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-googlesql"
	"nightwire.dev/infra/queries"
	"nightwire.dev/schemas"
)

func TestMain(m *testing.M) {
	if err := googlesql.Init(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// catalogueOf has a survey's tables and views.
func catalogueOf(t *testing.T, survey string) *Catalogue {
	t.Helper()
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range schemas.Tables(survey) {
		if err := c.AddTable(table); err != nil {
			t.Fatal(err)
		}
	}
	for _, view := range schemas.Views(survey) {
		if err := c.AddView(view); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// TestLibrary has every view and every query of the library analysed, and those
// that a cone makes.
func TestLibrary(t *testing.T) {
	for _, survey := range []string{schemas.ZTF, schemas.LSST} {
		c := catalogueOf(t, survey)
		all, err := queries.All(survey)
		if err != nil {
			t.Fatal(err)
		}
		cone := queries.Cone{RADeg: 10, DecDeg: 20, RadiusArcsec: 5}
		for _, q := range []queries.Query{
			queries.Nearest(survey),
			{Name: "with", SQL: "WITH a AS (SELECT night FROM cone) SELECT COUNT(*) FROM a"},
			{Name: "bracket", SQL: "(SELECT night FROM cone)"},
		} {
			within, err := cone.Of(q, survey)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, within)
		}
		for _, q := range all {
			parameters := map[string]string{}
			for _, p := range q.Parameters {
				parameters[p.Name] = p.Type
			}
			if err := c.Check(q.SQL, parameters); err != nil {
				t.Errorf("%s of %s: %v\n%s", q.Name, survey, err, q.SQL)
			}
		}
	}
}

// TestRefuses shows that the analyser does object.
func TestRefuses(t *testing.T) {
	c := catalogueOf(t, schemas.ZTF)
	for sql, says := range map[string]string{
		"SELECT magpsf FROM alerts":                                                                "Unrecognized name: magpsf",
		"SELECT candid + objectId FROM alerts":                                                     "No matching signature for operator +",
		"SELECT candid FROM alerts WHERE night = @night":                                           "Query parameter 'night' not found",
		"SELECT candid, ROW_NUMBER() OVER (PARTITION BY candidate.jd ORDER BY candid) FROM alerts": "Partitioning by expressions of type FLOAT64 is not allowed",
		"SELECT list_sort(GENERATE_ARRAY(1, 2))":                                                   "Function not found: list_sort",
	} {
		if err := c.Check(sql, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want it to say %q", sql, err, says)
		}
	}
}
