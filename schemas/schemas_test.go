package schemas

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAll(t *testing.T) {
	t.Parallel()
	type line struct {
		survey, version, name string
		confluentID           int
	}
	want := []line{
		{ZTF, "3.3", "ztf.alert", 0},
		{ZTF, "4.02", "ztf.alert", 0},
		{LSST, "7.4", "lsst.v7_4.alert", 704},
		{LSST, "9.0", "lsst.v9_0.alert", 900},
		{LSST, "10.0", "lsst.v10_0.alert", 1000},
		{LSST, "11.0", "lsst.v11_0.alert", 1100},
	}
	var got []line
	for _, s := range All() {
		got = append(got, line{s.Survey, s.Version, s.Name, s.ConfluentID})
		if !json.Valid(s.JSON) {
			t.Errorf("schema %s %s is not JSON", s.Survey, s.Version)
		}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(line{})); diff != "" {
		t.Errorf("All() (-want +got):\n%s", diff)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, want := range All() {
		t.Run(want.Survey+" "+want.Version, func(t *testing.T) {
			t.Parallel()
			for how, find := range map[string]func() (Schema, bool){
				"version":     func() (Schema, bool) { return Find(want.Survey, want.Version) },
				"fingerprint": func() (Schema, bool) { return FindFingerprint(want.Fingerprint) },
			} {
				got, ok := find()
				if diff := cmp.Diff(want, got); !ok || diff != "" {
					t.Errorf("find by %s: %v (-want +got):\n%s", how, ok, diff)
				}
			}
			got, ok := FindConfluent(want.Survey, want.ConfluentID)
			if ok != (want.Survey == LSST) || ok && got.Version != want.Version {
				t.Errorf("FindConfluent(%q, %d) = %s, %v", want.Survey, want.ConfluentID, got.Version, ok)
			}
		})
	}
}

func TestFindUnknown(t *testing.T) {
	t.Parallel()
	for name, find := range map[string]func() (Schema, bool){
		"version":           func() (Schema, bool) { return Find(ZTF, "10.0") },
		"survey":            func() (Schema, bool) { return Find("atlas", "3.3") },
		"confluent id":      func() (Schema, bool) { return FindConfluent(LSST, 901) },
		"confluent id zero": func() (Schema, bool) { return FindConfluent(ZTF, 0) },
		"fingerprint":       func() (Schema, bool) { return FindFingerprint([32]byte{1}) },
	} {
		if got, ok := find(); ok {
			t.Errorf("%s: found %s %s", name, got.Survey, got.Version)
		}
	}
}

func TestSchemaIsACopy(t *testing.T) {
	t.Parallel()
	first, _ := Find(ZTF, "4.02")
	intact := slices.Clone(first.JSON)
	clear(first.JSON)
	if second, _ := Find(ZTF, "4.02"); !slices.Equal(intact, second.JSON) {
		t.Error("a caller that writes into JSON changes what the next caller finds")
	}
}

// The fingerprints were computed once more with github.com/hamba/avro v2.31.0, which knows nothing of our code. It keeps
// logicalType, which the specification strips, so those of 10.0 and 11.0 were made from the text without it.
func TestFingerprintsMatchAnotherLibrary(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"3.3":  "e8a1bbd8f8bf3b17fdd74e280d4e8443688f5cc877c8cd2f23301824c28d30e9",
		"4.02": "2e3ca42a7603e5b42987c5d43503a9ec8b3ed803c54ad0a42d7d9101d7d9d32b",
		"7.4":  "fd177231a19c203122617572a34a405aaba64ed03dfb8777d0143af5c6646e10",
		"9.0":  "017239c3ff79ae5156cc4125ab1b12df955c1075e353a283627f590fed625b92",
		"10.0": "2c47c696524bdb8c19ea2b6e3947c55f642aa7eacc184e38c4b56a8380b03969",
		"11.0": "9c2dfb211e03b51c3b64fe4105b6dd02aaa9c630ce788656c8cc9a155d468314",
	} {
		for _, schema := range All() {
			if got := hex.EncodeToString(schema.Fingerprint[:]); schema.Version == version && got != want {
				t.Errorf("fingerprint of %s is %s, want %s", version, got, want)
			}
		}
	}
}
