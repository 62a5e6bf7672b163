package deadletter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/simulate"
)

// TestList lists again and again what stays as it is.
func TestList(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	var want []string
	h.buryPackets(250, "decode: byte 1000") // more than are shown at one time
	for offset := range 250 {
		want = append(want, fmt.Sprintf("t/0@%d", offset))
	}
	h.buryNews("rows", "a/1.avro", "row of a/1.avro: the file is gone")
	h.buryNews("filter", "a/2.avro", "filter a/2.avro: the file is gone")
	want = append(want, "a/1.avro", "a/2.avro")
	byName := cmp.Transformer("set", func(list []string) map[string]int {
		set := map[string]int{}
		for _, one := range list {
			set[one]++
		}
		return set
	})
	for range 2 {
		list := h.list(Choice{})
		if diff := cmp.Diff(want, from(list.Letters), byName); diff != "" {
			t.Errorf("listed (-want +got):\n%s", diff)
		}
		if list.Walked != (Walked{Seen: 252}) || list.Full {
			t.Errorf("walked %+v, full: %v", list.Walked, list.Full)
		}
	}
	list, err := h.List(t.Context(), Choice{}, 100)
	if err != nil || len(list.Letters) != 100 || !list.Full {
		t.Errorf("with a limit: %d letters, full: %v, %v", len(list.Letters), list.Full, err)
	}
	groups := Groups(h.list(Choice{}).Letters)
	for i := range groups {
		groups[i].Oldest, groups[i].Newest = time.Time{}, time.Time{}
	}
	if len(groups) != 3 || groups[0] != (Group{Function: "archive", Reason: "decode: byte …", Count: 250, Bytes: 10*8 + 90*9 + 150*10}) {
		t.Errorf("groups are %+v", groups)
	}
}

func TestChoice(t *testing.T) {
	t.Parallel()
	now := time.Now()
	letters := []*Letter{
		{ID: "1", Function: "archive", Reason: "decode: cut short", At: now.Add(-time.Minute)},
		{ID: "2", Function: "archive", Reason: "programid 3 does not belong on stream ztf", At: now.Add(-time.Hour)},
		{ID: "3", Function: "rows", Reason: "row of a/1.avro: Decode: cut", At: now.Add(-3 * time.Hour)},
	}
	cases := map[string]struct {
		choice Choice
		want   []string
	}{
		"all":          {Choice{}, []string{"1", "2", "3"}},
		"reason":       {Choice{Reason: "decode"}, []string{"1", "3"}},
		"function":     {Choice{Function: "archive"}, []string{"1", "2"}},
		"both":         {Choice{Function: "archive", Reason: "PROGRAMID"}, []string{"2"}},
		"since then":   {Choice{Since: now.Add(-2 * time.Hour)}, []string{"1", "2"}},
		"since so far": {Choice{Since: now}, nil},
		"by ID":        {Choice{IDs: []string{"3", "7"}}, []string{"3"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, l := range letters {
				if c.choice.Has(l) {
					got = append(got, l.ID)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("chosen (-want +got):\n%s", diff)
			}
		})
	}
}

// TestChoiceOfNothing: who misspelt a letter or a function hears of it, from
// every command, and what was named rightly is done.
func TestChoiceOfNothing(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	h.buryPackets(2, "decode")
	h.bury("stranger", resources.RawTopic(), "of a function that is gone", []byte("x"), nil)
	id := h.list(Choice{Function: "archive"}).Letters[0].ID
	cases := map[string]struct {
		choice Choice
		says   string
	}{
		"a function that is not deployed":    {Choice{Function: "archiv"}, `function "archiv": none of 3 letters is of it, and nothing that writes letters is called so: want connector, archive, `},
		"a letter that is not there":         {Choice{IDs: []string{id, "77", "78"}}, "letter 77, 78: not among the 3 that are there"},
		"a function without letters":         {Choice{Function: "rows"}, ""},
		"letters of a function that is gone": {Choice{Function: "stranger"}, ""},
		"the connector, without letters":     {Choice{Function: "connector"}, ""},
		"a letter that the flags leave out":  {Choice{Function: "rows", IDs: []string{id}}, ""},
	}
	for name, c := range cases {
		_, listed := h.List(t.Context(), c.choice, 100)
		_, sent := h.Redrive(t.Context(), c.choice, true, ignore)
		_, _, written := h.Export(t.Context(), c.choice, t.TempDir(), false, ignore)
		for command, err := range map[string]error{"list": listed, "redrive": sent, "export": written} {
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.HasPrefix(err.Error(), c.says)) {
				t.Errorf("%s, %s: error is %v, want %q", name, command, err, c.says)
			}
		}
	}
	redriven, err := h.Redrive(t.Context(), Choice{IDs: []string{id, "77"}}, false, ignore)
	if err == nil || redriven.Sent[resources.RawTopic()] != 1 {
		t.Errorf("of one that is there and one that is not: %+v, %v", redriven, err)
	}
}

// TestListWhileWriting ends though letters come all the time, with all that
// were there at its start.
func TestListWhileWriting(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	h.buryPackets(50, "of before")
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	wrote := make(chan struct{})
	writing.Go(func() {
		for offset := int64(50); ctx.Err() == nil; offset++ {
			h.buryPacket(offset, "of meanwhile")
			if offset == 50 {
				close(wrote)
			}
		}
	})
	<-wrote
	list := h.list(Choice{Reason: "of before"})
	stop()
	writing.Wait()
	if len(list.Letters) != 50 {
		t.Errorf("%d letters of 50, and %+v", len(list.Letters), list.Walked)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 1})
	if err != nil {
		t.Fatal(err)
	}
	record := night.Alert(0)
	packet, err := night.Encode(record)
	if err != nil {
		t.Fatal(err)
	}
	h.bury("archive", resources.RawTopic(), "programid 3", packet, map[string]string{"kafka.topic": "t", "kafka.partition": "0", "kafka.offset": "5"})
	h.buryNews("rows", "a/1.avro", "gone")
	h.buryPacket(7, "no Avro")
	letters := h.list(Choice{}).Letters
	cases := map[string]struct {
		choice Choice
		want   []string
	}{
		"an alert":       {Choice{Reason: "programid"}, []string{fmt.Sprintf(`"candid": "%d"`, record["candid"]), "t/0@5", "nightwire.messageId"}},
		"a notification": {Choice{Function: "rows"}, []string{`"name": "a/1.avro"`, "objectId", "gone"}},
		"neither":        {Choice{Reason: "avro"}, []string{"no alert, and no JSON", "70 61 63 6b 65 74 20 37", "|packet 7|"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			at := slices.IndexFunc(letters, c.choice.Has)
			l, err := h.Find(t.Context(), letters[at].ID)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			if err := l.Print(t.Context(), names.ZTF, &out); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("want %q in\n%s", want, out.String())
				}
			}
			if strings.Contains(out.String(), "cutout") {
				t.Error("the stamps are shown")
			}
		})
	}
	if _, err := h.Find(t.Context(), "5"); err == nil || !strings.Contains(err.Error(), "letter 5: it is not among the 3") {
		t.Errorf("of a letter that is not there: %v", err)
	}
}

// TestWalkInterrupted gives back what it held.
func TestWalkInterrupted(t *testing.T) {
	t.Parallel()
	h := newHome(t, everything...)
	h.buryPackets(20, "r")
	ctx, interrupt := context.WithCancel(t.Context())
	_, err := h.Walk(ctx, func(context.Context, []*Letter) ([]*Letter, error) {
		interrupt()
		return nil, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if n := len(h.list(Choice{}).Letters); n != 20 {
		t.Errorf("%d letters are left, want 20", n)
	}
}

// TestWithoutSubscription says what is missing.
func TestWithoutSubscription(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	if _, err := h.List(t.Context(), Choice{}, 1); err == nil || !strings.Contains(err.Error(), "ztf-dead-letter") {
		t.Errorf("error is %v", err)
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"row of v4.02/night=2026-09-01/ZTF21a/1.avro: the file is gone": "row of …: the file is gone",
		"programid 3 does not belong on stream ztf":                     "programid 3 does not belong on stream ztf",
		"decode: byte 17 of 70123":                                      "decode: byte … of …",
		"decode: first byte is 0x68":                                    "decode: first byte is …",
	} {
		if got := Kind(reason); got != want {
			t.Errorf("%q is of the kind %q, want %q", reason, got, want)
		}
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	for want, attributes := range map[string]map[string]string{
		"t/1@2":      {"kafka.topic": "t", "kafka.partition": "1", "kafka.offset": "2"},
		"a/1.avro":   {"bucketId": "b", "objectId": "a/1.avro"},
		"message 17": {event.AttributeMessageID: "17", "objectId": "ZTF21a"},
		"unknown":    {},
	} {
		if got := (&Letter{Attributes: attributes}).From(); got != want {
			t.Errorf("%v is from %q, want %q", attributes, got, want)
		}
	}
}
