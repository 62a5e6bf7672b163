package supernova

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/models"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/supernova"
	"nightwire.dev/shared/survey"
	"nightwire.dev/shared/warehouse"
)

func TestPlausible(t *testing.T) {
	t.Parallel()
	s := newStand(t, demonstration(t), true)
	i := choose(t).plausible
	m := s.match(t, i)
	s.handle(t, m)
	if len(s.fits.rows) != 1 || len(s.transients.rows) != 1 {
		t.Fatalf("%d and %d rows, want one of each", len(s.fits.rows), len(s.transients.rows))
	}
	row := s.fits.rows[0]
	n, _ := night()
	truth := n.Truth(i)
	if row["objectId"] != truth.ObjectID || row["candid"] != truth.Candid || row["plausible_ia"] != true || row["demonstration"] != true ||
		row["reason"] != nil || row["settings"] != supernova.DefaultConfig().Digest() || row["object"] != m.Attributes[names.AttributeObject] || row["night"] != "2026-09-01" {
		t.Errorf("row is %v", without(row, "data"))
	}
	if off := math.Abs(row["t0"].(float64) - truth.Light.T0); off > 5*row["t0_err"].(float64) {
		t.Errorf("t0 is %v away from the truth, its error %v", off, row["t0_err"])
	}
	if ms := row["cpu_ms"].(float64); ms < 0 || ms > 1e4 {
		t.Errorf("the fit took %v ms", ms)
	}
	checkRow(t, "supernova_fits", row)
	checkRow(t, "transient_fits", s.transients.rows[0])
	checkPlot(t, s, row)

	messages := s.pubsub.Messages()
	if len(messages) != 1 {
		t.Fatalf("%d messages, want one", len(messages))
	}
	want := map[string]string{
		"stream": "ztf", "objectId": truth.ObjectID, "candid": strconv.FormatInt(truth.Candid, 10), "model": "demonstration", "demonstration": "true",
		"fit":                 strconv.FormatInt(truth.Candid, 10) + "-" + s.Fitter.Model().Hash[:12] + "-" + supernova.DefaultConfig().Digest(),
		names.AttributeBucket: resources.AlertsBucket(), names.AttributeObject: m.Attributes[names.AttributeObject],
		names.AttributeGeneration: m.Attributes[names.AttributeGeneration], names.AttributeReplay: "false",
	}
	if diff := cmp.Diff(want, messages[0].Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	var told map[string]any
	if err := json.Unmarshal(messages[0].Data, &told); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"candid": want["candid"], "t0": row["t0"], "z_err": row["z_err"], "plausible_ia": true, "fit": want["fit"], "data": nil,
		"plot": "gs://p-ztf-products/" + row["plot"].(string),
	} {
		if told[name] != want {
			t.Errorf("the message's %s is %v, want %v", name, told[name], want)
		}
	}
}

// checkRow has each value be of a column of its table, in a form that the
// column takes.
func checkRow(t *testing.T, table string, row warehouse.Values) {
	t.Helper()
	known := columns(t, table)
	for name, value := range row {
		c, ok := known[name]
		if !ok {
			t.Errorf("%s has no column %s", table, name)
			continue
		}
		if nested, ok := value.(warehouse.Values); ok {
			if len(nested) != len(c.Fields) {
				t.Errorf("%s.%s has %d values, want %d", table, name, len(nested), len(c.Fields))
			}
			value = float64(0)
			for _, field := range c.Fields {
				if v, ok := nested[field.Name].(float64); !ok || math.IsNaN(v) {
					t.Errorf("%s.%s.%s is %v", table, name, field.Name, nested[field.Name])
				}
			}
		}
		if v, ok := value.(float64); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
			t.Errorf("%s.%s is %v", table, name, v)
		}
	}
	for name, c := range known {
		if c.Mode == schemas.Required && row[name] == nil {
			t.Errorf("%s.%s is absent", table, name)
		}
	}
}

func checkPlot(t *testing.T, s *stand, row warehouse.Values) {
	t.Helper()
	plot, ok := s.plot(t, row)
	if !ok || plot.ContentType != "image/svg+xml" {
		t.Fatalf("plot %v: there is %v, of type %q", row["plot"], ok, plot.ContentType)
	}
	for d := xml.NewDecoder(bytes.NewReader(plot.Content)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Contains(plot.Content, []byte(row["objectId"].(string))) {
		t.Error("the plot does not name the object")
	}
}

// TestDoubtful is a fit that no supernova Ia would have: rows and a plot, and
// nobody is told.
func TestDoubtful(t *testing.T) {
	t.Parallel()
	s := newStand(t, demonstration(t), true)
	s.handle(t, s.match(t, choose(t).doubtful))
	row := s.fits.rows[0]
	if row["plausible_ia"] != false || len(row["doubts"].([]string)) == 0 || row["t0"] == nil {
		t.Errorf("row is %v", without(row, "data"))
	}
	checkRow(t, "supernova_fits", row)
	checkPlot(t, s, row)
	if n := len(s.pubsub.Messages()); n != 0 {
		t.Errorf("%d messages", n)
	}
}

// TestTooFewPoints is a row with the reason, and no error, no plot, no message.
func TestTooFewPoints(t *testing.T) {
	t.Parallel()
	s := newStand(t, demonstration(t), true)
	s.handle(t, s.match(t, choose(t).faint))
	for table, rows := range map[string][]warehouse.Values{"supernova_fits": s.fits.rows, "transient_fits": s.transients.rows} {
		if len(rows) != 1 || rows[0]["reason"] != supernova.TooFewSignificant || rows[0]["t0"] != nil || rows[0]["chi2"] != nil || rows[0]["plot"] != nil {
			t.Fatalf("rows of %s are %v", table, rows)
		}
		checkRow(t, table, rows[0])
	}
	if len(s.pubsub.Messages()) != 0 || s.products(t) != 0 {
		t.Error("a message or a plot of a fit that there is not")
	}
}

// TestPermanent has messages that no other try can help.
func TestPermanent(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		attributes []string
		want       string
	}{
		"no file":           {[]string{names.AttributeObject, ""}, "does not name the alert's file"},
		"no generation":     {[]string{names.AttributeGeneration, "last"}, "does not name the alert's file"},
		"another's bucket":  {[]string{names.AttributeBucket, "p-ztf-partnership-alerts"}, "want p-ztf-alerts"},
		"a file that is no": {[]string{names.AttributeObject, "v4.02/night=2026-09-01/a/1.avro"}, "the file is gone"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, demonstration(t), true)
			err := s.Handle(t.Context(), s.match(t, 0, c.attributes...))
			if !event.IsPermanent(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want a permanent one that says %q", err, c.want)
			}
			if len(s.fits.rows) != 0 {
				t.Error("there is a row")
			}
		})
	}
}

// TestNoTopic is the deployment's fault: the event waits among the dead
// letters, and its rows are there.
func TestNoTopic(t *testing.T) {
	t.Parallel()
	s := newStand(t, demonstration(t), false)
	err := s.Handle(t.Context(), s.match(t, choose(t).plausible))
	if !event.IsPermanent(err) || !strings.Contains(err.Error(), "the topic ztf-supernova does not exist") {
		t.Errorf("error is %v", err)
	}
	if len(s.fits.rows) != 1 || s.products(t) != 0 {
		t.Error("no row, or a plot that proves what was not told")
	}
}

// TestNotice is the news that the filter was paused, and no match.
func TestNotice(t *testing.T) {
	t.Parallel()
	s := newStand(t, demonstration(t), true)
	s.handle(t, &event.Message{ID: "1", Attributes: map[string]string{names.AttributeNotice: "paused", "filter": "extragalactic"}})
	if len(s.fits.rows) != 0 {
		t.Error("a notice has a row")
	}
}

// TestColumns has all columns of the tables be filled by one fit or another.
func TestColumns(t *testing.T) {
	t.Parallel()
	s := newStand(t, demonstration(t), true)
	found := choose(t)
	for _, i := range []int{found.plausible, found.doubtful, found.faint} {
		s.handle(t, s.match(t, i))
	}
	for table, rows := range map[string][]warehouse.Values{"supernova_fits": s.fits.rows, "transient_fits": s.transients.rows} {
		for name := range columns(t, table) {
			filled := false
			for _, row := range rows {
				_, ok := row[name]
				filled = filled || ok
			}
			// At a free redshift no supernova has an absolute magnitude.
			if !filled && !strings.HasPrefix(name, "peak_abs_mag") {
				t.Errorf("no row of %s has a %s", table, name)
			}
		}
	}
}

// TestReal handles some of the alerts of SN 2021rhu, of which those that come
// after its maximum are of a plausible supernova Ia.
func TestReal(t *testing.T) {
	t.Parallel()
	alerts := realdata.Alerts(t, func(truth map[string]any) bool { return truth["objectId"] == "ZTF21abiuvdk" })
	set, err := models.Open(filepath.Join(realdata.Dir(t), "models", "salt2-4"))
	if err != nil {
		t.Fatal(err)
	}
	s := newStand(t, set, true)
	decoder := &packet.Decoder{}
	handled := 0
	for i, sample := range alerts {
		if i%4 != 0 {
			continue
		}
		handled++
		p, err := decoder.Decode(t.Context(), sample.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		a, err := survey.Read(names.ZTF, p)
		if err != nil {
			t.Fatal(err)
		}
		s.handle(t, s.archive(t, a.ObjectID, a.Candid, sample.Bytes))
	}
	plausible := 0
	for _, row := range s.fits.rows {
		checkRow(t, "supernova_fits", row)
		if row["plausible_ia"] == true {
			plausible++
		}
	}
	if len(s.fits.rows) != handled || plausible < 2 || len(s.pubsub.Messages()) != plausible {
		t.Errorf("%d rows of %d alerts, %d plausible, %d told", len(s.fits.rows), handled, plausible, len(s.pubsub.Messages()))
	}
}
