package survey_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/survey"
)

// synthetic is the packet of a synthetic ZTF alert.
func synthetic(t *testing.T) *packet.Packet {
	t.Helper()
	night, err := simulate.New(simulate.Options{Seed: 2, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 1})
	if err != nil {
		t.Fatal(err)
	}
	shipped, _ := schemas.Find(schemas.ZTF, "4.02")
	schema, err := packet.ParseSchema(shipped.JSON)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := schema.Encode(nil, night.Alert(0))
	if err != nil {
		t.Fatal(err)
	}
	p, err := new(packet.Decoder).Decode(t.Context(), packet.Container(schema, encoded))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRead(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		stream    names.Stream
		survey    string // of the alert; empty for an error
		permanent bool
	}{
		"its own stream":         {names.ZTF, "ztf", false},
		"the survey's other one": {names.ZTFPartnership, "ztf", false},
		"another survey's":       {names.LSST, "", true},
		"no survey's":            {"atlas", "", false},
	}
	p := synthetic(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := survey.Read(c.stream, p)
			if a.Survey != c.survey || (err == nil) != (c.survey != "") {
				t.Errorf("alert is of survey %q, error %v", a.Survey, err)
			}
			var fault *alert.Fault
			if errors.As(err, &fault) != c.permanent {
				t.Errorf("error is %v, want a fault: %v", err, c.permanent)
			}
		})
	}
}

func TestNightAndObject(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 2, 3, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		alert alert.Alert
		want  string
	}{
		"ZTF, by its UTC date": {
			alert.Alert{Survey: "ztf", Schema: "4.02", ObjectID: "ZTF21abc", Candid: 7, ObservedAt: at},
			"v4.02/night=2026-09-02/ZTF21abc/7.avro",
		},
		"LSST, by the night at the telescope": {
			alert.Alert{Survey: "lsst", Schema: "10.0", ObjectID: "sso-23", Candid: 281323062375219200, ObservedAt: at},
			"v10.0/night=2026-09-01/sso-23/281323062375219200.avro",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := survey.Object(&c.alert)
			if diff := cmp.Diff(c.want, object.Path()); diff != "" {
				t.Errorf("path (-want +got):\n%s", diff)
			}
			if night := survey.Night(&c.alert); night != object.Night {
				t.Errorf("night is %s, the object's %s", night, object.Night)
			}
		})
	}
}

func TestCheckAudience(t *testing.T) {
	t.Parallel()
	unknown := alert.Maybe[int]{}
	cases := map[string]struct {
		stream  names.Stream
		program alert.Maybe[int]
		allowed bool
	}{
		"public on the public stream":       {names.ZTF, alert.Some(1), true},
		"partnership on the public stream":  {names.ZTF, alert.Some(2), false},
		"Caltech's on the public stream":    {names.ZTF, alert.Some(3), false},
		"nobody's on the public stream":     {names.ZTF, alert.Some(0), false},
		"unknown on the public stream":      {names.ZTF, unknown, false},
		"public on the partnership's":       {names.ZTFPartnership, alert.Some(1), false},
		"partnership on the partnership's":  {names.ZTFPartnership, alert.Some(2), true},
		"Caltech's on the partnership's":    {names.ZTFPartnership, alert.Some(3), true},
		"unknown on the partnership's":      {names.ZTFPartnership, unknown, false},
		"LSST has one audience":             {names.LSST, unknown, true},
		"a programme that LSST has not got": {names.LSST, alert.Some(3), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := survey.CheckAudience(c.stream, &alert.Alert{ProgramID: c.program})
			if c.allowed {
				if err != nil {
					t.Errorf("error is %v, want none", err)
				}
				return
			}
			var refused *survey.AudienceError
			if !errors.As(err, &refused) || !refused.Permanent() {
				t.Fatalf("error is %v, want a permanent *AudienceError", err)
			}
			if diff := cmp.Diff(&survey.AudienceError{Stream: c.stream, ProgramID: c.program}, refused); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if refused.Private() != (c.stream == names.ZTF) {
				t.Errorf("a private alert on a public stream: %v", refused.Private())
			}
			for _, want := range []string{"programid", string(c.stream)} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

// TestAudienceOfRealAlerts finds the one alert of the collection that is not
// public.
func TestAudienceOfRealAlerts(t *testing.T) {
	t.Parallel()
	decoder := &packet.Decoder{}
	for _, sample := range realdata.Alerts(t, func(truth map[string]any) bool { return truth["survey"] == "ztf" }) {
		t.Run(sample.File, func(t *testing.T) {
			t.Parallel()
			p, err := decoder.Decode(t.Context(), sample.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			a, err := survey.Read(names.ZTF, p)
			if err != nil {
				t.Fatal(err)
			}
			public := a.ProgramID.Value == 1
			if err := survey.CheckAudience(names.ZTF, &a); (err == nil) != public {
				t.Errorf("programid %d on the public stream: %v", a.ProgramID.Value, err)
			}
			if err := survey.CheckAudience(names.ZTFPartnership, &a); (err == nil) == public {
				t.Errorf("programid %d on the partnership's stream: %v", a.ProgramID.Value, err)
			}
		})
	}
}
