package schemas

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// The schemas in the headers of real packets are the ones that we know, so a decoder may look them up.
func TestPacketsHaveTheEmbeddedSchemas(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, pattern, survey, version string
	}{
		{"ZTF 3.3 with a mended header", "alerts/ztf/pitt-google-ZTF21abiuvdk/*.avro", ZTF, "3.3"},
		{"LSST 7.4", "alerts/lsst/v7.4/*.avro", LSST, "7.4"},
		{"LSST 9.0", "alerts/lsst/v9.0/*.avro", LSST, "9.0"},
		{"LSST 10.0", "alerts/lsst/v10.0/*.avro", LSST, "10.0"},
		{"LSST 11.0", "alerts/lsst/v11.0/*.avro", LSST, "11.0"},
		{"ZTF 3.3 as sent, with null last, is not known", "alerts/ztf/ztf-avro-alert/472263571115115000.avro", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, file := range surveyFiles(t, tt.pattern) {
				packet, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				header, err := headerSchema(packet)
				if err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				fingerprint, err := Fingerprint(header)
				if err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				if got, ok := FindFingerprint(fingerprint); ok != (tt.survey != "") || got.Survey != tt.survey || got.Version != tt.version {
					t.Errorf("%s has the schema %q %q, want %q %q", filepath.Base(file), got.Survey, got.Version, tt.survey, tt.version)
				}
			}
		})
	}
}

// A table's columns do not depend on which of the two forms of a ZTF 3.3 header they are derived from.
func TestColumnsOfAHeaderAsSent(t *testing.T) {
	t.Parallel()
	for _, file := range surveyFiles(t, "alerts/ztf/ztf-avro-alert/*.avro") {
		packet, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		header, err := headerSchema(packet)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := Columns(header, ZTF, Cutouts()...)
		if err != nil {
			t.Fatal(err)
		}
		table := AlertsStream(ZTF)
		merged, conflicts := Merge(table, columns)
		if len(conflicts) > 0 || len(merged) != len(table) {
			t.Errorf("%s does not fit the table: %d columns, want %d; conflicts %v",
				filepath.Base(file), len(merged), len(table), conflicts)
		}
	}
}

// headerSchema finds avro.schema in the header of an Avro object container file.
func headerSchema(packet []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(packet, []byte("Obj\x01"))
	if !ok {
		return nil, errors.New("no object container")
	}
	next := func() (string, error) {
		// Avro's long is encoding/binary's signed varint.
		length, n := binary.Varint(rest)
		if n <= 0 || length < 0 || int64(len(rest)-n) < length {
			return "", errors.New("header ends early")
		}
		text := rest[n:][:length]
		rest = rest[n:][length:]
		return string(text), nil
	}
	pairs, n := binary.Varint(rest)
	rest = rest[max(n, 0):]
	for ; pairs > 0; pairs-- {
		key, keyErr := next()
		value, valueErr := next()
		if err := errors.Join(keyErr, valueErr); err != nil {
			return nil, err
		}
		if key == "avro.schema" {
			return []byte(value), nil
		}
	}
	return nil, errors.New("no schema in the header")
}
