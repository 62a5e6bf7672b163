package certificate

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"nightwire.dev/shared/names"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("certificate").Funcs(template.FuncMap{
	"count":   grouped,
	"clock":   clock,
	"seconds": func(s float64) string { return strconv.FormatFloat(s, 'f', 2, 64) + " s" },
}).Parse(pageHTML))

// mostShown bounds the names of one cause on the page; the JSON has more.
const mostShown = 200

// bar is one outcome in the bar of all records.
type bar struct {
	Class, Name string
	Count       int
	Percent     string
	Meaning     string
}

// shownLoss is a cause on the page.
type shownLoss struct {
	Loss
	Lines    []string
	More     int
	Commands []string
}

// Page writes the certificate as a page for people, which needs nothing but
// itself.
func (c *Certificate) Page(w io.Writer) error {
	var losses []shownLoss
	for _, l := range c.Losses {
		lines := l.Lines()
		shown := lines[:min(len(lines), mostShown)]
		losses = append(losses, shownLoss{Loss: l, Lines: shown, More: len(lines) - len(shown), Commands: c.Commands(l)})
	}
	err := page.Execute(w, map[string]any{
		"Certificate": c, "Subject": c.subject(), "Verdict": c.Verdict(), "Class": c.class(),
		"DeadLetters": "nightwire deadletter list " + c.deployment(), "Tarball": c.tarball(),
		"Bars": c.bars(), "Figures": c.figures(), "Losses": losses, "Told": told, "Made": c.At.Format(time.RFC3339),
	})
	if err != nil {
		return fmt.Errorf("certificate as a page: %w", err)
	}
	return nil
}

// tarball is where the function tarball puts a night that is closed.
type tarball struct{ Bucket, Object, Link string }

// tarball is nil where none is made: of a stream, of what is not over, of no
// files, and of those that are gone. Google's own pages show a project's.
func (c *Certificate) tarball() *tarball {
	if c.Night == "" || !c.Final() || c.Files == 0 || c.Lost(NoFile).Count+c.Lost(FileGone).Count > 0 {
		return nil
	}
	r := names.Resources{Project: cmp.Or(c.Project, names.LocalProject), Stream: names.Stream(c.Stream), Suffix: c.Suffix}
	t := &tarball{Bucket: r.ProductsBucket(), Object: r.TarballObject(c.Night)}
	if c.Project != "" {
		t.Link = "https://storage.cloud.google.com/" + t.Bucket + "/" + t.Object
	}
	return t
}

// class is the colour of the verdict.
func (c *Certificate) class() string {
	if c.State == Clean && c.Records > 0 && c.Rejected == c.Records {
		return string(Unproven)
	}
	return string(c.State)
}

// bars divide all records by what became of them. What there is has a width
// that one can see.
func (c *Certificate) bars() []bar {
	lost := c.Records - c.Stored - c.Duplicates - c.Conflicts - c.Rejected
	var bars []bar
	for _, b := range []bar{
		{Class: "stored", Name: "stored", Count: c.Stored},
		{Class: "duplicates", Name: "duplicates", Count: c.Duplicates},
		{Class: "conflicts", Name: "conflicts", Count: c.Conflicts},
		{Class: "rejected", Name: "rejected", Count: c.Rejected},
		{Class: "missing", Name: "without an outcome", Count: lost},
	} {
		if b.Count > 0 {
			b.Percent = strconv.FormatFloat(max(100*float64(b.Count)/float64(c.Records), 0.5), 'f', 2, 64)
			bars = append(bars, b)
		}
	}
	return bars
}

// grouped writes a number with its thousands apart.
func grouped(n any) string {
	digits := fmt.Sprint(n)
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteString("\u202f")
		}
		b.WriteRune(r)
	}
	return b.String()
}
