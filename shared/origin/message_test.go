package origin_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
	"pgregory.net/rapid"
)

func TestMessage(t *testing.T) {
	t.Parallel()
	want, err := origin.Parse(attributes())
	if err != nil {
		t.Fatal(err)
	}
	m := want.Message(names.ZTF, []byte("Obj\x01 and so on"))
	if diff := cmp.Diff(attributes(), m.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if string(m.Data) != "Obj\x01 and so on" {
		t.Errorf("data is %q", m.Data)
	}
}

func TestEncoding(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ value, want string }{
		"object container":         {"Obj\x01\x04avro.codec", "ocf"},
		"registry's wire format":   {"\x00\x00\x00\x03\x84", "confluent"},
		"a single zero":            {"\x00", "confluent"},
		"cut short":                {"Obj", "unknown"},
		"another version":          {"Obj\x02", "unknown"},
		"nothing, as of tombstone": {"", "unknown"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (origin.Origin{Topic: "t"}).Message(names.LSST, []byte(c.value)).Attributes["encoding"]; got != c.want {
				t.Errorf("encoding is %q, want %q", got, c.want)
			}
		})
	}
}

// TestFile has coordinates that no record of Kafka's can have, and that each
// content has to itself.
func TestFile(t *testing.T) {
	t.Parallel()
	if got := origin.File("/nights/20260901.tar.gz", nil).Topic; got != "file:20260901.tar.gz" || origin.InKafka(got) {
		t.Errorf("topic is %q, in Kafka: %v", got, origin.InKafka(got))
	}
	if !origin.InKafka("ztf_20260901_programid1") {
		t.Error("a topic of Kafka's counts as a file")
	}
	rapid.Check(t, func(r *rapid.T) {
		one, other := rapid.String().Draw(r, "one"), rapid.String().Draw(r, "other")
		a, b := origin.File("a", []byte(one)), origin.File("a", []byte(other))
		if a.Offset < 0 || a.Same(b) != (one == other) {
			r.Errorf("%q is at %d, %q at %d", one, a.Offset, other, b.Offset)
		}
	})
}
