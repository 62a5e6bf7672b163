package names_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/names"
)

func TestResources(t *testing.T) {
	t.Parallel()
	type all struct{ Raw, Archived, DeadLetter, Watermarks, Dawn, Filter, Path, Alerts, Products, Dataset, Push, PushPath, Group string }
	cases := map[string]struct {
		resources names.Resources
		want      all
	}{
		"production": {
			names.Resources{Project: "survey", Stream: names.ZTF},
			all{
				Raw: "ztf-alerts-raw", Archived: "ztf-archived", DeadLetter: "ztf-dead-letter", Watermarks: "ztf-watermarks", Dawn: "ztf-dawn",
				Filter: "ztf-extragalactic", Path: "projects/survey/topics/ztf-alerts-raw",
				Alerts: "survey-ztf-alerts", Products: "survey-ztf-products", Dataset: "ztf",
				Push: "ztf-archived-rows", PushPath: "projects/survey/subscriptions/ztf-archived-rows", Group: "nightwire-ztf",
			},
		},
		"a private stream of a test deployment": {
			names.Resources{Project: "survey", Stream: names.ZTFPartnership, Suffix: "t1"},
			all{
				Raw: "ztf-partnership-alerts-raw-t1", Archived: "ztf-partnership-archived-t1",
				DeadLetter: "ztf-partnership-dead-letter-t1", Watermarks: "ztf-partnership-watermarks-t1", Dawn: "ztf-partnership-dawn-t1",
				Filter: "ztf-partnership-extragalactic-t1", Path: "projects/survey/topics/ztf-partnership-alerts-raw-t1",
				Alerts: "survey-ztf-partnership-alerts-t1", Products: "survey-ztf-partnership-products-t1",
				Dataset: "ztf_partnership_t1", Push: "ztf-partnership-archived-t1-rows",
				PushPath: "projects/survey/subscriptions/ztf-partnership-archived-t1-rows", Group: "nightwire-ztf-partnership-t1",
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.resources
			if err := r.Validate(); err != nil {
				t.Errorf("error is %v, want none", err)
			}
			got := all{
				Raw: r.RawTopic(), Archived: r.ArchivedTopic(), DeadLetter: r.DeadLetterTopic(), Watermarks: r.WatermarksTopic(), Dawn: r.DawnTopic(),
				Filter: r.Topic("extragalactic"), Path: r.TopicPath(r.RawTopic()),
				Alerts: r.AlertsBucket(), Products: r.ProductsBucket(), Dataset: r.Dataset(),
				Push: r.Subscription(r.ArchivedTopic(), "rows"), Group: r.ConsumerGroup(),
				PushPath: r.SubscriptionPath(r.Subscription(r.ArchivedTopic(), "rows")),
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStreamsDoNotShareNames(t *testing.T) {
	t.Parallel()
	taken := map[string]names.Stream{}
	for _, stream := range names.Streams() {
		r := names.Resources{Project: "p", Stream: stream}
		for _, name := range []string{
			r.RawTopic(), r.ArchivedTopic(), r.DeadLetterTopic(), r.WatermarksTopic(), r.DawnTopic(), r.AlertsBucket(), r.ProductsBucket(),
			"dataset " + r.Dataset(), "group " + r.ConsumerGroup(),
		} {
			if other, ok := taken[name]; ok {
				t.Errorf("%s and %s both own %s", other, stream, name)
			}
			taken[name] = stream
		}
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	cases := map[names.Stream]struct {
		survey   string
		programs []int
	}{
		names.ZTF:            {"ztf", []int{1}},
		names.ZTFPartnership: {"ztf", []int{2, 3}},
		names.LSST:           {"lsst", nil},
		"atlas":              {"", nil},
	}
	for _, stream := range names.Streams() {
		if _, ok := cases[stream]; !ok {
			t.Errorf("stream %s is not tested", stream)
		}
	}
	for stream, c := range cases {
		t.Run(string(stream), func(t *testing.T) {
			t.Parallel()
			if got := stream.Survey(); got != c.survey {
				t.Errorf("survey is %q, want %q", got, c.survey)
			}
			if diff := cmp.Diff(c.programs, stream.Programs()); diff != "" {
				t.Errorf("programmes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		resources names.Resources
		want      string
	}{
		"no project":               {names.Resources{Stream: names.ZTF}, "project is empty"},
		"no stream":                {names.Resources{Project: "p"}, `stream "" is not one of ztf, ztf-partnership, lsst`},
		"an unknown stream":        {names.Resources{Project: "p", Stream: "atlas"}, `stream "atlas" is not one of`},
		"a stream in capitals":     {names.Resources{Project: "p", Stream: "ZTF"}, `stream "ZTF" is not one of`},
		"a suffix with a hyphen":   {names.Resources{Project: "p", Stream: names.ZTF, Suffix: "a-b"}, `suffix "a-b"`},
		"a suffix in capitals":     {names.Resources{Project: "p", Stream: names.ZTF, Suffix: "A"}, `suffix "A"`},
		"a suffix of 17 letters":   {names.Resources{Project: "p", Stream: names.ZTF, Suffix: strings.Repeat("a", 17)}, "at most 16"},
		"a suffix with a new line": {names.Resources{Project: "p", Stream: names.ZTF, Suffix: "a\n"}, "suffix"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := c.resources.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	const digest = "b6adba006805ded253a38ef1238e6a631ae7e64c88f744a9f3fdcc26d3f45b03"
	cases := map[string]struct {
		object         names.Object
		path, conflict string
	}{
		"ZTF": {
			names.Object{Schema: "4.02", Night: "2026-09-01", ObjectID: "ZTF21abiuvdk", Candid: "1627148971515015007"},
			"v4.02/night=2026-09-01/ZTF21abiuvdk/1627148971515015007.avro",
			"v4.02/night=2026-09-01/ZTF21abiuvdk/1627148971515015007.b6adba006805.avro",
		},
		"an object of the solar system": {
			names.Object{Schema: "10.0", Night: "2025-08-14", ObjectID: "sso-23", Candid: "281323062375219200"},
			"v10.0/night=2025-08-14/sso-23/281323062375219200.avro",
			"v10.0/night=2025-08-14/sso-23/281323062375219200.b6adba006805.avro",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]string{c.path, c.conflict}, []string{c.object.Path(), c.object.Conflict(digest)}); diff != "" {
				t.Errorf("path and conflict (-want +got):\n%s", diff)
			}
		})
	}
}
