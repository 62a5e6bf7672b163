package lsst_test

import (
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/survey/lsst"
)

const (
	objectID = int64(281323062375219201)
	sourceID = int64(281323062375219200)
	bodyID   = int64(23133931615302736)
	midpoint = 60902.993305483615
)

var versions = []string{"7.4", "9.0", "10.0", "11.0"}

// blank is a value of a type with as little in it as the type allows: null,
// zero, no items.
func blank(t *packet.Type) any {
	switch t.Kind {
	case packet.Union:
		if _, optional := t.Optional(); optional {
			return nil
		}
		return blank(t.Branches[0])
	case packet.Record:
		record := map[string]any{}
		for _, field := range t.Fields {
			record[field.Name] = blank(field.Type)
		}
		return record
	case packet.Array:
		return []any{}
	case packet.Boolean:
		return false
	case packet.Int:
		return int32(0)
	case packet.Long:
		return int64(0)
	case packet.Float:
		return float32(0)
	case packet.Double:
		return 0.0
	case packet.String:
		return ""
	case packet.Bytes:
		return []byte{}
	default:
		return nil
	}
}

// fieldType is the type of a nested field, past its union with null.
func fieldType(t testing.TB, record *packet.Type, name string) *packet.Type {
	t.Helper()
	for _, field := range record.Fields {
		if field.Name == name {
			inner, _ := field.Type.Optional()
			return inner
		}
	}
	t.Fatalf("record %s has no field %s", record.Name, name)
	return nil
}

func parse(t testing.TB, version string) *packet.Schema {
	t.Helper()
	shipped, ok := schemas.Find(schemas.LSST, version)
	if !ok {
		t.Fatalf("schema lsst %s is unknown", version)
	}
	schema, err := packet.ParseSchema(shipped.JSON)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// alertOf is the record of an alert of an object that is no solar system body.
func alertOf(t testing.TB, schema *packet.Schema) map[string]any {
	t.Helper()
	record := blank(schema.Root).(map[string]any)
	record["diaSource"] = source(t, schema, map[string]any{"diaSourceId": sourceID, "diaObjectId": objectID})
	return record
}

// source is a diaSource with some of its fields set.
func source(t testing.TB, schema *packet.Schema, fields map[string]any) map[string]any {
	t.Helper()
	s := blank(fieldType(t, schema.Root, "diaSource")).(map[string]any)
	s["midpointMjdTai"], s["ra"], s["dec"], s["band"] = midpoint, 351.570546978, 0.126243049656, "r"
	maps.Copy(s, fields)
	return s
}

// write encodes a record in the survey's wire format and decodes it.
func write(t testing.TB, schema *packet.Schema, record map[string]any) *packet.Packet {
	t.Helper()
	encoded, err := schema.Encode(nil, record)
	if err != nil {
		t.Fatal(err)
	}
	shipped := func(uint32) ([]byte, bool) { return schema.Text, true }
	decoder := &packet.Decoder{Registry: &packet.Registry{Shipped: shipped}}
	p, err := decoder.Decode(t.Context(), packet.AppendConfluent(nil, 1, encoded))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			schema := parse(t, version)
			got, err := lsst.Read(write(t, schema, alertOf(t, schema)))
			if err != nil {
				t.Fatal(err)
			}
			want := alert.Alert{
				Survey: "lsst", Schema: version, ObjectID: strconv.FormatInt(objectID, 10), Candid: sourceID,
				ObservedAt: alert.Time(midpoint - 37.0/86400), RADeg: 351.570546978, DecDeg: 0.126243049656,
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(alert.Alert{}, "Record")); diff != "" {
				t.Errorf("alert (-want +got):\n%s", diff)
			}
		})
	}
}

func TestObjectID(t *testing.T) {
	t.Parallel()
	const other = int64(99)
	nested := func(record, id string, value int64) func(testing.TB, *packet.Schema, map[string]any) {
		return func(t testing.TB, schema *packet.Schema, alert map[string]any) {
			inner := blank(fieldType(t, schema.Root, record)).(map[string]any)
			inner[id] = value
			alert[record] = inner
		}
	}
	inSource := func(id string, value any) func(testing.TB, *packet.Schema, map[string]any) {
		return func(_ testing.TB, _ *packet.Schema, alert map[string]any) {
			alert["diaSource"].(map[string]any)[id] = value
		}
	}
	cases := map[string]struct {
		set  []func(testing.TB, *packet.Schema, map[string]any)
		want string
	}{
		"an object": {
			[]func(testing.TB, *packet.Schema, map[string]any){nested("diaObject", "diaObjectId", objectID)},
			"281323062375219201",
		},
		"the object's own id before the source's": {
			[]func(testing.TB, *packet.Schema, map[string]any){
				nested("diaObject", "diaObjectId", objectID), inSource("diaObjectId", other),
			},
			"281323062375219201",
		},
		"only the source names the object": {
			[]func(testing.TB, *packet.Schema, map[string]any){inSource("diaObjectId", objectID)},
			"281323062375219201",
		},
		"a body of the solar system": {
			[]func(testing.TB, *packet.Schema, map[string]any){inSource("ssObjectId", bodyID)},
			"sso-23133931615302736",
		},
		"an object id of 0 is none": {
			[]func(testing.TB, *packet.Schema, map[string]any){inSource("diaObjectId", int64(0)), inSource("ssObjectId", bodyID)},
			"sso-23133931615302736",
		},
		"the body's own record": {
			[]func(testing.TB, *packet.Schema, map[string]any){nested("ssSource", "ssObjectId", bodyID)},
			"sso-23133931615302736",
		},
		"neither": {nil, "unassociated"},
	}
	schema := parse(t, "10.0")
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			record := alertOf(t, schema)
			record["diaSource"].(map[string]any)["diaObjectId"] = nil
			for _, set := range c.set {
				set(t, schema, record)
			}
			a, err := lsst.Read(write(t, schema, record))
			if err != nil || a.ObjectID != c.want {
				t.Errorf("object is %q, %v; want %q", a.ObjectID, err, c.want)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		fields map[string]any
		field  string
	}{
		"seconds for days": {map[string]any{"midpointMjdTai": 1480360995.0}, "midpointMjdTai"},
		"no date":          {map[string]any{"midpointMjdTai": 0.0}, "observation date"},
		"no diaSourceId":   {map[string]any{"diaSourceId": int64(0)}, "detection id"},
		"ra beyond 360":    {map[string]any{"ra": 400.0}, "ra"},
		"dec beyond 90":    {map[string]any{"dec": -91.0}, "dec"},
	}
	schema := parse(t, "9.0")
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			record := alertOf(t, schema)
			maps.Copy(record["diaSource"].(map[string]any), c.fields)
			_, err := lsst.Read(write(t, schema, record))
			var fault *alert.Fault
			if !errors.As(err, &fault) || fault.Field != c.field {
				t.Errorf("error is %v, want a fault of the %s", err, c.field)
			}
		})
	}
	t.Run("another survey's alert", func(t *testing.T) {
		t.Parallel()
		_, err := lsst.Read(&packet.Packet{Schema: schema})
		var fault *alert.Fault
		if !errors.As(err, &fault) || fault.Field != "diaSource" {
			t.Errorf("error is %v, want a fault of the diaSource", err)
		}
	})
}

func TestVersion(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		schema packet.Schema
		want   string
	}{
		"in the name":            {packet.Schema{Name: "lsst.v9_0.alert"}, "9.0"},
		"of two digits":          {packet.Schema{Name: "lsst.v10_12.alert"}, "10.12"},
		"a property of the text": {packet.Schema{Name: "lsst.alert", Strings: map[string]string{"version": "3.1"}}, "3.1"},
		"nowhere":                {packet.Schema{Name: "lsst.alert"}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := lsst.Version(&c.schema); got != c.want {
				t.Errorf("version is %q, want %q", got, c.want)
			}
		})
	}
}

func TestNight(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		at   time.Time
		want string
	}{
		"the evening in Chile":    {time.Date(2025, 8, 14, 23, 50, 0, 0, time.UTC), "2025-08-14"},
		"the same night's end":    {time.Date(2025, 8, 15, 9, 30, 0, 0, time.UTC), "2025-08-14"},
		"the last instant of it":  {time.Date(2025, 8, 15, 11, 59, 59, 999999000, time.UTC), "2025-08-14"},
		"noon begins the next":    {time.Date(2025, 8, 15, 12, 0, 0, 0, time.UTC), "2025-08-15"},
		"the turn of a leap year": {time.Date(2024, 3, 1, 3, 0, 0, 0, time.UTC), "2024-02-29"},
		"New Year":                {time.Date(2026, 1, 1, 4, 0, 0, 0, time.UTC), "2025-12-31"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := lsst.Night(&alert.Alert{ObservedAt: c.at}); got != c.want {
				t.Errorf("night of %v is %s, want %s", c.at, got, c.want)
			}
		})
	}
}

func TestPhotometry(t *testing.T) {
	t.Parallel()
	schema := parse(t, "7.4")
	record := alertOf(t, schema)
	record["diaSource"] = source(t, schema, map[string]any{
		"diaSourceId": sourceID, "psfFlux": float32(-1241), "psfFluxErr": float32(12), "reliability": float32(0.75),
	})
	record["prvDiaSources"] = []any{
		source(t, schema, map[string]any{
			"diaSourceId": int64(2), "psfFlux": float32(5000), "psfFluxErr": float32(50), "band": "g", "midpointMjdTai": midpoint - 1,
		}),
		source(t, schema, map[string]any{"diaSourceId": int64(3), "psfFlux": float32(5000), "psfFluxErr": nil}),
		source(t, schema, map[string]any{"diaSourceId": int64(4), "psfFlux": nil, "psfFluxErr": float32(50)}),
	}
	limit := fieldType(t, schema.Root, "prvDiaNondetectionLimits").Elem
	record["prvDiaNondetectionLimits"] = []any{blank(limit)}
	maps.Copy(record["prvDiaNondetectionLimits"].([]any)[0].(map[string]any), map[string]any{
		"midpointMjdTai": midpoint - 2, "band": "y", "diaNoise": float32(200),
	})
	p := write(t, schema, record)

	const utc = 37.0 / 86400
	ra, dec := alert.Some(351.570546978), alert.Some(0.126243049656)
	want := []alert.Detection{
		{Candid: alert.Some(sourceID), MJD: midpoint - utc, Band: "r", FluxUJy: -1.241, FluxErrUJy: 0.012, RADeg: ra, DecDeg: dec, RealBogus: alert.Some(0.75)},
		{Candid: alert.Some(int64(2)), MJD: midpoint - 1 - utc, Band: "g", FluxUJy: 5, FluxErrUJy: 0.05, RADeg: ra, DecDeg: dec},
	}
	gotDetections, gotLimits := lsst.Photometry(p.Record)
	if diff := cmp.Diff(want, gotDetections); diff != "" {
		t.Errorf("detections (-want +got):\n%s", diff)
	}
	// Five times a noise of 200 nJy is a microjansky: the zero point.
	limits := []alert.Limit{{MJD: midpoint - 2 - utc, Band: "y", Mag: 23.9}}
	if diff := cmp.Diff(limits, gotLimits, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
}

func TestNoHistory(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			schema := parse(t, version)
			p := write(t, schema, alertOf(t, schema))
			want := 0
			if !p.Record.Get("diaSource", "psfFlux").IsNull() {
				want = 1
			}
			got, limits := lsst.Photometry(p.Record)
			if len(got) != want {
				t.Errorf("detections %v, want %d", got, want)
			}
			if len(limits) > 0 {
				t.Errorf("limits %v, want none", limits)
			}
		})
	}
}

// TestReal reads the survey's own sample alerts. That of version 7.4 has
// seconds where days belong.
func TestReal(t *testing.T) {
	t.Parallel()
	decoder := &packet.Decoder{}
	isLSST := func(truth map[string]any) bool { return truth["survey"] == "lsst" }
	for _, sample := range realdata.Alerts(t, isLSST) {
		t.Run(sample.File, func(t *testing.T) {
			t.Parallel()
			p, err := decoder.Decode(t.Context(), sample.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			a, err := lsst.Read(p)
			date := number(t, sample.Truth["midpointMjdTai"])
			if date == 1480360995 {
				var fault *alert.Fault
				if !errors.As(err, &fault) || fault.Field != "midpointMjdTai" || !strings.Contains(err.Error(), "1480360995") {
					t.Errorf("error is %v, want a fault of midpointMjdTai that tells the number", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := []any{sample.Truth["schema_version"], sample.Truth["diaObjectId"], sample.Truth["diaSourceId"]}
			got := []any{a.Schema, json.Number(a.ObjectID), json.Number(strconv.FormatInt(a.Candid, 10))}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("version, object and detection (-want +got):\n%s", diff)
			}
			checkFirst(t, a, sample.Truth)
		})
	}
}

// checkFirst compares the first detection with the triggering source.
func checkFirst(t *testing.T, a alert.Alert, truth map[string]any) {
	t.Helper()
	detections, _ := lsst.Photometry(a.Record)
	if want := 1 + number(t, truth["n_prvDiaSources"]); float64(len(detections)) != want {
		t.Fatalf("%d detections, want %v", len(detections), want)
	}
	want := alert.Detection{
		Candid: alert.Some(a.Candid), MJD: number(t, truth["midpointMjdTai"]) - 37.0/86400, Band: truth["band"].(string),
		FluxUJy: number(t, truth["psfFlux"]) / 1000, FluxErrUJy: number(t, truth["psfFluxErr"]) / 1000,
		RADeg: alert.Some(number(t, truth["ra"])), DecDeg: alert.Some(number(t, truth["dec"])),
	}
	if diff := cmp.Diff(want, detections[0]); diff != "" {
		t.Errorf("first detection (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{want.RADeg.Value, want.DecDeg.Value}, []float64{a.RADeg, a.DecDeg}); diff != "" {
		t.Errorf("place (-want +got):\n%s", diff)
	}
}

func number(t testing.TB, v any) float64 {
	t.Helper()
	n, ok := v.(json.Number)
	if !ok {
		t.Fatalf("the truth has %v, want a number", v)
	}
	f, err := n.Float64()
	if err != nil {
		t.Fatal(err)
	}
	return f
}
