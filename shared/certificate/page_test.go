package certificate

import (
	"strings"
	"testing"
)

// TestPageLeadsOn has the page of a certificate lead to what it speaks of, and
// to nothing that is not there.
func TestPageLeadsOn(t *testing.T) {
	t.Parallel()
	const (
		letters = "nightwire deadletter list --stream ztf"
		object  = "tarballs/ztf_public_20260901.tar.gz"
		link    = "https://storage.cloud.google.com/p-ztf-products/" + object
		night   = `<a href="certificates/ztf/2026-09-01.html">2026-09-01</a>`
	)
	of := func(change func(*Certificate)) *Certificate {
		c := &Certificate{Stream: "ztf", Night: "2026-09-01", State: Clean, Records: 3, Stored: 3, Files: 3, Rows: 3, Evaluated: 3}
		change(c)
		return c
	}
	cases := map[string]struct {
		of   *Certificate
		want []string
	}{
		"a night of the local stack": {of(func(*Certificate) {}), []string{object, "bucket nightwire-local-ztf-products"}},
		"a night of a project":       {of(func(c *Certificate) { c.Project = "p" }), []string{object, link}},
		"a night of a test deployment": {of(func(c *Certificate) { c.Project, c.Suffix = "p", "t1" }), []string{object,
			"https://storage.cloud.google.com/p-ztf-products-t1/" + object}},
		"a night that goes on":     {of(func(c *Certificate) { c.State = Repairing }), nil},
		"a night without files":    {of(func(c *Certificate) { c.Files = 0 }), nil},
		"a night that lost a file": {of(func(c *Certificate) { c.State, c.Losses = Missing, []Loss{{Cause: FileGone, Count: 1}} }), nil},
		"rejected records":         {of(func(c *Certificate) { c.Files, c.Rejections = 0, []Rejection{{"decode", 2}} }), []string{letters}},
		"rejected records of a project": {of(func(c *Certificate) {
			c.Project, c.Files, c.Rejections = "p", 0, []Rejection{{"decode", 2}}
		}), []string{letters + " --project p"}},
		"a run": {of(func(c *Certificate) {
			c.Night, c.Run = "", &Run{Nights: []Closed{{"2026-09-01", "nothing is missing", "certificates/ztf/2026-09-01.html"}}}
		}), []string{night}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var page strings.Builder
			if err := c.of.Page(&page); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(page.String(), want) {
					t.Errorf("the page has no %s", want)
				}
			}
			for _, leads := range []string{"deadletter list", "tarballs/", "https://storage", "certificates/"} {
				if strings.Contains(page.String(), leads) && !strings.Contains(strings.Join(c.want, " "), leads) {
					t.Errorf("the page speaks of %s, which is not there", leads)
				}
			}
		})
	}
}
