package main

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nightwire.dev/infra/local/stack"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/salt2"
	"nightwire.dev/shared/simulate"
)

// lightCurveCSV is a table of a supernova that has the light of the
// demonstration model, without noise.
func lightCurveCSV(t *testing.T, p salt2.Params) string {
	t.Helper()
	set, err := models.Demonstration()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	table := csv.NewWriter(&b)
	_ = table.Write([]string{"mjd", "band", "flux", "fluxerr"}) // a buffer takes all
	for day := -12.0; day <= 40; day += 3 {
		for _, band := range []string{"g", "r"} {
			mjd := p.T0 + day
			flux := set.Model.BandFlux(p, set.Bands["ztf"][band], mjd, 23.9)
			_ = table.Write([]string{fmt.Sprint(mjd), "ztf" + band, fmt.Sprint(flux), fmt.Sprint(0.02*flux + 2)})
		}
	}
	table.Flush()
	return b.String()
}

func checkSVG(t *testing.T, path, want string) {
	t.Helper()
	svg, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Contains(svg, []byte(want)) {
		t.Errorf("%q is not in the plot", want)
	}
}

func TestFitFile(t *testing.T) {
	t.Parallel()
	file := save(t, "mine.csv", lightCurveCSV(t, salt2.Params{Z: 0.05, T0: 60000, X0: 3e-3, X1: 0.5, C: 0.05}))
	plot := filepath.Join(t.TempDir(), "mine.svg")
	answer, err := line(t, "fit", "--file", file, "--z", "0.05", "--out", plot)
	if err != nil {
		t.Fatal(err)
	}
	says(t, answer, "object  mine", "36 points in g, r, MJD 59988.00 to 60039.00", models.Notice, "z          0.05       given", "t0         60000.000  +- ",
		"36 of 36 used", "a plausible supernova of type Ia", "without a model", plot)
	checkSVG(t, plot, "mine")

	answer, err = line(t, "fit", "--file", file, "--no-model-covariance", "--out", plot)
	if err != nil {
		t.Fatal(err)
	}
	says(t, answer, "z          0.05", "/31")
}

// TestFitLeavesOut says which points have no part in the fit.
func TestFitLeavesOut(t *testing.T) {
	t.Parallel()
	curve := lightCurveCSV(t, salt2.Params{Z: 0.05, T0: 60000, X0: 3e-3, X1: 0.5, C: 0.05})
	file := save(t, "mine.csv", curve+"60001,y,100,1\n")
	answer, err := line(t, "fit", "--file", file, "--out", filepath.Join(t.TempDir(), "mine.svg"))
	if err != nil {
		t.Fatal(err)
	}
	says(t, answer, "36 of 37 used", "left out", "the points in y: the model has no bandpass of that name")
}

func TestFitRefuses(t *testing.T) {
	t.Parallel()
	file := save(t, "mine.csv", "mjd,band,mag,magerr\n60000,g,20,0.05\n")
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"no redshift": {[]string{"--z", "0"}, "--z 0: want a redshift above 0, to 2; without --z it is part of the fit"},
		"too far":     {[]string{"--z", "3"}, "--z 3: want a redshift"},
		"a bitmap":    {[]string{"--out", "mine.png"}, "mine.png: the plot is an SVG"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := line(t, append([]string{"fit", "--file", file}, c.arguments...)...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

// TestFitNothing tells the reason, and draws what there is.
func TestFitNothing(t *testing.T) {
	t.Parallel()
	file := save(t, "one.csv", "mjd,band,mag,magerr\n60000,g,20,0.05\n")
	plot := filepath.Join(t.TempDir(), "one.svg")
	answer, err := line(t, "fit", "--file", file, "--out", plot)
	if err != nil {
		t.Fatal(err)
	}
	says(t, answer, "1 point in g", "no fit  too few significant points (1 significant)")
	checkSVG(t, plot, "no fit: too few significant points")
}

// TestFitWithoutBand has a model that the survey is not seen through.
func TestFitWithoutBand(t *testing.T) {
	t.Parallel()
	models := t.TempDir()
	for name, content := range tinyModel() {
		path := filepath.Join(models, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := save(t, "mine.csv", lightCurveCSV(t, salt2.Params{Z: 0.05, T0: 60000, X0: 3e-3, X1: 0.5, C: 0.05}))
	answer, err := line(t, "fit", "--file", file, "--stream", "lsst", "--models", models, "--out", filepath.Join(t.TempDir(), "mine.svg"))
	if err != nil {
		t.Fatal(err)
	}
	says(t, answer, "no fit  no band in range", "days, e-folding")
}

// archiveOf is a state folder whose archive has the alerts of the supernovae of
// a synthetic night, beside a packet of the same identity as one of them.
func archiveOf(t *testing.T) (dir string, truth simulate.Truth) {
	t.Helper()
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 400})
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	bucket := stack.Endpoints{Stream: names.ZTF}.Resources().AlertsBucket()
	for i := range night.Len() {
		about := night.Truth(i)
		if about.Class != simulate.Supernova {
			continue
		}
		if about.Detections > truth.Detections {
			truth = about
		}
		content, err := night.Encode(night.Alert(i))
		if err != nil {
			t.Fatal(err)
		}
		object := names.Object{Schema: "4.02", Night: "2026-09-01", ObjectID: about.ObjectID, Candid: fmt.Sprint(about.Candid)}
		for _, name := range []string{object.Path(), object.Conflict(strings.Repeat("0", 64))} {
			path := filepath.Join(dir, "storage", bucket, "objects", filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			content = []byte("not an alert")
		}
	}
	return dir, truth
}

func TestFitArchive(t *testing.T) {
	t.Parallel()
	dir, truth := archiveOf(t)
	plot := filepath.Join(t.TempDir(), "plot.svg")
	for _, which := range [][]string{{"--candid", fmt.Sprint(truth.Candid)}, {"--object", truth.ObjectID}} {
		answer, err := line(t, append([]string{"fit", "--dir", dir, "--out", plot}, which...)...)
		if err != nil {
			t.Fatal(err)
		}
		says(t, answer, "object  "+truth.ObjectID, "chi2/ndof")
		checkSVG(t, plot, truth.ObjectID)
	}
	folder := filepath.Join(dir, "storage", stack.Endpoints{Stream: names.ZTF}.Resources().AlertsBucket(), "objects", "v4.02", "night=2026-09-01")
	answer, err := line(t, "fit", "--alerts", filepath.Join(folder, truth.ObjectID, fmt.Sprintf("%d.avro", truth.Candid)), "--out", plot)
	if err != nil {
		t.Fatal(err)
	}
	says(t, answer, "object  "+truth.ObjectID)
}

// TestFitForeign has alerts among files of others.
func TestFitForeign(t *testing.T) {
	t.Parallel()
	dir, truth := archiveOf(t)
	alerts := filepath.Join(dir, "storage", stack.Endpoints{Stream: names.ZTF}.Resources().AlertsBucket(), "objects", "v4.02", "night=2026-09-01")
	plot := filepath.Join(t.TempDir(), "plot.svg")
	// The packets of the same identities are no alerts.
	for _, which := range [][]string{{"--candid", fmt.Sprint(truth.Candid)}, {"--object", truth.ObjectID}} {
		answer, err := line(t, append([]string{"fit", "--dir", dir, "--alerts", alerts, "--out", plot}, which...)...)
		if err != nil {
			t.Fatal(err)
		}
		says(t, answer, "object  "+truth.ObjectID, "chi2/ndof")
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "foreign.avro"), []byte("not an alert"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, which := range [][]string{{"--object", truth.ObjectID}, nil} {
		_, err := line(t, append([]string{"fit", "--dir", dir, "--alerts", broken, "--out", plot}, which...)...)
		if err == nil || !strings.Contains(err.Error(), "no alert of ") || !strings.Contains(err.Error(), "foreign.avro") {
			t.Errorf("error is %v, want one that names the foreign file", err)
		}
	}
}

func TestPrintValue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value, sigma float64
		want         string
	}{
		"two digits": {59410.5098, 0.1331, "59410.51\t+- 0.13"},
		"faint":      {3.2e-7, 4e-9, "0.0000003200\t+- 0.0000000040"},
		"exact":      {0.05, 1e-300, "0.05\t+- 1e-300"},
		"held":       {0.05, 0, "0.05\theld"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			printValue(&b, "x", c.value, c.sigma, "")
			if got := b.String(); got != "x\t"+c.want+"\t\n" {
				t.Errorf("it is written %q, want %q", got, c.want)
			}
		})
	}
}

func TestFitErrors(t *testing.T) {
	t.Parallel()
	file := save(t, "broken.csv", "mjd,band,mag,magerr\n60000,g,twenty,0.05\n")
	dir := t.TempDir()
	for name, c := range map[string]struct {
		arguments []string
		want      string
	}{
		"nothing named":     {nil, "say which light curve"},
		"no such alert":     {[]string{"--candid", "7"}, "has no alert with candid 7"},
		"no such object":    {[]string{"--object", "ZTF21abiuvdk"}, "has no alert of ZTF21abiuvdk"},
		"a pattern":         {[]string{"--object", "ZTF*"}, "want the name of an object"},
		"two light curves":  {[]string{"--object", "ZTF21abiuvdk", "--file", file}, "can't be used together"},
		"a file and alerts": {[]string{"--alerts", dir, "--file", file}, "two light curves"},
		"a broken table":    {[]string{"--file", file}, `line 2, column mag: "twenty" is not a number`},
		"a z below zero":    {[]string{"--file", file, "--z=-1"}, "--z -1: want a redshift"},
		"a far z":           {[]string{"--file", file, "--z=9"}, "--z 9: want a redshift"},
		"no model":          {[]string{"--file", file, "--models", filepath.Join(dir, "none")}, "open model"},
		"no stream":         {[]string{"--file", file, "--stream", "atlas"}, "--stream"},
		"no alerts":         {[]string{"--alerts", filepath.Join(dir, "none")}, "alerts:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := line(t, append([]string{"fit", "--dir", dir, "--out", filepath.Join(t.TempDir(), "x.svg")}, c.arguments...)...)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is %v, want one sentence with %q", err, c.want)
			}
		})
	}
}

// TestFitReal makes the plot of the documentation once more.
func TestFitReal(t *testing.T) {
	t.Parallel()
	data := realdata.Dir(t)
	plot := filepath.Join(t.TempDir(), "sn2021rhu.svg")
	answer, err := line(t, "fit", "--alerts", filepath.Join(data, "alerts", "ztf", "pitt-google-ZTF21abiuvdk"),
		"--z", "0.0035", "--models", filepath.Join(data, "models", "salt2-4"), "--out", plot)
	if err != nil {
		t.Fatal(err)
	}
	says(t, answer, "34 points in g, r", "t0         59410.51  +- 0.13", "x1         -2.009    +- 0.078", "c          0.125     +- 0.035", "chi2/ndof  26.48/26",
		"a plausible supernova of type Ia")
	got, err := os.ReadFile(plot)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("..", "..", "docs", "sn2021rhu.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Error("docs/sn2021rhu.svg is not what the command makes: make it again, with the flags above")
	}
}
