package lightcurve_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/lightcurve"
	"pgregory.net/rapid"
)

func TestReadCSV(t *testing.T) {
	t.Parallel()
	plain := []lightcurve.Point{
		{MJD: 59396.4, Band: "r", FluxUJy: 1972.5, FluxErrUJy: 50.25}, {MJD: 59396.5, Band: "g", FluxUJy: -3, FluxErrUJy: 4},
	}
	flux, fluxErr := alert.Flux(18.5, 0.05)
	cases := map[string]struct {
		text string
		want []lightcurve.Point
	}{
		"microjansky":            {"mjd,band,flux,fluxerr\n59396.4,r,1972.5,50.25\n59396.5,g,-3,4\n", plain},
		"put in order of time":   {"mjd,band,flux,fluxerr\n59396.5,g,-3,4\n59396.4,r,1972.5,50.25\n", plain},
		"columns in any order":   {"band,fluxerr,mjd,flux\nr,50.25,59396.4,1972.5\ng,4,59396.5,-3\n", plain},
		"sncosmo's bands":        {"mjd,band,flux,fluxerr\n59396.4,ztfr,1972.5,50.25\n59396.5,lsstg,-3,4\n", plain},
		"a zero point a line":    {"mjd,band,flux,fluxerr,zp\n59396.4,r,19725,502.5,26.4\n59396.5,g,-3,4,23.9\n", plain},
		"capitals and spaces":    {"MJD, Band, Flux, FluxErr\n 59396.4, r, 1972.5, 50.25\n59396.5 ,g ,-3 ,4\n", plain},
		"comments, empty lines":  {"# from a friend\n\nmjd,band,flux,fluxerr\n59396.4,r,1972.5,50.25\n\n# the next\n59396.5,g,-3,4", plain},
		"as a spreadsheet saves": {"\ufeffmjd,band,flux,fluxerr\r\n59396.4,r,1972.5,50.25\r\n59396.5,g,-3,4\r\n", plain},
		"quoted":                 {"mjd,band,flux,fluxerr\n\"59396.4\",\"r\",1972.5,50.25\n59396.5,g,-3,4\n", plain},
		"magnitudes": {
			"mjd,band,mag,magerr\n60000,i,18.5,0.05\n",
			[]lightcurve.Point{{MJD: 60000, Band: "i", FluxUJy: flux, FluxErrUJy: fluxErr}},
		},
		"all bands": {
			"mjd,band,flux,fluxerr\n1,u,1,1\n2,g,1,1\n3,r,1,1\n4,i,1,1\n5,z,1,1\n6,y,1,1\n",
			func() (all []lightcurve.Point) {
				for i, band := range []string{"u", "g", "r", "i", "z", "y"} {
					all = append(all, lightcurve.Point{MJD: float64(i + 1), Band: band, FluxUJy: 1, FluxErrUJy: 1})
				}
				return all
			}(),
		},
		"no measurement": {"mjd,band,flux,fluxerr\n", nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := lightcurve.ReadCSV(strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, lightcurve.Curve{Points: c.want}, got)
		})
	}
}

func TestReadCSVRefuses(t *testing.T) {
	t.Parallel()
	const head = "mjd,band,flux,fluxerr\n59396.4,r,1972.5,50.25\n"
	cases := map[string]struct{ text, want string }{
		"nothing":               {"", "the table is empty"},
		"only a comment":        {"# nothing\n", "the table is empty"},
		"no header":             {"59396.4,r,1972.5,50.25\n", `line 1, column "59396.4"`},
		"an unknown column":     {"mjd,band,flux,fluxerr,telescope\n", `line 1, column "telescope"`},
		"a column twice":        {"mjd,band,flux,flux\n", "line 1, column flux"},
		"no error":              {"# mine\nmjd,band,flux\n", "line 2: the columns mjd,band,flux are neither"},
		"magnitudes and fluxes": {"mjd,band,flux,fluxerr,mag,magerr\n", "line 1: the columns"},
		"a zero point of mags":  {"mjd,band,mag,magerr,zp\n", "line 1: the columns"},
		"no number":             {head + "59396.5,r,bright,4\n", `line 3, column flux: "bright" is not a number`},
		"an empty field":        {head + "\n59396.5,r,,4\n", `line 4, column flux: "" is not a number`},
		"NaN":                   {head + "59396.5,r,NaN,4\n", "line 3, column flux"},
		"an infinite date":      {head + "inf,r,1,4\n", "line 3, column mjd"},
		"a Julian date":         {head + "2459396.5,r,1,4\n", "line 3, column mjd: 2.4593965e+06 is not a Modified Julian Date"},
		"an error of zero":      {head + "59396.5,r,3,0\n", "line 3, column fluxerr: 0 is not above zero"},
		"a negative error":      {head + "59396.5,r,3,-4\n", "line 3, column fluxerr"},
		"a flux beyond all":     {head + "59396.5,r,1e300,4\n", "line 3, column flux"},
		"an unknown band":       {head + "59396.5,B,3,4\n", `line 3, column band: "B" is not one of`},
		"no band":               {head + "59396.5,,3,4\n", "line 3, column band"},
		"a band of the survey":  {head + "59396.5,ztf,3,4\n", "line 3, column band"},
		"two bands":             {head + "59396.5,gr,3,4\n", "line 3, column band"},
		"a field too few":       {head + "59396.5,r,3\n", "line 3, column 1"},
		"a quote that is open":  {head + "59396.5,\"r,3,4\n", "line 3, column"},
		"a magnitude of 99":     {"mjd,band,mag,magerr\n59396.4,r,99,0.1\n", "line 2, column mag: 99 is not a magnitude"},
		"a zero point of 1000":  {"mjd,band,flux,fluxerr,zp\n59396.4,r,9,0.1,1000\n", "line 2, column zp"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := lightcurve.ReadCSV(strings.NewReader(c.text))
			if err == nil {
				t.Fatalf("no error, but %+v", got)
			}
			if !strings.HasPrefix(err.Error(), "read light curve: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %q, want one that tells %q", err, c.want)
			}
		})
	}
}

func TestReadCSVRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var want lightcurve.Curve
		text := strings.Builder{}
		text.WriteString("mjd,band,flux,fluxerr\n")
		mjd := 50000.0
		for range rapid.IntRange(0, 10).Draw(t, "points") {
			mjd += rapid.Float64Range(0.001, 30).Draw(t, "days")
			p := lightcurve.Point{
				MJD: mjd, Band: rapid.SampledFrom([]string{"u", "g", "r", "i", "z", "y"}).Draw(t, "band"),
				FluxUJy: rapid.Float64Range(-1e9, 1e9).Draw(t, "flux"), FluxErrUJy: rapid.Float64Range(1e-9, 1e9).Draw(t, "error"),
			}
			want.Points = append(want.Points, p)
			fmt.Fprintf(&text, "%v,%s,%v,%v\n", p.MJD, p.Band, p.FluxUJy, p.FluxErrUJy)
		}
		got, err := lightcurve.ReadCSV(strings.NewReader(text.String()))
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range got.Points {
			if p != want.Points[i] {
				t.Errorf("%+v came back as %+v", want.Points[i], p)
			}
		}
		if len(got.Points) != len(want.Points) {
			t.Errorf("%d points came back of %d", len(got.Points), len(want.Points))
		}
	})
}

// FuzzReadCSV: whatever the bytes are, a curve that is returned is one that can
// be fitted.
func FuzzReadCSV(f *testing.F) {
	for _, text := range []string{
		"mjd,band,flux,fluxerr\n59396.4,r,1972.5,50.25\n", "mjd,band,mag,magerr\n59396.4,r,18,0.1\n",
		"mjd,band,flux,fluxerr,zp\n59396.4,ztfr,1e30,1e-30,-50\n", "\ufeffmjd,band\n", "#\n\"", "mjd,band,mag,magerr\n1,g,-50,1e30\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := lightcurve.ReadCSV(strings.NewReader(string(text)))
		if err != nil {
			return
		}
		last := math.Inf(-1)
		for _, p := range c.Points {
			snr := p.SNR()
			if p.MJD < last || math.IsNaN(snr) || math.IsInf(snr, 0) || !(p.FluxErrUJy > 0) || len(p.Band) != 1 {
				t.Errorf("point %+v of %q", p, text)
			}
			last = p.MJD
		}
	})
}
