package packet_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2"
	"github.com/hamba/avro/v2/ocf"
	"nightwire.dev/shared/packet"
	"pgregory.net/rapid"
)

const small = `{"type":"record","name":"alert","namespace":"test","version":"1.0","fields":[
	{"name":"id","type":"long"},
	{"name":"mag","type":["null","float"],"default":null},
	{"name":"name","type":"string"},
	{"name":"history","type":["null",{"type":"array","items":{"type":"record","name":"point","fields":[
		{"name":"jd","type":"double"},{"name":"fid","type":"int"},{"name":"good","type":"boolean"}]}}],"default":null},
	{"name":"stamp","type":["null","bytes"],"default":null}]}`

func smallRecord() map[string]any {
	return map[string]any{
		"id": int64(1) << 60, "mag": float32(18.5), "name": "a",
		"history": []any{map[string]any{"jd": 2459000.5, "fid": int32(1), "good": true}},
		"stamp":   []byte{1, 2, 3},
	}
}

func encode(t testing.TB, record map[string]any) (*packet.Schema, []byte) {
	t.Helper()
	s, err := packet.ParseSchema([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Encode(nil, record)
	if err != nil {
		t.Fatal(err)
	}
	return s, b
}

func TestCodecs(t *testing.T) {
	t.Parallel()
	s, record := encode(t, smallRecord())
	for _, codec := range []ocf.CodecName{ocf.Null, ocf.Deflate, ocf.Snappy, ocf.ZStandard} {
		t.Run(string(codec), func(t *testing.T) {
			t.Parallel()
			var file bytes.Buffer
			w, err := ocf.NewEncoderWithSchema(avro.MustParse(small), &file, ocf.WithCodec(codec))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(record); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			p, err := new(packet.Decoder).Decode(t.Context(), file.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Record.Get("id").Int(); got != 1<<60 {
				t.Errorf("id is %d", got)
			}
			if p.Schema.Name != s.Name {
				t.Errorf("schema is %s, want %s", p.Schema.Name, s.Name)
			}
		})
	}
}

// TestFaults checks that bad bytes give an error that says what and where.
func TestFaults(t *testing.T) {
	t.Parallel()
	s, record := encode(t, smallRecord())
	file := packet.Container(s, record)
	header := len(file) - len(record) - 16
	long := binary.AppendVarint(nil, 20<<20)
	cases := map[string]struct {
		bytes []byte
		want  string
	}{
		"empty":                  {nil, "the packet is empty"},
		"wrong magic":            {[]byte("Obk\x01 and more"), `begins with "Obj\x01"`},
		"neither encoding":       {[]byte("hello"), "first byte is 0x68"},
		"only magic":             {[]byte("Obj\x01"), "field header, byte 4"},
		"truncated in header":    {file[:header/2], "announced in the"},
		"truncated in block":     {file[:len(file)-20], "the file is truncated"},
		"no schema":              {append([]byte("Obj\x01\x00"), make([]byte, 16)...), "no avro.schema"},
		"sync marker":            {append(bytes.Clone(file[:len(file)-1]), file[len(file)-1]^1), "sync marker"},
		"no registry":            {[]byte{0, 0, 0, 3, 132, 1}, "schema id 900"},
		"short Confluent":        {[]byte{0, 1}, "too few for a schema id"},
		"two records":            {append(bytes.Clone(file), file[header-2:]...), ""},
		"schema lies: too short": {packet.Container(s, record[:len(record)-2]), "field stamp"},
		"schema lies: too long":  {packet.Container(s, append(bytes.Clone(record), 0)), "1 bytes are left after the record"},
		"20 MB string":           {packet.Container(s, append(append(bytes.Clone(record[:14]), long...), 'a')), "field name, byte 14 of the record: string of 20971520 bytes announced in the 1 that are left"},
		"branch":                 {packet.Container(s, append(bytes.Clone(record[:9]), 8)), "field mag, byte 9 of the record: branch 4 of a union of 2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := new(packet.Decoder).Decode(t.Context(), c.bytes)
			var fault *packet.Fault
			if !errors.As(err, &fault) {
				t.Fatalf("error is %v, want a *Fault", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %q, want it to say %q", err, c.want)
			}
		})
	}
}

func TestSchemaFaults(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ schema, want string }{
		"not JSON":        {`{"type"`, "schema"},
		"not a record":    {`"string"`, "not a record"},
		"deep JSON":       {strings.Repeat("[", 500000), "exceeded max depth"},
		"too large":       {strings.Repeat(" ", 2<<20), "more than 1048576"},
		"unknown type":    {`{"type":"record","name":"a","fields":[{"name":"x","type":"nonsense"}]}`, "nonsense"},
		"endless record":  {`{"type":"record","name":"a","fields":[{"name":"x","type":"a"}]}`, "contains itself without end"},
		"duplicate field": {`{"type":"record","name":"a","fields":[{"name":"x","type":"int"},{"name":"x","type":"int"}]}`, "x"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := packet.ParseSchema([]byte(c.schema))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
}

func TestDeepRecordIsAFault(t *testing.T) {
	t.Parallel()
	s, err := packet.ParseSchema([]byte(`{"type":"record","name":"a","fields":[{"name":"x","type":["null","a"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Record(bytes.Repeat([]byte{2}, 100000)); err == nil || !strings.Contains(err.Error(), "nested deeper than 32 levels") {
		t.Errorf("error is %v", err)
	}
	if _, err := s.Record([]byte{2, 2, 0}); err != nil {
		t.Errorf("a record within the bound: %v", err)
	}
}

// TestMend checks which defaults are removed: those that do not fit the first
// branch, and no others.
func TestMend(t *testing.T) {
	t.Parallel()
	const sent = `{"type": "record", "name": "alert", "version": "3.3", "fields": [
		{"name": "a", "type": ["float", "null"], "default": null, "doc": "kept"},
		{"name": "b", "type": ["null", "int"], "default": 0},
		{"name": "c", "type": ["null", "int"], "default": null},
		{"name": "d", "type": ["int", "null"], "default": 0}]}`
	const want = `{"type":"record","name":"alert","version":"3.3","fields":[` +
		`{"name":"a","type":["float","null"],"doc":"kept"},` +
		`{"name":"b","type":["null","int"]},` +
		`{"name":"c","type":["null","int"],"default":null},` +
		`{"name":"d","type":["int","null"],"default":0}]}`
	s, err := packet.ParseSchema([]byte(sent))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(s.Text)); diff != "" {
		t.Errorf("mended schema (-want +got):\n%s", diff)
	}
	if !s.Mended || s.Strings["version"] != "3.3" {
		t.Errorf("mended is %v, version %q", s.Mended, s.Strings["version"])
	}
	again, err := packet.ParseSchema(s.Text)
	if err != nil || again.Mended {
		t.Errorf("the mended schema is mended again: %v, %v", again.Mended, err)
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	_, record := encode(t, smallRecord())
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.URL.Path != "/schemas/ids/900" {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"schema": small})
	}))
	t.Cleanup(server.Close)
	shipped := func(id uint32) ([]byte, bool) { return []byte(small), id == 901 }
	decoder := &packet.Decoder{Registry: &packet.Registry{URL: server.URL, Shipped: shipped}}

	for _, id := range []uint32{900, 900, 901} {
		p, err := decoder.Decode(t.Context(), packet.AppendConfluent(nil, id, record))
		if err != nil {
			t.Fatalf("schema id %d: %v", id, err)
		}
		if p.Encoding != packet.Confluent || p.Record.Get("name").Text() != "a" {
			t.Errorf("schema id %d: encoding %s, name %q", id, p.Encoding, p.Record.Get("name").Text())
		}
		if _, err := new(packet.Decoder).Decode(t.Context(), p.File()); err != nil {
			t.Errorf("schema id %d: the file made of it: %v", id, err)
		}
	}
	if requests != 2 {
		t.Errorf("%d requests for one known and one unknown schema, want 2", requests)
	}
	var fault *packet.Fault
	if _, err := decoder.Decode(t.Context(), packet.AppendConfluent(nil, 902, record)); !errors.As(err, &fault) {
		t.Errorf("a schema that exists nowhere: %v, want a *Fault", err)
	}
	down := &packet.Decoder{Registry: &packet.Registry{URL: "http://127.0.0.1:1", Shipped: shipped}}
	if _, err := down.Decode(context.Background(), packet.AppendConfluent(nil, 900, record)); err == nil || errors.As(err, &fault) {
		t.Errorf("a registry that is down: %v, want an error that may pass", err)
	}
	if _, err := down.Decode(context.Background(), packet.AppendConfluent(nil, 901, record)); err != nil {
		t.Errorf("a shipped schema while the registry is down: %v", err)
	}
}

// TestRoundTrip encodes records and compares what two readers make of them:
// our own, and the library's.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	s, err := packet.ParseSchema([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	oracle := avro.MustParse(small)
	rapid.Check(t, func(t *rapid.T) {
		record := smallRecord()
		record["id"] = rapid.Int64().Draw(t, "id")
		record["name"] = rapid.String().Draw(t, "name")
		record["stamp"] = rapid.SliceOf(rapid.Byte()).Draw(t, "stamp")
		if rapid.Bool().Draw(t, "no magnitude") {
			record["mag"] = nil
		}
		var history []any
		for range rapid.IntRange(0, 40).Draw(t, "points") {
			history = append(history, map[string]any{
				"jd": rapid.Float64().Draw(t, "jd"), "fid": rapid.Int32().Draw(t, "fid"), "good": rapid.Bool().Draw(t, "good"),
			})
		}
		record["history"] = history
		b, err := s.Encode(nil, record)
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.Record(b)
		if err != nil {
			t.Fatal(err)
		}
		var theirs map[string]any
		if err := avro.Unmarshal(oracle, b, &theirs); err != nil {
			t.Fatal(err)
		}
		if v.Get("id").Int() != theirs["id"].(int64) || v.Get("name").Text() != theirs["name"] ||
			v.Get("mag").IsNull() != (theirs["mag"] == nil) || v.Get("history").Len() != len(history) {
			t.Errorf("record %v was read as %v", record, theirs)
		}
		for i, point := range v.Get("history").Items() {
			want := history[i].(map[string]any)
			if point.Get("jd").Float() != want["jd"] || point.Get("fid").Int() != int64(want["fid"].(int32)) || point.Get("good").Bool() != want["good"] {
				t.Errorf("point %d differs from %v", i, want)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	s, record := encode(f, smallRecord())
	f.Add(packet.Container(s, record))
	f.Add(packet.AppendConfluent(nil, 900, record))
	f.Add([]byte("Obj\x01\x00"))
	shipped := func(uint32) ([]byte, bool) { return []byte(small), true }
	decoder := &packet.Decoder{Registry: &packet.Registry{Shipped: shipped}}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decoder.Decode(t.Context(), b)
		if err != nil {
			var fault *packet.Fault
			if !errors.As(err, &fault) {
				t.Fatalf("error %v is not a *Fault", err)
			}
			return
		}
		_ = canonicalSHA256(p.Record)
		if _, err := decoder.Decode(t.Context(), p.File()); err != nil {
			t.Fatalf("the file of a good packet: %v", err)
		}
	})
}

func FuzzParseSchema(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`{"type":"record","name":"a","fields":[{"name":"x","type":["float","null"],"default":null}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := packet.ParseSchema(text)
		if err != nil {
			return
		}
		if _, err := packet.ParseSchema(s.Text); err != nil {
			t.Fatalf("the text of a good schema: %v", err)
		}
	})
}
