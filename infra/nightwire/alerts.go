package main

import (
	"errors"
	"fmt"
	"time"

	"nightwire.dev/infra/feed"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/source"
	"nightwire.dev/shared/names"
)

// alerts are the flags of the commands that send alerts.
type alerts struct {
	Alerts    string        `arg:"" optional:"" help:"Alerts to send: a folder, an .avro file, a .tar or a .tar.gz. Without it, a synthetic night."`
	Synthetic int           `help:"Number of alerts of the synthetic night." default:"5000" short:"n"`
	Seed      uint64        `help:"Seed of the synthetic night." default:"1"`
	Night     string        `help:"Date of the synthetic night, UTC. Without it, each size and seed has a night of its own." placeholder:"YYYY-MM-DD"`
	Rate      float64       `help:"Alerts a second; without it, as fast as Kafka takes them." placeholder:"N"`
	Visit     int           `help:"Send so many alerts at once, each time that --every says, as a telescope does." placeholder:"N"`
	Every     time.Duration `help:"Time between two visits, with --visit." default:"45s"`
	Repeat    int           `help:"Times that the alerts are sent." default:"1"`
	Topic     string        `help:"Kafka topic. Default: for ZTF the topic of each alert's night, ztf_YYYYMMDD_programid1; for LSST ${lsst_topic}." placeholder:"NAME"`
}

// check says which flag is wrong.
func (a *alerts) check() error {
	switch {
	case a.Rate < 0:
		return fmt.Errorf("--rate %v: want alerts a second, or 0", a.Rate)
	case a.Visit < 0 || a.Visit > 0 && a.Every <= 0:
		return errors.New("--visit wants a number of alerts, and --every a time above zero")
	case a.Rate > 0 && a.Visit > 0:
		return errors.New("--rate and --visit are two rhythms: give one")
	case a.Repeat < 1:
		return fmt.Errorf("--repeat %d: want 1 or more", a.Repeat)
	}
	if a.Topic == "" {
		return nil
	}
	if err := feed.CheckTopic(a.Topic); err != nil {
		return fmt.Errorf("--topic: %w", err)
	}
	return nil
}

func (a *alerts) source(stream names.Stream) (*source.Source, error) {
	if a.Alerts != "" {
		return source.Open(a.Alerts)
	}
	if stream != names.ZTF {
		return nil, fmt.Errorf("there are synthetic nights of ztf only: name a folder of alerts of %s", stream)
	}
	night := a.defaultNight()
	if a.Night != "" {
		var err error
		if night, err = time.Parse(time.DateOnly, a.Night); err != nil {
			return nil, fmt.Errorf("--night %q: want YYYY-MM-DD", a.Night)
		}
	}
	return source.Synthetic(a.Seed, night, a.Synthetic)
}

// defaultNight is the date of a night that is not named. A night of another
// size or seed is another sky, whose alerts would have the identities of this
// one's if it had its date.
func (a *alerts) defaultNight() time.Time {
	const nights = 2300
	first := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, int((uint64(a.Synthetic)+37*(a.Seed-1))%nights))
}

func (a *alerts) topic(stream names.Stream) feed.Namer {
	switch {
	case a.Topic != "":
		return feed.OneTopic(a.Topic)
	case stream == names.LSST:
		return feed.OneTopic(stack.LSSTTopic)
	default:
		return feed.NightlyTopics(stream)
	}
}

func (a *alerts) pace() feed.Pace { return feed.Pace{Rate: a.Rate, Visit: a.Visit, Every: a.Every} }
