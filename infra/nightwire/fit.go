package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"nightwire.dev/shared/names"
	"nightwire.dev/shared/supernova"
)

// fitCommand fits one light curve, as the function supernova does.
type fitCommand struct {
	state
	Candid int64  `help:"The light curve that this alert holds." placeholder:"N" xor:"curve"`
	Object string `help:"The light curve of all alerts of this object." placeholder:"ID" xor:"curve"`
	File   string `help:"A light curve as CSV: mjd,band,flux,fluxerr[,zp] or mjd,band,mag,magerr. Fluxes are microjansky, or on the scale whose AB zero point zp says." type:"existingfile" placeholder:"FILE" xor:"curve"`

	Alerts string       `help:"Look for the alerts here, not in the local stack's archive: a folder, an .avro file, a .tar or a .tar.gz." placeholder:"PATH"`
	Stream names.Stream `help:"${stream} Default: the local stack's, or ztf." placeholder:"STREAM"`

	Z               *float64 `help:"The redshift, if it is known. Without it, it is part of the fit." placeholder:"Z"`
	ModelCovariance bool     `help:"Count the model's own errors." default:"true" negatable:""`
	Models          string   `help:"Folder of the SALT model, which make models fetches. Without it, a demonstration model." type:"path" env:"MODELS" placeholder:"DIR"`
	Out             string   `help:"The plot, an SVG. Default: the object's or the file's name, and .svg." type:"path" placeholder:"FILE"`
}

// Help is what --help shows besides the flags.
func (fitCommand) Help() string {
	return `Examples:
  nightwire fit --candid 1657414760815015006
  nightwire fit --object ZTF21abiuvdk --z 0.0035 --models models/salt2-4
  nightwire fit --alerts night.tar.gz --object ZTF21abiuvdk
  nightwire fit --file lightcurve.csv --z 0.03 --out lightcurve.svg

It prints the fit of the SALT model, and of a rise and a fall without a model, and
writes the light curve as a plot. Alerts are looked for in the archive of the
local stack, whether it runs or not.`
}

// Run fits the light curve.
func (c *fitCommand) Run(ctx context.Context, out io.Writer) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	if end := filepath.Ext(c.Out); c.Out != "" && end != ".svg" {
		return fmt.Errorf("--out %s: the plot is an SVG: want a name that ends with .svg", c.Out)
	}
	set, err := openModel(c.Models)
	if err != nil {
		return err
	}
	name, curve, err := c.curve(ctx)
	if err != nil {
		return err
	}
	fitter, err := supernova.New(set, c.Stream.Survey(), config)
	if err != nil {
		return err
	}
	fit := fitter.Fit(curve)
	path := c.Out
	if path == "" {
		path = name + ".svg"
	}
	if err := os.WriteFile(path, fitter.Figure(name, &fit).SVG(), 0o644); err != nil { //nolint:gosec // a picture to be shown
		return fmt.Errorf("write the plot: %w", err)
	}
	printFit(out, name, set, set.Bands[c.Stream.Survey()], &fit)
	fmt.Fprintf(out, "\nplot        %s\n", path)
	return nil
}

// config is how the light curve is to be fitted.
func (c *fitCommand) config() (supernova.Config, error) {
	config := supernova.DefaultConfig()
	config.ModelCovariance = c.ModelCovariance
	if c.Z == nil {
		return config, nil
	}
	config.Z = *c.Z
	if !(config.Z > 0) || config.Validate() != nil {
		return config, fmt.Errorf("--z %v: want a redshift above 0, to 2; without --z it is part of the fit", config.Z)
	}
	return config, nil
}
