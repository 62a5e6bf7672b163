package endtoend

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
)

// hostile is a night in which good alerts come mixed with what no survey should
// send, and some do.
type hostile struct {
	folder   string
	good     []byte // an ordinary alert
	conflict []byte // the same, with another magnitude
	large    []byte // with a stamp of 1.2 MB
	private  []byte // programid 3, on the public stream

	public, secret needle // the identities of good and private
}

// The identity of the private alert, which no other alert has.
const (
	secretObject = "ZTF26secretx"
	secretCandid = int64(3530170009915019999)
)

// unknownSchema is an id that only the survey's registry knows.
const unknownSchema = 4021

// ordinary is the number of alerts of the hostile night with nothing odd.
const ordinary = 20

// wantHostile is what a certificate says of the hostile night.
var wantHostile = counts{Records: 28, Stored: 22, Conflicts: 1, Rejected: 5, Files: 23, Rows: 23}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	night, err := simulate.New(simulate.Options{
		Seed: 11, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: ordinary + 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{folder: t.TempDir()}
	encode := func(i int, change func(record map[string]any)) []byte {
		record := night.Alert(i)
		if change != nil {
			change(record)
		}
		b, err := night.Encode(record)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	send := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(h.folder, name+".avro"), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range ordinary {
		send(fmt.Sprintf("%03d", i), encode(i, nil))
	}
	h.good = encode(0, nil)
	first := night.Alert(0)
	h.public = needleOf(first["objectId"].(string), first["candid"].(int64))
	h.conflict = encode(0, func(r map[string]any) { r["candidate"].(map[string]any)["magpsf"] = float32(12.5) })
	send("conflict", h.conflict)
	h.large = encode(ordinary, func(r map[string]any) {
		stamp := make([]byte, 1_200_000)
		random := rand.NewChaCha8([32]byte{1})
		_, _ = random.Read(stamp)
		r["cutoutScience"].(map[string]any)["stampData"] = stamp
	})
	send("large", h.large)
	h.secret = needleOf(secretObject, secretCandid)
	private := func(r map[string]any) {
		r["objectId"], r["candid"] = secretObject, secretCandid
		r["candidate"].(map[string]any)["programid"] = int32(3)
	}
	h.private = encode(ordinary+1, private)
	send("private", h.private)
	send("private with a fault", encode(ordinary+1, func(r map[string]any) {
		private(r)
		r["objectId"] = "../" + secretObject
	}))
	file, err := new(packet.Decoder).Decode(t.Context(), encode(ordinary+2, nil))
	if err != nil {
		t.Fatal(err)
	}
	bare, err := file.Schema.Encode(nil, night.Alert(ordinary+2))
	if err != nil {
		t.Fatal(err)
	}
	send("unknown", packet.AppendConfluent(nil, unknownSchema, bare)) // in the Confluent wire format
	send("empty", nil)
	send("cut in its header", h.good[:100])
	send("cut in its record", h.good[:len(h.good)-2000])
	return h
}
