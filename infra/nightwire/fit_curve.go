package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/source"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey"
)

// curve finds the light curve that is asked for, and its name.
func (c *fitCommand) curve(ctx context.Context) (string, lightcurve.Curve, error) {
	if last, ok := stack.Last(c.Dir); ok && c.Stream == "" {
		c.Stream = last.Stream
	}
	c.Stream = cmp.Or(c.Stream, names.ZTF)
	if err := c.Stream.Validate(); err != nil {
		return "", lightcurve.Curve{}, fmt.Errorf("--stream: %w", err)
	}
	switch {
	case c.File != "" && c.Alerts != "":
		return "", lightcurve.Curve{}, errors.New("--file and --alerts are two light curves: give one")
	case c.File != "":
		return c.fromFile()
	case c.Alerts != "":
		from, err := source.Open(c.Alerts)
		if err != nil {
			return "", lightcurve.Curve{}, err
		}
		return c.fromAlerts(ctx, from)
	case c.Candid == 0 && c.Object == "":
		return "", lightcurve.Curve{}, errors.New("say which light curve: --candid N, --object ID or --file CSV")
	default:
		from, err := c.archived()
		if err != nil {
			return "", lightcurve.Curve{}, err
		}
		return c.fromAlerts(ctx, from)
	}
}

func (c *fitCommand) fromFile() (string, lightcurve.Curve, error) {
	file, err := os.Open(c.File)
	if err != nil {
		return "", lightcurve.Curve{}, fmt.Errorf("read light curve: %w", err)
	}
	defer file.Close()
	curve, err := lightcurve.ReadCSV(file)
	return strings.TrimSuffix(filepath.Base(c.File), filepath.Ext(c.File)), curve, err
}

// fromAlerts merges the alerts that are asked for, the latest last; without a
// name, all of the one object that there is. Files that are no alerts of the
// stream are passed over, and counted on standard error.
func (c *fitCommand) fromAlerts(ctx context.Context, from *source.Source) (string, lightcurve.Curve, error) {
	decoder := &packet.Decoder{}
	object := c.Object
	var found []alert.Alert
	var foreign foreignFiles
	for p, err := range from.Packets {
		if err != nil {
			return "", lightcurve.Curve{}, fmt.Errorf("read alerts: %w", err)
		}
		a, err := readAlert(ctx, decoder, c.Stream, p)
		if ctx.Err() != nil {
			return "", lightcurve.Curve{}, ctx.Err()
		}
		switch {
		case err != nil:
			foreign.add(err)
			continue
		case c.Candid != 0 && a.Candid != c.Candid, c.Object != "" && a.ObjectID != c.Object:
			continue
		case object == "":
			object = a.ObjectID
		case a.ObjectID != object:
			return "", lightcurve.Curve{}, fmt.Errorf("%s has alerts of %s, %s and perhaps others: say which with --object ID or --candid N",
				from.Name, object, a.ObjectID)
		}
		found = append(found, a)
	}
	switch {
	case len(found) == 0 && object == "" && foreign.count > 0:
		return "", lightcurve.Curve{}, fmt.Errorf("%s has no alert of %s: %w", from.Name, c.Stream, foreign.first)
	case len(found) == 0 && foreign.count > 0:
		return "", lightcurve.Curve{}, fmt.Errorf("%s has no alert %s; %s", from.Name, c.which(), foreign.describe(c.Stream))
	case len(found) == 0:
		return "", lightcurve.Curve{}, fmt.Errorf("%s has no alert %s", from.Name, c.which())
	case foreign.count > 0:
		fmt.Fprintln(os.Stderr, foreign.describe(c.Stream))
	}
	slices.SortStableFunc(found, func(a, b alert.Alert) int { return a.ObservedAt.Compare(b.ObservedAt) })
	var curves []lightcurve.Curve
	for i := range found {
		curves = append(curves, lightcurve.ForFit(&found[i]))
	}
	return object, lightcurve.Merge(curves...), nil
}

// foreignFiles are those that are no alerts of the stream.
type foreignFiles struct {
	count int
	first error // why the first of them is none
}

func (f *foreignFiles) add(reason error) {
	f.count++
	f.first = cmp.Or(f.first, reason)
}

func (f *foreignFiles) describe(stream names.Stream) string {
	return fmt.Sprintf("files passed over that are no alerts of %s: %d, the first is %v", stream, f.count, f.first)
}

// which says which alerts are looked for.
func (c *fitCommand) which() string {
	if c.Object != "" {
		return "of " + c.Object
	}
	return "with candid " + strconv.FormatInt(c.Candid, 10)
}

func readAlert(ctx context.Context, decoder *packet.Decoder, stream names.Stream, p source.Packet) (alert.Alert, error) {
	decoded, err := decoder.Decode(ctx, p.Bytes)
	if err != nil {
		return alert.Alert{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	a, err := survey.Read(stream, decoded)
	if err != nil {
		return alert.Alert{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	return a, nil
}

// archived finds the alerts among the files of the local stack. A file is whole
// from the moment that it has its name, so the stack may run meanwhile.
func (c *fitCommand) archived() (*source.Source, error) {
	folder, file := c.Object, "*.avro"
	if c.Object == "" {
		folder, file = "*", strconv.FormatInt(c.Candid, 10)+".avro"
	}
	if strings.ContainsAny(c.Object, `/\*?[`) {
		return nil, fmt.Errorf("--object %q: want the name of an object", c.Object)
	}
	bucket := stack.Endpoints{Stream: c.Stream}.Resources().AlertsBucket()
	found, err := filepath.Glob(filepath.Join(c.Dir, "storage", bucket, "objects", "v*", "night=*", folder, file))
	if err != nil {
		return nil, fmt.Errorf("look for the alert %s: %w", c.which(), err)
	}
	// A packet of the same identity with other bytes has its digest in its name.
	found = slices.DeleteFunc(found, func(name string) bool { return strings.Count(filepath.Base(name), ".") > 1 })
	all := &source.Source{Name: "the archive in " + c.Dir, Count: len(found)}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no alert %s: make some with nightwire run, or say where they are with --alerts PATH", all.Name, c.which())
	}
	all.Packets = func(yield func(source.Packet, error) bool) {
		for _, name := range found {
			content, err := os.ReadFile(name)
			if !yield(source.Packet{Name: name, Bytes: content}, err) || err != nil {
				return
			}
		}
	}
	return all, nil
}
