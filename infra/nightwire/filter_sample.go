package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/source"
	"nightwire.dev/infra/workbench"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
)

// sample are the flags that say on which alerts filters are tried.
type sample struct {
	deployment
	Alerts    string `help:"On these alerts: a folder, an .avro file, a .tar or a .tar.gz." placeholder:"PATH" xor:"sample"`
	Night     string `help:"On the archived alerts of a night." placeholder:"YYYY-MM-DD" xor:"sample"`
	Synthetic int    `help:"On so many alerts of a synthetic night, whose truth is known." placeholder:"N" xor:"sample"`
	Seed      uint64 `help:"Seed of the synthetic night." default:"1"`
	Examples  int    `help:"How many alerts to show of each kind." default:"10"`
}

// syntheticNight is the date of the synthetic nights on which filters are
// tried.
var syntheticNight = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// open finds the alerts. done has to be called in the end.
func (s *sample) open(ctx context.Context, filters ...*filter.Filter) (of workbench.Sample, done func(), err error) {
	done = func() {}
	of.Stream, err = s.streamFor(filters)
	switch {
	case err != nil:
	case s.Examples < 0:
		err = fmt.Errorf("--examples %d: want 0 or more", s.Examples)
	case s.Alerts != "":
		of.Source, err = source.Open(s.Alerts)
	case s.Night != "":
		of.Night = true
		of.Source, done, err = s.openNight(ctx, of.Stream)
	case s.Synthetic <= 0:
		err = errors.New("say on which alerts: --alerts PATH, --night YYYY-MM-DD or --synthetic N")
	case of.Stream != names.ZTF:
		err = fmt.Errorf("there are synthetic nights of ztf only: name alerts of %s with --alerts or --night", of.Stream)
	default:
		of, err = workbench.Synthetic(s.Seed, syntheticNight, s.Synthetic)
	}
	return of, done, err
}

// streamFor is the stream that is asked for, or the first that all the filters
// are of. A night of the local stack is one of its stream.
func (s *sample) streamFor(filters []*filter.Filter) (names.Stream, error) {
	wanted := s.Stream
	if last, ok := stack.Last(s.Dir); ok && wanted == "" && s.Project == "" && s.Night != "" {
		wanted = last.Stream
	}
	for _, stream := range filters[0].Streams {
		isOther := func(f *filter.Filter) bool { return !f.For(stream) }
		if (wanted == "" || wanted == stream) && !slices.ContainsFunc(filters, isOther) {
			return stream, nil
		}
	}
	if wanted != "" {
		return "", fmt.Errorf("not every filter is of stream %s: add it to streams in the file", wanted)
	}
	return "", errors.New("the two filters have no stream in common")
}

// openNight opens a night of the archive: of a project or of the stack that
// runs. The files of one that does not run can be read as they are.
func (s *sample) openNight(ctx context.Context, stream names.Stream) (*source.Source, func(), error) {
	if _, err := time.Parse(time.DateOnly, s.Night); err != nil {
		return nil, func() {}, fmt.Errorf("--night %q: want YYYY-MM-DD", s.Night)
	}
	if _, running := stack.Running(s.Dir); s.Project == "" && !running {
		from, err := s.storedNight(stream)
		return from, func() {}, err
	}
	s.Stream = stream
	c, done, err := s.deployment.open(ctx)
	if err != nil {
		return nil, done, err
	}
	from, err := workbench.Night(ctx, c.Archive, s.Night)
	return from, done, err
}

// storedNight reads a night out of the state of a stack that does not run.
func (s *sample) storedNight(stream names.Stream) (*source.Source, error) {
	bucket := stack.Endpoints{Stream: stream}.Resources().AlertsBucket()
	nights, err := filepath.Glob(filepath.Join(s.Dir, "storage", bucket, "objects", filepath.FromSlash(names.NightFolder("*", s.Night))))
	if err != nil || len(nights) == 0 {
		return nil, fmt.Errorf("--night %s: there are no alerts of it in %s", s.Night, s.Dir)
	}
	all := &source.Source{Name: "the night of " + s.Night}
	var parts []*source.Source
	for _, night := range nights {
		part, err := source.Open(night)
		if err != nil {
			return nil, err
		}
		parts, all.Count = append(parts, part), all.Count+part.Count
	}
	all.Packets = func(yield func(source.Packet, error) bool) {
		for _, part := range parts {
			for packet, err := range part.Packets {
				if !yield(packet, err) {
					return
				}
			}
		}
	}
	return all, nil
}
