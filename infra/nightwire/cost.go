package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"nightwire.dev/infra/cost"
	"nightwire.dev/shared/names"
)

// costCommand says what a night costs.
type costCommand struct {
	Night   costNight   `cmd:"" default:"withargs" help:"Say what a night costs on Google Cloud, and what would change it."`
	Measure costMeasure `cmd:"" help:"Measure the local stack's rows, and what the library's queries read of them."`
	Prices  costPrices  `cmd:"" help:"List the prices, with the page and the day of each."`
}

// Help is what --help shows besides the commands.
func (costCommand) Help() string {
	return `Without a command it is cost night, whose flags it takes:
  nightwire cost --alerts-per-night 100000 --filters 8
nightwire cost night --help lists them.`
}

// costNight has the settings of a load. A setting that is not given is that of
// the survey; numbers are pointers so that 0 can be given.
type costNight struct {
	Stream          names.Stream `help:"${stream}" default:"ztf"`
	AlertsPerNight  *float64     `help:"Alerts a night; without it, 100,000 of ZTF and ten million of LSST." placeholder:"N"`
	Size            *cost.Size   `help:"A packet as the survey sends it: 70kB, 68.4KiB, 70000. Without it, 70kB of ZTF and 139kB of LSST, to whose files 21.9 kB of schema are added." placeholder:"SIZE"`
	History         *float64     `help:"Entries of an alert's history, on average; without it, as measured." placeholder:"N"`
	Filters         *float64     `help:"Filters in force; without it, those that are built in." placeholder:"N"`
	MatchFraction   *float64     `help:"Fraction of the alerts that a filter chooses, on average; without it, as measured of the built-in ones." placeholder:"F"`
	FitFraction     *float64     `help:"Fraction of the alerts that are fitted as supernovae; without it, as measured." placeholder:"F"`
	Readers         *float64     `help:"Readers of each filter's topic; without it, 1." placeholder:"N"`
	RetentionMonths *float64     `help:"Months for which the files and rows of a night are kept and counted; without it, 12. The deployment's plan deletes none." placeholder:"N"`
	NightsPerMonth  *float64     `help:"Nights a month in which alerts come; without it, 30." placeholder:"N"`
	Hours           *float64     `help:"Hours a night in which they come; without it, 9." placeholder:"N"`
	Concurrency     *float64     `help:"Events that an instance of any function has at once; without it, as the deployment's plan says of each." placeholder:"N"`
	Asked           *float64     `help:"Times a night that people ask each query of the library, of one night; without it, 10." placeholder:"N"`
	Colder          string       `help:"Class into which alerts' files move after 30 days: nearline or coldline. Without it they stay, as in the deployment's plan." enum:",nearline,coldline" default:"" placeholder:"CLASS"`
	Tarball         bool         `help:"Keep each night as one compressed file besides." default:"true" negatable:""`
	RequestLogs     bool         `help:"Keep Cloud Run's line for every event in the log." default:"true" negatable:""`
	ThinMatches     bool         `help:"Let a match's message name the alert, without its record."`
	Lines           bool         `help:"Show every line, with its formula."`
	Format          string       `help:"How to write it: table or json." default:"table" enum:"table,json"`
}

// Help is what --help shows besides the flags.
func (costNight) Help() string {
	return `The prices are Google's list prices, each with its date: nightwire cost prices. docs/costs.md explains the model.

Examples:
  nightwire cost --alerts-per-night 100000 --size 70kB --filters 8
  nightwire cost --alerts-per-night 1000000 --match-fraction 0.05 --lines
  nightwire cost --stream lsst --retention-months 24 --format json`
}

// load is the survey's load with the settings that were given.
func (c *costNight) load(m *cost.Measured) (cost.Load, error) {
	if err := c.Stream.Validate(); err != nil {
		return cost.Load{}, fmt.Errorf("--stream: %w", err)
	}
	planned, err := cost.Planned()
	if err != nil {
		return cost.Load{}, err
	}
	if c.Concurrency != nil {
		planned = planned.With(func(i *cost.Instance) { i.Concurrency = *c.Concurrency })
	}
	l := cost.Defaults(c.Stream, m, planned)
	for to, given := range map[*float64]*float64{
		&l.Alerts: c.AlertsPerNight, &l.History: c.History, &l.Filters: c.Filters, &l.MatchFraction: c.MatchFraction,
		&l.FitFraction: c.FitFraction, &l.Readers: c.Readers, &l.Retention: c.RetentionMonths, &l.NightsPerMonth: c.NightsPerMonth,
		&l.Hours: c.Hours, &l.Asked: c.Asked,
	} {
		if given != nil {
			*to = *given
		}
	}
	if c.Size != nil {
		l.Size = *c.Size
	}
	l.Colder, l.Tarball, l.RequestLogs, l.ThinMatches = c.Colder, c.Tarball, c.RequestLogs, c.ThinMatches
	return l, nil
}

// Run prints the estimate.
func (c *costNight) Run(out io.Writer) error {
	measured, err := cost.Measurements()
	if err != nil {
		return err
	}
	prices, err := cost.ListPrices()
	if err != nil {
		return err
	}
	load, err := c.load(measured)
	if err != nil {
		return err
	}
	estimate, err := cost.Of(load, measured, prices)
	if err != nil {
		return err
	}
	switch {
	case c.Format == "json":
		return writeJSON(out, estimate)
	case c.Lines:
		estimate.Bill.PrintLines(out)
	default:
		estimate.Print(out)
	}
	return nil
}

type costPrices struct {
	Format string `help:"How to write it: table or json." default:"table" enum:"table,json"`
}

// Run lists the prices.
func (c *costPrices) Run(out io.Writer) error {
	prices, err := cost.ListPrices()
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return writeJSON(out, prices)
	}
	prices.PrintPrices(out)
	return nil
}

// writeJSON writes a value for people and programs.
func writeJSON(out io.Writer, value any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	if err := e.Encode(value); err != nil {
		return errors.Join(errors.New("write the answer"), err)
	}
	return nil
}
