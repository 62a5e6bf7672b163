package packet_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2"
	"github.com/hamba/avro/v2/ocf"
	"nightwire.dev/shared/packet"
)

// blocks is a container of n records, two to a block.
func blocks(t testing.TB, codec ocf.CodecName, n int) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := ocf.NewEncoderWithSchema(avro.MustParse(small), &file, ocf.WithCodec(codec), ocf.WithBlockLength(2))
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		record := smallRecord()
		record["id"] = int64(i)
		if err := w.Encode(record); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestRecords(t *testing.T) {
	t.Parallel()
	for _, codec := range []ocf.CodecName{ocf.Null, ocf.Deflate, ocf.Snappy, ocf.ZStandard} {
		for _, n := range []int{0, 1, 5} {
			t.Run(fmt.Sprint(codec, n), func(t *testing.T) {
				t.Parallel()
				schema, records, err := new(packet.Decoder).Records(blocks(t, codec, n))
				if err != nil {
					t.Fatal(err)
				}
				if schema.Name != "test.alert" {
					t.Errorf("schema is %s", schema.Name)
				}
				want := make([]string, 0, n)
				for i := range n {
					want = append(want, fmt.Sprintf("%d a [1 2 3]", i))
				}
				got := []string{}
				for r, err := range records {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprintf("%d %s %v", r.Get("id").Int(), r.Get("name").Text(), r.Get("stamp").Bytes()))
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestBrokenRecords reads what can be read, and then the fault.
func TestBrokenRecords(t *testing.T) {
	t.Parallel()
	whole := blocks(t, ocf.Null, 4)
	_, record := encode(t, smallRecord())
	empty, err := packet.ParseSchema([]byte(`{"type":"record","name":"none","fields":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	small, err := packet.ParseSchema([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		file []byte
		read int
		want string
	}{
		{"truncated", whole[:len(whole)-20], 2, "the file is truncated"},
		{"another sync marker", append(whole[:len(whole)-1:len(whole)-1], whole[len(whole)-1]+1), 2, "sync marker"},
		{"bytes after the record", packet.Container(small, append(record, 0)), 1, "1 bytes are left"},
		{"a record cut short", packet.Container(small, record[:len(record)-1]), 0, "announced in the 2 that are left"},
		{"a record of nothing", packet.Container(empty, nil), 0, "takes no bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, records, err := new(packet.Decoder).Records(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			read := 0
			for _, fault := range records {
				if err = fault; err == nil {
					read++
				}
			}
			if read != tt.read || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%d records, then %v, want %d, then %q", read, err, tt.read, tt.want)
			}
		})
	}
	if _, _, err := new(packet.Decoder).Records([]byte("SIMPLE  = T")); err == nil {
		t.Error("a FITS file was opened")
	}
}

func FuzzRecords(f *testing.F) {
	f.Add(blocks(f, ocf.Null, 3))
	f.Add(blocks(f, ocf.Deflate, 3))
	f.Fuzz(func(t *testing.T, file []byte) {
		_, records, err := new(packet.Decoder).Records(file)
		if err != nil {
			return
		}
		for record, err := range records {
			if err == nil && record.Kind() != packet.Record {
				t.Errorf("a %s stands for a record", record.Kind())
			}
		}
	})
}
