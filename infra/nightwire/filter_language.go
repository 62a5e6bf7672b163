package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"nightwire.dev/shared/filter/expression"
	"nightwire.dev/shared/names"
)

type filterFunctions struct {
	Name string `arg:"" optional:"" help:"The one function to explain. Without it, all."`
}

// Help is what --help shows besides the flags.
func (filterFunctions) Help() string {
	return `Examples:
  nightwire filter functions
  nightwire filter functions rise_rate`
}

// missingValues is the rule that surprises those who know SQL or Python.
const missingValues = `A value is missing where the survey sent null or its mark for "no match" (ZTF's
-999), where a list is too short, and where arithmetic has no answer. Arithmetic
with it is missing; a comparison with it is false, whichever way it is asked,
also !=, and its opposite, !(...), therefore true. Nothing is an error. Ask
whether it is there with == null, != null or has().
`

// Run prints the reference.
func (c *filterFunctions) Run(out io.Writer) error {
	if c.Name == "" {
		fmt.Fprint(out, missingValues)
	}
	found := false
	for _, f := range expression.Functions() {
		if c.Name == "" || strings.EqualFold(c.Name, f.Name) {
			found = true
			printFunction(out, f)
		}
	}
	if !found {
		return fmt.Errorf("there is no function %s: nightwire filter functions lists all", c.Name)
	}
	return nil
}

func printFunction(w io.Writer, f expression.Function) {
	fmt.Fprintln(w)
	for _, signature := range f.Signatures() {
		fmt.Fprintln(w, signature)
	}
	fmt.Fprintf(w, "    %s\n    Example: %s\n", strings.ReplaceAll(wrap(f.About, 76), "\n", "\n    "), f.Example)
}

// wrap breaks a text into lines of so many characters.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		switch {
		case column == 0:
		case column+1+len(word) > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

type filterFields struct {
	Word   string       `arg:"" optional:"" help:"Only fields with this word in their name or description."`
	Stream names.Stream `help:"${stream}" default:"ztf" enum:"ztf,ztf-partnership,lsst"`
}

// Help is what --help shows besides the flags.
func (filterFields) Help() string {
	return `Examples:
  nightwire filter fields
  nightwire filter fields real-bogus
  nightwire filter fields --stream lsst snr

prv_candidates[].magpsf is the magnitude of any item of the list, as in
prv_candidates.exists(p, p.magpsf < 17.0).`
}

// Run lists the fields.
func (c *filterFields) Run(out io.Writer) error {
	language, err := expression.For(c.Stream.Survey())
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer t.Flush()
	word, found := strings.ToLower(c.Word), 0
	for _, f := range language.Fields() {
		if strings.Contains(strings.ToLower(f.Path+" "+f.Description), word) {
			found++
			fmt.Fprintf(t, "%s\t%s\t%s\n", f.Path, f.Type, f.Description)
		}
	}
	if found == 0 {
		return fmt.Errorf("no field of %s speaks of %q: nightwire filter fields lists all", c.Stream, c.Word)
	}
	return nil
}
