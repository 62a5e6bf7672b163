package ztf_test

import (
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/survey/ztf"
)

var date = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// simulated are the records of a synthetic night.
func simulated(t testing.TB, version string, alerts int) []map[string]any {
	t.Helper()
	night, err := simulate.New(simulate.Options{Seed: 11, Night: date, Alerts: alerts, Schema: version})
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for _, record := range night.All() {
		all = append(all, record)
	}
	return all
}

// The schemas that were parsed, and a decoder that keeps its own: parsing one
// takes longer than all that the tests do with it.
var (
	parsed  sync.Map // of *packet.Schema, by version
	decoder packet.Decoder
)

func parse(t testing.TB, version string) *packet.Schema {
	t.Helper()
	if schema, ok := parsed.Load(version); ok {
		return schema.(*packet.Schema)
	}
	shipped, ok := schemas.Find(schemas.ZTF, version)
	if !ok {
		t.Fatalf("schema ztf %s is unknown", version)
	}
	schema, err := packet.ParseSchema(shipped.JSON)
	if err != nil {
		t.Fatal(err)
	}
	parsed.Store(version, schema)
	return schema
}

// makePacket encodes a record and decodes it, as an alert on its way would be.
func makePacket(t testing.TB, record map[string]any, version string) *packet.Packet {
	t.Helper()
	schema := parse(t, version)
	encoded, err := schema.Encode(nil, record)
	if err != nil {
		t.Fatal(err)
	}
	p, err := decoder.Decode(t.Context(), packet.Container(schema, encoded))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ignoreRecord leaves out of a comparison what has no values of its own.
var ignoreRecord = cmpopts.IgnoreFields(alert.Alert{}, "Record")

// TestReadSimulated compares what is read with the record that was encoded.
func TestReadSimulated(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.3", "4.02"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			for i, record := range simulated(t, version, 20) {
				candidate := record["candidate"].(map[string]any)
				jd := candidate["jd"].(float64)
				got, err := ztf.Read(makePacket(t, record, version))
				if err != nil {
					t.Fatalf("alert %d: %v", i, err)
				}
				want := alert.Alert{
					Survey: "ztf", Schema: version, ObjectID: record["objectId"].(string), Candid: record["candid"].(int64),
					ObservedAt: alert.Time(jd - 2400000.5), RADeg: candidate["ra"].(float64), DecDeg: candidate["dec"].(float64),
					ProgramID: alert.Some(1),
				}
				if diff := cmp.Diff(want, got, ignoreRecord); diff != "" {
					t.Errorf("alert %d (-want +got):\n%s", i, diff)
				}
				if got.Record.Get("candidate", "jd").Float() != jd {
					t.Errorf("alert %d: the record was lost on the way", i)
				}
			}
		})
	}
}

// TestPhotometrySimulated compares the detections and limits with the history
// that was encoded, one by one.
func TestPhotometrySimulated(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i, record := range simulated(t, "4.02", 60) {
		var detections []alert.Detection
		var limits []alert.Limit
		history, _ := record["prv_candidates"].([]any)
		for _, item := range append([]any{record["candidate"]}, history...) {
			c := item.(map[string]any)
			if c["magpsf"] != nil {
				detections = append(detections, expected(c, seen))
			} else if c["diffmaglim"] != nil {
				limits = append(limits, alert.Limit{
					MJD: c["jd"].(float64) - 2400000.5, Band: bands[c["fid"].(int32)], Mag: single(c["diffmaglim"]),
				})
				seen["limit"]++
			}
		}
		p := makePacket(t, record, "4.02")
		gotDetections, gotLimits := ztf.Photometry(p.Record)
		if diff := cmp.Diff(detections, gotDetections, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
			t.Errorf("alert %d: detections (-want +got):\n%s", i, diff)
		}
		if diff := cmp.Diff(limits, gotLimits); diff != "" {
			t.Errorf("alert %d: limits (-want +got):\n%s", i, diff)
		}
	}
	for _, what := range []string{"t", "f", "1", "limit"} {
		if seen[what] == 0 {
			t.Errorf("no alert of the night has a %s", what)
		}
	}
}

var bands = map[int32]string{1: "g", 2: "r", 3: "i"}

func single(v any) float64 { return float64(v.(float32)) }

// expected is the detection that an encoded candidate or a part of the history
// has to become.
func expected(c map[string]any, seen map[string]int) alert.Detection {
	flux := math.Pow(10, (23.9-single(c["magpsf"]))/2.5)
	d := alert.Detection{
		Candid: alert.Some(c["candid"].(int64)), MJD: c["jd"].(float64) - 2400000.5, Band: bands[c["fid"].(int32)],
		FluxUJy: flux, FluxErrUJy: flux * single(c["sigmapsf"]) * math.Ln10 / 2.5,
		RADeg: alert.Some(c["ra"].(float64)), DecDeg: alert.Some(c["dec"].(float64)),
	}
	if score := c["drb"]; score != nil {
		d.RealBogus = alert.Some(single(score))
	} else if score := c["rb"]; score != nil {
		d.RealBogus = alert.Some(single(score))
	}
	sign := c["isdiffpos"].(string)
	seen[sign]++
	if sign == "f" || sign == "0" {
		d.FluxUJy = -flux
	}
	return d
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	set := func(field string, value any) func(map[string]any) {
		return func(record map[string]any) { record["candidate"].(map[string]any)[field] = value }
	}
	cases := map[string]struct {
		change func(record map[string]any)
		field  string
	}{
		"no objectId":           {func(r map[string]any) { r["objectId"] = "" }, "object id"},
		"an objectId as a path": {func(r map[string]any) { r["objectId"] = "../a" }, "object id"},
		"no version":            {func(r map[string]any) { r["schemavsn"] = "" }, "schema version"},
		"candid 0":              {func(r map[string]any) { r["candid"] = int64(0) }, "detection id"},
		"jd is an MJD":          {set("jd", 61284.25), "jd"},
		"jd of 1975":            {set("jd", 2442413.5), "observation date"},
		"jd is NaN":             {set("jd", math.NaN()), "jd"},
		"ra is -999":            {set("ra", -999.0), "ra"},
		"dec is NaN":            {set("dec", math.NaN()), "dec"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			record := simulated(t, "4.02", 1)[0]
			c.change(record)
			_, err := ztf.Read(makePacket(t, record, "4.02"))
			var fault *alert.Fault
			if !errors.As(err, &fault) || fault.Field != c.field {
				t.Errorf("error is %v, want a fault of the %s", err, c.field)
			}
		})
	}
}

func TestAnotherSurveysAlertIsAFault(t *testing.T) {
	t.Parallel()
	_, err := ztf.Read(&packet.Packet{Record: value(t, `"long"`, int64(1))})
	var fault *alert.Fault
	if !errors.As(err, &fault) || fault.Field != "candidate" {
		t.Errorf("error is %v, want a fault of the candidate", err)
	}
}

// value is a value of an Avro type, as it stands in a record.
func value(t testing.TB, avroType string, v any) packet.Value {
	t.Helper()
	schema, err := packet.ParseSchema([]byte(`{"type":"record","name":"a","fields":[{"name":"x","type":` + avroType + `}]}`))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := schema.Encode(nil, map[string]any{"x": v})
	if err != nil {
		t.Fatal(err)
	}
	record, err := schema.Record(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return record.Get("x")
}

func TestIsPositive(t *testing.T) {
	t.Parallel()
	unknown := alert.Maybe[bool]{}
	cases := map[string]struct {
		avroType string
		value    any
		want     alert.Maybe[bool]
	}{
		"t":               {`"string"`, "t", alert.Some(true)},
		"1":               {`["null","string"]`, "1", alert.Some(true)},
		"T":               {`"string"`, "T", alert.Some(true)},
		"true":            {`"string"`, "true", alert.Some(true)},
		"f":               {`"string"`, "f", alert.Some(false)},
		"0":               {`["null","string"]`, "0", alert.Some(false)},
		"F":               {`"string"`, "F", alert.Some(false)},
		"false":           {`"string"`, "false", alert.Some(false)},
		"the number 1":    {`"int"`, int32(1), alert.Some(true)},
		"the number 0":    {`"int"`, int32(0), alert.Some(false)},
		"a long 1":        {`"long"`, int64(1), alert.Some(true)},
		"a boolean":       {`"boolean"`, true, alert.Some(true)},
		"another boolean": {`"boolean"`, false, alert.Some(false)},
		"null":            {`["null","string"]`, nil, unknown},
		"nothing":         {`"string"`, "", unknown},
		"a word":          {`"string"`, "maybe", unknown},
		"a float":         {`"float"`, float32(1), unknown},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, ztf.IsPositive(value(t, c.avroType, c.value))); diff != "" {
				t.Errorf("positive (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	missing := alert.Maybe[float64]{}
	cases := map[string]struct {
		avroType string
		value    any
		want     alert.Maybe[float64]
	}{
		"a float":      {`["null","float"]`, float32(0.5), alert.Some(0.5)},
		"a double":     {`"double"`, 0.1, alert.Some(0.1)},
		"zero":         {`"float"`, float32(0), alert.Some(0.0)},
		"an int":       {`"int"`, int32(7), alert.Some(7.0)},
		"minus 998":    {`"float"`, float32(-998), alert.Some(-998.0)},
		"-999":         {`["null","float"]`, float32(-999), missing},
		"-999 double":  {`"double"`, -999.0, missing},
		"-999 integer": {`"int"`, int32(-999), missing},
		"null":         {`["null","float"]`, nil, missing},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, ztf.Number(value(t, c.avroType, c.value))); diff != "" {
				t.Errorf("number (-want +got):\n%s", diff)
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
		"the first instant of a date": {time.Date(2026, 9, 2, 0, 0, 0, 0, time.UTC), "2026-09-02"},
		"the last":                    {time.Date(2026, 9, 2, 23, 59, 59, 0, time.UTC), "2026-09-02"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ztf.Night(&alert.Alert{ObservedAt: c.at}); got != c.want {
				t.Errorf("night of %s is %s, want %s", c.at, got, c.want)
			}
		})
	}
}
