package supernova

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/supernova"
)

// TestTwice has the event come again, to another instance too: rows again, one
// message, the same plot.
func TestTwice(t *testing.T) {
	t.Parallel()
	s := newStand(t, demonstration(t), true)
	m := s.match(t, choose(t).plausible)
	s.handle(t, m)
	first, _ := s.plot(t, s.fits.rows[0])
	other := *s.Function
	if err := other.Handle(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if n := len(s.pubsub.Messages()); n != 1 {
		t.Errorf("%d messages, want one", n)
	}
	if diff := cmp.Diff(without(s.fits.rows[0], "cpu_ms", "fitted_at"), without(s.fits.rows[1], "cpu_ms", "fitted_at")); diff != "" {
		t.Errorf("rows of the same event (-first +second):\n%s", diff)
	}
	second, _ := s.plot(t, s.fits.rows[1])
	if !bytes.Equal(first.Content, second.Content) || s.products(t) != 1 {
		t.Error("the plot changed, or there are two")
	}
}

// TestAtOnce gives one event to the function many times at one time.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t, demonstration(t), true)
	m := s.match(t, choose(t).plausible)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.Handle(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ids := map[string]bool{}
	for _, message := range s.pubsub.Messages() {
		ids[message.Attributes["fit"]] = true
	}
	if len(ids) != 1 || s.products(t) != 1 {
		t.Errorf("fits told are %v, want one", ids)
	}
}

// TestOtherSettings has the event come again to an instance that fits otherwise:
// what was told of the first fit does not prove that the second was told.
func TestOtherSettings(t *testing.T) {
	t.Parallel()
	s := newStand(t, demonstration(t), true)
	m := s.match(t, choose(t).plausible)
	s.handle(t, m)
	config := supernova.DefaultConfig()
	config.MinSignificant--
	other := *s.Function
	var err error
	if other.Fitter, err = supernova.New(demonstration(t), schemas.ZTF, config); err != nil {
		t.Fatal(err)
	}
	if err := other.Handle(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, message := range s.pubsub.Messages() {
		ids[message.Attributes["fit"]] = true
	}
	if len(ids) != 2 || s.fits.rows[0]["settings"] == s.fits.rows[1]["settings"] {
		t.Errorf("fits told are %v, want one of each settings", ids)
	}
}

// TestReplay tells nobody, unless it is asked to, and keeps the proof that
// somebody was told.
func TestReplay(t *testing.T) {
	t.Parallel()
	s := newStand(t, demonstration(t), true)
	i := choose(t).plausible
	told := func(want int, what string) {
		t.Helper()
		if n := len(s.pubsub.Messages()); n != want {
			t.Fatalf("%d messages after %s, want %d", n, what, want)
		}
	}
	s.handle(t, s.match(t, i, names.AttributeReplay, "true"))
	told(0, "a replay")
	if s.fits.rows[0]["replay"] != true {
		t.Error("the row does not say that it is a replay")
	}
	s.handle(t, s.match(t, i, names.AttributeReplay, "true", names.AttributeNotify, "purity,"+Name))
	told(1, "a replay that names supernova")
	s.handle(t, s.match(t, i, names.AttributeReplay, "true"))
	s.handle(t, s.match(t, i))
	told(1, "the event itself, told before")
}

// TestRowFails has BigQuery be out of reach: the event comes again, and all is
// done then.
func TestRowFails(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]func(s *stand) *rowsOf{
		"supernova_fits": func(s *stand) *rowsOf { return s.fits }, "transient_fits": func(s *stand) *rowsOf { return s.transients },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, demonstration(t), true)
			m := s.match(t, choose(t).plausible)
			table(s).err = errNoRoute
			if err := s.Handle(t.Context(), m); !errors.Is(err, errNoRoute) || event.IsPermanent(err) || !strings.Contains(err.Error(), name) {
				t.Fatalf("error is %v, want the table's", err)
			}
			if len(s.pubsub.Messages()) != 0 {
				t.Error("somebody was told of a fit that has no row")
			}
			table(s).err = nil
			s.handle(t, m)
			if len(table(s).rows) != 1 || len(s.pubsub.Messages()) != 1 {
				t.Error("not all is done at the second time")
			}
		})
	}
}
