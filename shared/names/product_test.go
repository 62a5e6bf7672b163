package names_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/names"
)

// TestFilterObjects reads back what was named, and only that.
func TestFilterObjects(t *testing.T) {
	t.Parallel()
	type kinds struct{ filter, paused, accepted string }
	cases := map[string]kinds{
		names.FilterObject("purity"):    {filter: "purity"},
		names.PausedObject("purity"):    {paused: "purity"},
		names.AcceptedObject("purity"):  {accepted: "purity"},
		"filters/purity.yaml":           {filter: "purity"},
		"filters/purity.paused":         {paused: "purity"},
		"filters/.accepted/purity.yaml": {accepted: "purity"},
		"filters/team/purity.yaml":      {},
		"filters/.yaml":                 {},
		"filters/purity.yml":            {},
		"filters/":                      {},
		"matches/purity.yaml":           {},
	}
	for object, want := range cases {
		t.Run(object, func(t *testing.T) {
			t.Parallel()
			var got kinds
			for into, parse := range map[*string]func(string) (string, bool){
				&got.filter: names.ParseFilterObject, &got.paused: names.ParsePausedObject, &got.accepted: names.ParseAcceptedObject,
			} {
				if name, ok := parse(object); ok {
					*into = name
				}
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(kinds{})); diff != "" {
				t.Errorf("object is of (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClaimObject(t *testing.T) {
	t.Parallel()
	const want = "matches/night=2026-09-01/ZTF21abiuvdk/1627148971515015007.json"
	if got := names.ClaimObject("2026-09-01", "ZTF21abiuvdk", "1627148971515015007"); got != want {
		t.Errorf("claim is %s, want %s", got, want)
	}
}

func TestTarballObjects(t *testing.T) {
	t.Parallel()
	const night = "2026-09-01"
	for stream, want := range map[names.Stream]string{
		names.ZTF:            "tarballs/ztf_public_20260901",
		names.ZTFPartnership: "tarballs/ztf_partnership_20260901",
		names.LSST:           "tarballs/lsst_20260901",
	} {
		t.Run(string(stream), func(t *testing.T) {
			t.Parallel()
			r := names.Resources{Project: "p", Stream: stream}
			got := []string{r.TarballObject(night), r.TarballIndexObject(night), r.TarballSumObject(night), r.TarballPartsObject(night)}
			if diff := cmp.Diff([]string{want + ".tar.gz", want + ".index.jsonl", want + ".sha256", want + ".parts.json"}, got); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
	if got := names.TarballFolder(night); got != "tarballs/parts/2026-09-01/" {
		t.Errorf("the parts are in %s", got)
	}
}

func TestCertificateObjects(t *testing.T) {
	t.Parallel()
	want := []string{"certificates/2026-09-01.json", "certificates/2026-09-01.html"}
	if diff := cmp.Diff(want, []string{names.CertificateObject("2026-09-01"), names.CertificatePage("2026-09-01")}); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}
