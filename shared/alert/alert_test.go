package alert_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"nightwire.dev/shared/alert"
)

// good is an alert that is valid in everything.
func good() alert.Alert {
	return alert.Alert{
		Survey: "ztf", Schema: "4.02", ObjectID: "ZTF21abiuvdk", Candid: 1627148971515015007,
		ObservedAt: time.Date(2021, 6, 16, 3, 34, 31, 0, time.UTC), RADeg: 200.5, DecDeg: -12.25,
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*alert.Alert)
		field  string // of the fault; empty if the alert is valid
	}{
		"as it should be":        {func(*alert.Alert) {}, ""},
		"a solar system object":  {func(a *alert.Alert) { a.ObjectID = "sso-23133931615302736" }, ""},
		"an id of 64 characters": {func(a *alert.Alert) { a.ObjectID = strings.Repeat("a", 64) }, ""},
		"ra 0, dec -90":          {func(a *alert.Alert) { a.RADeg, a.DecDeg = 0, -90 }, ""},
		"ra 360, dec 90":         {func(a *alert.Alert) { a.RADeg, a.DecDeg = 360, 90 }, ""},
		"the first day":          {func(a *alert.Alert) { a.ObservedAt = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC) }, ""},

		"no schema":                   {func(a *alert.Alert) { a.Schema = "" }, "schema version"},
		"a schema that climbs":        {func(a *alert.Alert) { a.Schema = "../4.02" }, "schema version"},
		"no object id":                {func(a *alert.Alert) { a.ObjectID = "" }, "object id"},
		"an object id that climbs":    {func(a *alert.Alert) { a.ObjectID = "../../etc" }, "object id"},
		"an object id of dots":        {func(a *alert.Alert) { a.ObjectID = ".." }, "object id"},
		"an object id with a folder":  {func(a *alert.Alert) { a.ObjectID = "a/b" }, "object id"},
		"an object id of two lines":   {func(a *alert.Alert) { a.ObjectID = "ZTF21\nabc" }, "object id"},
		"an object id ending in one":  {func(a *alert.Alert) { a.ObjectID = "ZTF21abc\n" }, "object id"},
		"an id of 65 characters":      {func(a *alert.Alert) { a.ObjectID = strings.Repeat("a", 65) }, "object id"},
		"no candid":                   {func(a *alert.Alert) { a.Candid = 0 }, "detection id"},
		"a negative candid":           {func(a *alert.Alert) { a.Candid = -1 }, "detection id"},
		"no date":                     {func(a *alert.Alert) { a.ObservedAt = time.Time{} }, "observation date"},
		"a Julian date taken for MJD": {func(a *alert.Alert) { a.ObservedAt = alert.Time(2459381.6) }, "observation date"},
		"seconds taken for days":      {func(a *alert.Alert) { a.ObservedAt = alert.Time(1480360995) }, "observation date"},
		"the day before the first":    {func(a *alert.Alert) { a.ObservedAt = time.Date(1989, 12, 31, 0, 0, 0, 0, time.UTC) }, "observation date"},
		"the day after the last":      {func(a *alert.Alert) { a.ObservedAt = time.Date(2100, 1, 2, 0, 0, 0, 0, time.UTC) }, "observation date"},
		"ra below 0":                  {func(a *alert.Alert) { a.RADeg = -0.01 }, "ra"},
		"ra above 360":                {func(a *alert.Alert) { a.RADeg = 360.01 }, "ra"},
		"ra is no number":             {func(a *alert.Alert) { a.RADeg = math.NaN() }, "ra"},
		"ra without end":              {func(a *alert.Alert) { a.RADeg = math.Inf(1) }, "ra"},
		"dec below -90":               {func(a *alert.Alert) { a.DecDeg = -90.01 }, "dec"},
		"dec above 90":                {func(a *alert.Alert) { a.DecDeg = 90.01 }, "dec"},
		"dec is no number":            {func(a *alert.Alert) { a.DecDeg = math.NaN() }, "dec"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := good()
			c.change(&a)
			err := a.Validate()
			if c.field == "" {
				if err != nil {
					t.Errorf("error is %v, want none", err)
				}
				return
			}
			var fault *alert.Fault
			if !errors.As(err, &fault) || fault.Field != c.field || !fault.Permanent() {
				t.Fatalf("error is %v, want a permanent fault of the %s", err, c.field)
			}
			if !strings.HasPrefix(err.Error(), c.field+": ") {
				t.Errorf("error %q does not begin with the field", err)
			}
		})
	}
}
