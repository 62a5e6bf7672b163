package night

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
)

func TestRead(t *testing.T) {
	t.Parallel()
	later := asked.Add(time.Hour)
	cases := map[string]struct {
		data       string
		attributes map[string]string
		want       *dawn // nil for an error
	}{
		"a night":            {"2026-08-31", nil, &dawn{"2026-08-31", later, "9"}},
		"with a line end":    {"2026-08-31\n", nil, &dawn{"2026-08-31", later, "9"}},
		"the last ones":      {"", map[string]string{"stream": "ztf"}, &dawn{"", later, "9"}},
		"sent on":            {"2026-08-31", map[string]string{attributeDawn: "7", attributeAsked: asked.Format(time.RFC3339Nano)}, &dawn{"2026-08-31", asked, "7"}},
		"no night":           {"tomorrow", nil, nil},
		"on no calendar":     {"2026-02-30", nil, nil},
		"JSON, as some send": {`{"night":"2026-08-31"}`, nil, nil},
		"asked at no time":   {"2026-08-31", map[string]string{attributeDawn: "7"}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := new(Function).read(&event.Message{ID: "9", Data: []byte(c.data), Attributes: c.attributes, PublishTime: later})
			if c.want == nil {
				if !event.IsPermanent(err) {
					t.Errorf("error is %v, want a permanent one", err)
				}
				return
			}
			if diff := cmp.Diff(*c.want, got, cmp.AllowUnexported(dawn{})); diff != "" || err != nil {
				t.Errorf("%v, dawn (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestDawnWithoutNight closes the night that it is and the one before, though
// the message comes again on the next day.
func TestDawnWithoutNight(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		stream names.Stream
		asked  time.Time
		want   []string
	}{
		"ZTF":                {names.ZTF, time.Date(2026, 9, 1, 17, 0, 0, 0, time.UTC), []string{"2026-08-31", "2026-09-01"}},
		"LSST":               {names.LSST, time.Date(2026, 9, 1, 11, 45, 0, 0, time.UTC), []string{"2026-08-30", "2026-08-31"}},
		"asked nobody knows": {names.ZTF, time.Time{}, []string{"2026-09-01", "2026-09-02"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, true)
			s.Resources.Stream = c.stream
			s.time = time.Date(2026, 9, 2, 17, 0, 0, 0, time.UTC)
			if err := s.Handle(t.Context(), &event.Message{ID: "7", PublishTime: c.asked}); err != nil {
				t.Fatal(err)
			}
			if c.asked.IsZero() {
				c.asked = s.time
			}
			var got []string
			for _, m := range s.dawns() {
				d, err := s.read(m)
				if err != nil || d.id != "7" || !d.asked.Equal(c.asked) {
					t.Errorf("dawn %+v, %v", d, err)
				}
				got = append(got, d.night)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("nights (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAsked wants a connector to have told of Kafka since the dawn was first
// sent, though the dawn is looked at later.
func TestAsked(t *testing.T) {
	t.Parallel()
	s := newStand(t, true)
	m := &event.Message{ID: "8", Data: []byte(date), PublishTime: asked.Add(time.Hour), Attributes: map[string]string{
		attributeDawn: "7", attributeAsked: asked.Add(time.Second).Format(time.RFC3339Nano),
	}}
	var w *waiting
	if err := s.Handle(t.Context(), m); !errors.As(err, &w) { // the stand's connector tells at the time that it is
		t.Errorf("told before it was asked: %v", err)
	}
	s.time = asked.Add(10 * time.Second)
	if err := s.Handle(t.Context(), m); err != nil {
		t.Errorf("told since it was asked: %v", err)
	}
	if c := s.certificate(t); c.State != certificate.Clean || c.Dawn != "7" {
		t.Errorf("%s, of dawn %s", c.State, c.Dawn)
	}
}

// TestSentAnew goes on with a night for longer than Pub/Sub delivers a message.
func TestSentAnew(t *testing.T) {
	t.Parallel()
	s := newStand(t, true)
	s.mends, s.lacks[file(2)] = false, true
	m := &event.Message{ID: "7", Data: []byte(date), PublishTime: asked, Attempt: lastAttempts - 1}
	var w *waiting
	if err := s.Handle(t.Context(), m); !errors.As(err, &w) || len(s.dawns()) > 0 {
		t.Fatalf("while Pub/Sub brings it again: %v, %d dawns were sent", err, len(s.dawns()))
	}
	s.time = s.time.Add(10 * time.Second)
	m.Attempt++
	if err := s.Handle(t.Context(), m); err != nil {
		t.Fatalf("it is not acknowledged: %v", err)
	}
	anew := s.dawns()
	if len(anew) != 1 {
		t.Fatalf("%d dawns were sent", len(anew))
	}
	d, err := s.read(anew[0])
	if diff := cmp.Diff(dawn{date, asked, "7"}, d, cmp.AllowUnexported(dawn{})); diff != "" || err != nil {
		t.Errorf("%v, dawn (-want +got):\n%s", err, diff)
	}
	s.time = s.time.Add(10 * time.Second)
	if err := s.Handle(t.Context(), anew[0]); !errors.As(err, &w) {
		t.Fatalf("the new message: %v", err)
	}
	if c := s.certificate(t); c.Dawn != "7" || c.Repair.Looks != 3 || c.State != certificate.Repairing {
		t.Errorf("%s of dawn %s after %d looks", c.State, c.Dawn, c.Repair.Looks)
	}
}
